#pragma once

#include <stube/store/store.hpp>

#include <filesystem>

/// Keeps all conversations in one file, a line of JSON each. Each save writes all of it anew: for a
/// small site, and for reading along.
std::unique_ptr<stube::store> one_file_store(const std::filesystem::path& file);
