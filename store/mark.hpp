#pragma once

#include "store/files.hpp"

#include <stube/store/store.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

/// The mark beside a store: how far it was known to be durable. A store that is found behind its
/// mark was put back to an older copy, or lost its end.
///
/// A file of two lines, written in turns, each with its own checksum, so that a crash in the middle
/// of one leaves the other. It is written after what it tells of, so it never claims too much; to
/// lose it loses only the alarm.
namespace stube {

/// What a mark says of a store. Transactions are counted from 1.
struct marked {
    std::uint64_t saved =
        0;  ///< something of this transaction is stored for ever, or of a later one
    std::uint64_t last = 0;  ///< the last transaction when it was written
    /// How many were stored then, and the XOR of the checksums of all of them; 0 and 0 says
    /// nothing.
    std::uint64_t conversations = 0;
    std::uint64_t checksum = 0;

    friend bool operator==(const marked&, const marked&) = default;
};

class rollback_mark {
public:
    explicit rollback_mark(std::filesystem::path file) : file_(std::move(file)) {}

    const std::filesystem::path& file() const { return file_; }

    /// What the file says; nothing if there is none, or no line of it is sound.
    std::optional<marked> read();

    /// True if there was a file without a sound line.
    bool is_unsound() const { return unsound_; }

    /// What the file says by now.
    const marked& written() const { return written_; }

    /// Writes if the last time is a second ago. A failure only leaves the older mark.
    void note(const marked& now);

    /// Writes one if nothing was ever saved: a store that is killed right after its first save
    /// would seem to have lost its mark. A failure only leaves none.
    void begin(const marked& now);

    /// Writes and syncs. Returns an errno value, 0 if done.
    int write(const marked& now);

private:
    int put(const marked& now);
    int open();

    std::filesystem::path file_;
    file_descriptor handle_;
    std::uint64_t turn_ = 0;
    marked written_;
    bool unsound_ = false;
    std::optional<std::chrono::steady_clock::time_point> noted_;
};

/// What a store found on loading, to be held against its mark.
struct found_stored {
    marked now;            ///< `saved` is the highest number found
    bool all_read = true;  ///< false if something had to be set aside
};

/// Throws store_rolled_back if what was found is behind the mark, unless that is accepted. What was
/// set aside may be what is missing: then nothing is thrown.
void refuse_rollback(
    const std::filesystem::path& path,
    const rollback_mark& file,
    const std::optional<marked>& mark,
    const found_stored& found,
    bool accepted
);

/// Says what an operator should know if the mark and what was found do not agree.
void add_warnings(
    const std::filesystem::path& path,
    const rollback_mark& file,
    const std::optional<marked>& mark,
    const found_stored& found,
    load_report& report
);

/// True if nothing was written after the mark, and its conversations are those found.
bool is_as_marked(const std::optional<marked>& mark, const found_stored& found);

}  // namespace stube
