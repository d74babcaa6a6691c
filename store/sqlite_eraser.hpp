#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"

#include <stube/store/upkeep.hpp>

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace stube::storage {

/// Erases conversations from a database and its files. The arguments of the constructor must
/// outlive the eraser.
/// Errors: sqlite_error.
class sqlite_eraser {
public:
    /// `has_archive`: the database has the tables of an archive.
    sqlite_eraser(sqlite_connection& database, const std::filesystem::path& file, bool has_archive)
        : database_(database), file_(file), has_archive_(has_archive) {}

    void each_text(const std::function<void(const stored_text&)>& each);

    std::vector<std::string> forks_of(std::span<const std::string> ids);

    /// Prepares `delete_rows`. Called outside of a transaction.
    void set(const erasure& what);

    /// Deletes the rows of all tables, and records the erasure. Called inside a transaction.
    erased_counts delete_rows(const erasure& what);

    /// Removes the pointer of a conversation to its archive. Returns its new checksum. Called
    /// inside a transaction.
    std::uint64_t detach_history(const std::string& id, const entry& stored);

    /// Deletes the index of queries, which is built again, rewrites the database without the bytes
    /// of deleted rows, and empties its log. Called outside of a transaction. Throws
    /// store_refused if a reader prevents it.
    void clean_files();

    /// Those of `files` that contain one of these texts.
    std::vector<std::string> files_with(std::span<const std::string> texts) const;

private:
    /// The files of the database and its copies: those whose names begin with its name.
    std::vector<std::filesystem::path> files() const;
    void delete_index();
    void record(const erasure& what, const erased_counts& counts);

    sqlite_connection& database_;
    const std::filesystem::path& file_;
    bool has_archive_;
};

}  // namespace stube::storage
