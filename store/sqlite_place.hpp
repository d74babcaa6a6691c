#pragma once

#include "store/high_water_mark.hpp"

#include <stube/store/sqlite_store.hpp>

#include <filesystem>

/// Checks the files of a database before SQLite opens them. SQLite deletes a log that it finds
/// beside an empty database, and with it the newest saves.
namespace stube::storage {

/// Takes the lock. Creates the file, readable by this user only, if it is missing. Throws
/// store_rolled_back if the database is missing or empty while its log or its high-water mark
/// records saves. If the options accept that, it moves the log away instead.
file_descriptor take_place(
    const std::filesystem::path& file,
    high_water_mark_file& mark,
    const sqlite_options& options
);

/// The same checks for reading. Takes no lock, and creates and moves nothing.
file_descriptor require_place(
    const std::filesystem::path& file,
    high_water_mark_file& mark,
    const sqlite_options& options
);

}  // namespace stube::storage
