#pragma once

#include <stube/store/upkeep.hpp>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Erasing from the folder of a file store: the parts of it that need no index of the store.
/// Errors: store_refused.
namespace stube::storage {

/// True if the file contains one of these texts.
bool contains_any(const std::filesystem::path& file, std::span<const std::string> texts);

/// Calls `each` for the texts of all files in the folder and in its quarantine, damaged ones
/// included. A part is one line of a file.
void each_text_in_folder(
    const std::filesystem::path& dir,
    const std::function<void(const stored_text&)>& each
);

/// Deletes the quarantined files of these conversations, and syncs.
void erase_quarantined(const std::filesystem::path& dir, std::span<const std::string> ids);

/// All files in the folder and below it that contain one of these texts.
std::vector<std::string>
files_in_folder_with(const std::filesystem::path& dir, std::span<const std::string> texts);

}  // namespace stube::storage
