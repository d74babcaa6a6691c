#pragma once

#include "store/sqlite_connection.hpp"
#include "store/sqlite_index_rows.hpp"

#include <stube/store/query_index.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Writing a query index.
namespace stube::storage {

/// Writes batches through a connection of its own.
class index_writer {
public:
    explicit index_writer(const std::filesystem::path& file);

    void apply(const index_batch& batch);

    void begin_deletion(std::span<const std::string> ids);

    void trim(std::string_view id, std::uint64_t first_head, std::int64_t time);

    void forget(std::string_view id);

    bool end_deletions(std::span<const std::string> ids);

private:
    /// A transaction whose deleted bytes leave the file when the log is truncated.
    template <class Work>
    void deleting(Work work) {
        database_.run("PRAGMA secure_delete = ON");
        in_transaction(work);
        database_.run("PRAGMA secure_delete = FAST");
    }

    bool truncate_log();

    template <class Work>
    void in_transaction(Work work) {
        begin_.run();
        try {
            work();
            commit_.run();
        } catch (...) {
            if (database_.in_transaction())
                sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
            throw;
        }
    }

    /// The number of a conversation and its row; 0 if it is not in the index.
    std::pair<std::int64_t, index_row> find(std::string_view id);

    void write_row(const index_row& row);

    void write_facts(const index_facts& facts);

    void write_fact(
        std::int64_t conversation,
        std::int64_t member,
        std::int64_t instance,
        std::uint64_t head,
        const std::optional<index_value>& value
    );

    void end_others(
        std::int64_t conversation,
        std::uint64_t head,
        std::vector<std::pair<std::int64_t, std::int64_t>> kept
    );

    sqlite_connection database_;
    member_numbers members_;
    sqlite_statement begin_;
    sqlite_statement commit_;
    sqlite_statement read_row_;
    sqlite_statement add_row_;
    sqlite_statement change_row_;
    sqlite_statement add_awaited_;
    sqlite_statement delete_awaited_;
    sqlite_statement read_fact_;
    sqlite_statement read_facts_;
    sqlite_statement put_fact_;
    sqlite_statement delete_fact_;
    sqlite_statement end_fact_;
    sqlite_statement set_state_;
};

}  // namespace stube::storage
