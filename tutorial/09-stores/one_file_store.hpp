#pragma once

#include <stube/store/store.hpp>

#include <filesystem>

/// Keeps all conversations in one file, a line of JSON for each. Each save writes the whole file,
/// so this store suits small sites only.
std::unique_ptr<stube::store> one_file_store(const std::filesystem::path& file);
