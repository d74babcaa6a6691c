#pragma once

#include "store/sqlite_connection.hpp"

#include <stube/store/query_index.hpp>

#include <filesystem>
#include <string>

/// The file of a query index: its tables, and the checks before it is used.
namespace stube::storage {

/// The text of a schema, which the file contains.
std::string text_of(const index_schema& components);

/// True if the file itself is damaged, not only out of reach for now.
bool is_damage(const sqlite_error& error);

/// Why no index can be opened from the connection; empty if one can. Throws sqlite_error.
std::string find_mismatch(sqlite_connection& database, const std::string& schema_text);

/// Creates an empty index. Deletes what is at this path, with its log.
void create_index(const std::filesystem::path& file, const index_schema& components);

index_watermark read_watermark(sqlite_connection& database);

/// Settings of each connection to the file.
void configure_index(sqlite_connection& database);

}  // namespace stube::storage
