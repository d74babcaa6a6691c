#pragma once

#include "store/sqlite_archive_rows.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/store/upkeep.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

namespace stube::storage {

/// Checks the tables of the archive in one snapshot, also while another process saves. The
/// arguments of the constructor must outlive the checker. Errors: sqlite_error.
class archive_checker {
public:
    archive_checker(sqlite_connection& database, const std::filesystem::path& file);

    /// Damage becomes a fault of the result.
    archive_check check(check_depth depth);

private:
    struct stored_pointer {
        std::uint64_t revision = 0;
        std::int64_t archived = 0;  ///< 0 without an archive
    };

    /// The rows of the newest heads, by conversation; 0 if the pointer is damaged.
    using newest_rows = std::unordered_map<std::string, std::int64_t>;

    void read_stored();
    newest_rows find_newest();
    void check_chain(const std::string& id, std::int64_t newest);
    void check_newest(const std::string& id, const head_link& newest);
    void check_head(const std::string& id, const head_link& link);
    void check_bodies(const std::string& id, std::uint64_t head, const part_changes& parts);
    void check_names(const newest_rows& newest, const char* query, std::string_view what);
    void add_fault(std::string id, std::uint64_t head, std::string why);
    void read_erasures();

    sqlite_connection& database_;
    archive_rows rows_;
    std::unordered_map<std::string, stored_pointer> stored_;
    archive_check found_;
    check_depth depth_ = check_depth::quick;
    /// The rows that the conversation under way needs, with the addresses of their bodies; a zero
    /// address for a head without a listed body.
    std::unordered_map<std::int64_t, digest> needed_;
    std::uint64_t needed_rows_ = 0;  ///< of all conversations
};

}  // namespace stube::storage
