#pragma once

#include "store/sqlite_connection.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

/// The format of a database, its version number, and the upgrade of older formats.
namespace stube::storage {

/// Upgrades a database by one format. Runs inside a transaction that also raises the version
/// number; an exception rolls the transaction back.
using format_step = std::function<void(sqlite_connection&)>;

inline constexpr std::int64_t first_format = 1;

/// The oldest format with the tables of an archive.
inline constexpr std::int64_t archive_format = 3;

/// The steps of a store without an archive: the first upgrades format 1 to format 2, and so on. The
/// format that this release writes is the one after the last step. To change the format, add a step
/// and bring `schema` to the same format. A store that is opened for reading loads rows of every
/// older format unchanged, so sqlite_loader has to support them all.
std::span<const format_step> format_steps();

/// The steps of a store with an archive. This release supports every format up to the one after the
/// last of them, also in a store without an archive.
std::span<const format_step> format_steps_with_archive();

/// True if the database is empty. Throws store_refused for a database of another program or of a
/// format that this release does not support. Never changes the database.
bool is_empty_database(
    sqlite_connection& database,
    const std::filesystem::path& file,
    std::span<const format_step> steps
);

/// Creates the tables in an empty database: format 2, or format 3 with the archive.
void create_tables(sqlite_connection& database, bool with_archive);

/// Adds the tables that a database of the newest format may lack, because it was made before them.
void complete_tables(sqlite_connection& database);

bool has_table(sqlite_connection& database, std::string_view name);

/// Upgrades a database of a supported format to the format after the last step, unless it has that
/// or a newer one. First makes a copy that only its owner can read, `<file>.format-<n>.backup`,
/// then runs each step in a transaction of its own. Throws store_refused, with nothing changed, if
/// the copy cannot be made.
void upgrade(
    sqlite_connection& database,
    const std::filesystem::path& file,
    std::span<const format_step> steps
);

/// The highest transaction number in a database of any format, damaged rows included. The database
/// must not be empty.
std::uint64_t last_transaction(sqlite_connection& database);

/// The error as a message for an operator. For some errors it contains advice.
std::string explain(const sqlite_error& error, const std::filesystem::path& file);

}  // namespace stube::storage
