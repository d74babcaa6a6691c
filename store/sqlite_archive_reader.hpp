#pragma once

#include "store/sqlite_archive_rows.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"
#include "store/sqlite_failures.hpp"

#include <stube/store/store.hpp>
#include <stube/store/upkeep.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stube::storage {

/// Reads the archive through a connection of its own, which is opened by the first call.
/// Threads: any, also while the store saves.
class archive_reader {
public:
    /// `stored`: the entries of the store; read only while `stored_mutex` is locked. The store
    /// locks this mutex while it changes them. It also holds the mutex from a commit that deletes
    /// rows of the archive until the entries show that. Both must outlive the reader.
    archive_reader(std::filesystem::path file, const entries& stored, std::mutex& stored_mutex)
        : file_(std::move(file)), stored_(stored), stored_mutex_(stored_mutex) {}

    /// As the members of `archive`.
    std::vector<archived_head> heads(std::string_view id, std::uint64_t before, std::size_t count);
    std::optional<archived_head> oldest_head(std::string_view id);
    std::optional<archived_state> state(std::string_view id, std::uint64_t head);
    std::optional<std::string> find_alias(std::string_view name);
    std::vector<std::string> aliases(std::string_view id);
    std::vector<derivation> derivations(std::string_view id);
    std::vector<archived_failure> failures(std::string_view id);

    /// As the member of `archive_upkeep`.
    appended_heads appended_after(std::uint64_t position, std::size_t rows);
    std::vector<logged_commit> commits_after(std::uint64_t position, std::size_t count);
    std::vector<logged_commit> commits_of(std::string_view id, std::uint64_t first);
    std::optional<archived_state> state_at(std::uint64_t position);

    /// Closes the connection, which the next call opens again.
    void close();

    /// The number of rows of the table `archive` that were read so far.
    std::uint64_t rows_read();

private:
    /// The connection and its statements.
    struct opened {
        explicit opened(const std::filesystem::path& file);

        sqlite_connection connection;
        archive_rows rows;
        sqlite_statement find_alias;
        sqlite_statement aliases;
        sqlite_statement derivations;
        sqlite_statement appended;
        std::optional<failure_rows> failures;  ///< empty if the database has no such table
        sqlite_statement heads_after;
        sqlite_statement head_at;
    };

    /// Calls `read` with the opened connection in a transaction. Errors become store_refused.
    template <class Read>
    auto in_snapshot(Read read);

    std::int64_t find_newest(opened& in, std::string_view id);
    std::vector<head_link> links_from(opened& in, std::string_view id, std::uint64_t first);
    static archived_state read_state(opened& in, std::string_view id, const head_link& link);
    static void read_whole(opened& in, const head_link& link, logged_commit& to);
    static void read_changes(opened& in, const head_link& link, logged_commit& to);
    static void read_commit(opened& in, const head_link& link, logged_commit& to);

    const std::filesystem::path file_;
    const entries& stored_;
    std::mutex& stored_mutex_;
    std::mutex mutex_;              ///< guards all members below
    std::optional<opened> opened_;  ///< empty until the first call, and after an error
};

}  // namespace stube::storage
