#pragma once

#include "store/mark.hpp"

#include <stube/store/sqlite_store.hpp>

#include <filesystem>

/// The files of a database before SQLite sees them. It deletes a log that it finds beside an empty
/// database, and with it what was saved last.
namespace stube {

/// Takes the lock and makes sure of a file that only this user can read. Throws store_rolled_back
/// if the database is missing or empty and its log or its mark tells of one, unless that is
/// accepted: then a log is set aside.
file_descriptor
take_place(const std::filesystem::path& file, rollback_mark& mark, const sqlite_options& options);

/// The same for reading: takes no lock, makes nothing and sets nothing aside.
file_descriptor
need_place(const std::filesystem::path& file, rollback_mark& mark, const sqlite_options& options);

}  // namespace stube
