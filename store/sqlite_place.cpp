#include "store/sqlite_place.hpp"

#include <cerrno>
#include <fcntl.h>

namespace stube::storage {
namespace {

namespace fs = std::filesystem;

/// A database that is missing or empty although it once had content.
struct lost_database {
    bool is_missing = false;        ///< else it is empty
    fs::path log;                   ///< a log that is not empty; else an empty path
    std::uint64_t transaction = 0;  ///< from the high-water mark; 0 without a mark
};

std::optional<lost_database> find_loss(const fs::path& file, high_water_mark_file& mark_file) {
    lost_database lost;
    std::error_code error;
    std::uintmax_t size = fs::file_size(file, error);
    lost.is_missing = error == std::errc::no_such_file_or_directory;
    if (!lost.is_missing && (error || size > 0)) return std::nullopt;

    const fs::path log = file.string() + "-wal";
    size = fs::file_size(log, error);
    if (!error && size > 0) lost.log = log;
    if (const auto mark = mark_file.read()) lost.transaction = mark->transaction;
    if (lost.log.empty() && lost.transaction == 0) return std::nullopt;
    return lost;
}

[[noreturn]] void
refuse_loss(const fs::path& file, const high_water_mark_file& mark, const lost_database& lost) {
    std::string text =
        "the store " + quoted(file) + (lost.is_missing ? " is missing" : " is empty");
    std::string remedy;
    if (!lost.log.empty()) {
        text += ", but its log " + quoted(lost.log) + " exists";
        remedy = "move that log away";
    }
    if (lost.transaction > 0) {
        text += lost.log.empty() ? ", but" : ", and";
        text += " its high-water mark records that transaction " +
                std::to_string(lost.transaction) + " was durable";
        remedy += (remedy.empty() ? "" : " and ") + ("remove " + quoted(mark.path()));
    }
    throw store_rolled_back(
        text + ". Nothing was changed. Put the database back" +
        (lost.log.empty() ? "" : " beside its log, to which it belongs") +
        "; or, to continue without its content, " + remedy +
        " or open the store once with accept_rollback"
    );
}

void move_log_away(const fs::path& log, const fs::path& file) {
    const int error = ::rename(log.c_str(), unused_name(log.string() + ".lost").c_str()) == 0
                          ? sync_folder(file.parent_path())
                          : errno;
    if (error != 0)
        refuse_place(file, "cannot move " + quoted(log) + " away: " + error_text(error));
}

}  // namespace

file_descriptor
take_place(const fs::path& file, high_water_mark_file& mark, const sqlite_options& options) {
    require_folder(file.parent_path(), file);
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) refuse_place(file, "it is a folder");
    file_descriptor lock = take_ownership(file.string() + ".lock", file);

    if (const auto lost = find_loss(file, mark)) {
        if (!options.accept_rollback) refuse_loss(file, mark, *lost);
        if (!lost->log.empty()) move_log_away(lost->log, file);
    }
    // O_EXCL opens only a new file. Closing any descriptor of an existing database would drop
    // SQLite's locks on it.
    const file_descriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const int error = made.is_open() ? sync_folder(file.parent_path()) : errno;
    if (error != 0 && error != EEXIST) refuse_place(file, error_text(error));
    return lock;
}

file_descriptor
require_place(const fs::path& file, high_water_mark_file& mark, const sqlite_options& options) {
    const auto lost = find_loss(file, mark);
    // SQLite deletes a log beside an empty database even when it only reads.
    if (lost && (!options.accept_rollback || !lost->log.empty())) refuse_loss(file, mark, *lost);
    std::error_code error;
    if (!fs::is_regular_file(file, error)) refuse_place(file, "the file does not exist");
    return {};
}

}  // namespace stube::storage
