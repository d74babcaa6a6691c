#pragma once

#include "store/files.hpp"

#include <stube/store/store.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

/// The high-water mark of a store: a file beside it that records up to which transaction the store
/// was durable. A store that is found behind its mark was replaced by an older copy, or lost its
/// end.
///
/// The file has two lines, written alternately, each with its own checksum. So a crash in the
/// middle of one line leaves the other. The mark is written after the transaction it records, so it
/// is never ahead of the store. Losing it only disables the detection.
namespace stube::storage {

/// The content of a high-water mark. Transactions are counted from 1.
struct high_water_mark {
    /// This transaction or a later one left data that must still be stored.
    std::uint64_t transaction = 0;
    std::uint64_t last = 0;  ///< the last transaction when the mark was written
    /// The number of conversations that were stored then, and the XOR of their checksums. Not
    /// recorded if both are 0.
    std::uint64_t conversations = 0;
    std::uint64_t checksum = 0;

    friend bool operator==(const high_water_mark&, const high_water_mark&) = default;
};

class high_water_mark_file {
public:
    explicit high_water_mark_file(std::filesystem::path path) : path_(std::move(path)) {}

    const std::filesystem::path& path() const { return path_; }

    /// Reads the newest valid line; nothing if the file is missing or has no valid line.
    std::optional<high_water_mark> read();

    /// True if the last `read` found a file without a valid line.
    bool is_unreadable() const { return is_unreadable_; }

    /// The mark that the file contains now, as last read or written.
    const high_water_mark& written() const { return written_; }

    /// Writes, without a sync, unless the last call that wrote was less than a second ago. Ignores
    /// errors: they leave the older mark.
    void write_if_due(const high_water_mark& now);

    /// Writes a first mark if nothing was ever saved. Without it, a store that is killed right
    /// after its first save would look as if its mark had been lost. Ignores errors: they leave the
    /// store without a mark.
    void write_first(const high_water_mark& now);

    /// Writes and syncs. Returns an errno value, 0 on success.
    int write(const high_water_mark& now);

private:
    int write_line(const high_water_mark& now);
    int open();

    std::filesystem::path path_;
    file_descriptor handle_;
    std::uint64_t sequence_ = 0;  ///< the number of the newest line
    high_water_mark written_;
    bool is_unreadable_ = false;
    std::optional<std::chrono::steady_clock::time_point> last_due_;  ///< last time it was due
};

/// The state that a store loaded, for the comparison with its high-water mark.
struct loaded_state {
    high_water_mark now;   ///< `transaction` is the highest number found
    bool all_read = true;  ///< false if anything could not be read
};

/// Throws store_rolled_back if the loaded state is behind the mark and the caller does not accept
/// that. Does not throw if anything could not be read, because that may be the missing data.
void refuse_rollback(
    const std::filesystem::path& place,
    const high_water_mark_file& file,
    const std::optional<high_water_mark>& mark,
    const loaded_state& loaded,
    bool is_accepted
);

/// Adds warnings to the report if the mark is missing or differs from the loaded state.
void add_warnings(
    const std::filesystem::path& place,
    const high_water_mark_file& file,
    const std::optional<high_water_mark>& mark,
    const loaded_state& loaded,
    load_report& report
);

/// True if nothing was written after the mark, and the loaded conversations are those it recorded.
bool matches(const std::optional<high_water_mark>& mark, const loaded_state& loaded);

}  // namespace stube::storage
