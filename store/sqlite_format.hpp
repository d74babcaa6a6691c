#pragma once

#include "store/sqlite_connection.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

/// The layout of a database, its number, and how an older one becomes the newest.
namespace stube {

/// Makes a database of one format into one of the next. Runs inside a transaction, which also
/// counts the format up; what it throws takes all of it back.
using format_step = std::function<void(sqlite_connection&)>;

/// The format that this release writes. Who only reads gets the rows of every older one as they
/// are: the loading has to know them. steps()[0] makes format 2 out of format 1, and so on: a
/// change of the format adds a step and raises `schema` to the same.
inline constexpr std::int64_t first_format = 1;
std::span<const format_step> format_steps();

/// True if the database is empty and may be made ours. Refuses one of another program or of a newer
/// release, without changing it.
bool is_empty_database(
    sqlite_connection& database,
    const std::filesystem::path& file,
    std::span<const format_step> steps
);

/// Lays out an empty database.
void make_tables(sqlite_connection& database);

/// Brings a database of ours up to the newest format: `<file>.format-<n>.backup` first, a copy that
/// only its owner can read, then each step as one transaction. Refuses, with nothing changed, if
/// there is no room for the copy.
void bring_up_to_date(
    sqlite_connection& database,
    const std::filesystem::path& file,
    std::span<const format_step> steps
);

/// The highest number of a transaction in a database of any format that is not empty, damaged rows
/// included.
std::uint64_t last_transaction(sqlite_connection& database);

/// What SQLite said, in words that tell an operator what to do.
std::string explain(const sqlite_error& error, const std::filesystem::path& file);

}  // namespace stube
