#include "store/sqlite_place.hpp"

#include <cerrno>
#include <fcntl.h>

namespace stube {
namespace {

namespace fs = std::filesystem;

/// A database that is missing or empty, and what tells that there was one.
struct lost_database {
    bool is_missing = false;
    fs::path log;             ///< empty if there is none that holds anything
    std::uint64_t saved = 0;  ///< as the mark says; 0 if it says nothing
};

std::optional<lost_database> find_loss(const fs::path& file, rollback_mark& mark) {
    lost_database lost;
    std::error_code error;
    std::uintmax_t size = fs::file_size(file, error);
    lost.is_missing = error == std::errc::no_such_file_or_directory;
    if (!lost.is_missing && (error || size > 0)) return std::nullopt;

    fs::path log = file.string() + "-wal";
    size = fs::file_size(log, error);
    if (!error && size > 0) lost.log = log;
    if (auto told = mark.read()) lost.saved = told->saved;
    if (lost.log.empty() && lost.saved == 0) return std::nullopt;
    return lost;
}

[[noreturn]] void
refuse_loss(const fs::path& file, const rollback_mark& mark, const lost_database& lost) {
    std::string text =
        "the store " + quoted(file) + (lost.is_missing ? " is missing" : " is empty");
    std::string way_on;
    if (!lost.log.empty()) {
        text += ", and its log " + quoted(lost.log) + " is there";
        way_on = "move that log away";
    }
    if (lost.saved > 0) {
        text +=
            ", and its mark says that transaction " + std::to_string(lost.saved) + " was durable";
        way_on += (way_on.empty() ? "" : " and ") + ("remove " + quoted(mark.file()));
    }
    throw store_rolled_back(
        text + ". Nothing was changed. Put the database back" +
        (lost.log.empty() ? "" : " beside its log, to which it belongs") +
        "; or, to go on without what was in it, " + way_on +
        " or open the store once with accept_rollback"
    );
}

void set_aside(const fs::path& log, const fs::path& file) {
    int error = ::rename(log.c_str(), unused_name(log.string() + ".lost").c_str()) == 0
                    ? sync_folder(file.parent_path())
                    : errno;
    if (error != 0) refuse_place(file, "cannot set aside " + quoted(log) + ": " + words_for(error));
}

}  // namespace

file_descriptor
take_place(const fs::path& file, rollback_mark& mark, const sqlite_options& options) {
    need_folder(file.parent_path(), file);
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) refuse_place(file, "it is a folder");
    file_descriptor lock = take_ownership(file.string() + ".lock", file);

    if (auto lost = find_loss(file, mark)) {
        if (!options.accept_rollback) refuse_loss(file, mark, *lost);
        if (!lost->log.empty()) set_aside(lost->log, file);
    }
    // Only a new file is opened here: closing any descriptor of a database drops SQLite's locks on
    // it.
    file_descriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    int error = made.is_open() ? sync_folder(file.parent_path()) : errno;
    if (error != 0 && error != EEXIST) refuse_place(file, words_for(error));
    return lock;
}

file_descriptor
need_place(const fs::path& file, rollback_mark& mark, const sqlite_options& options) {
    auto lost = find_loss(file, mark);
    // SQLite deletes a log beside an empty database also when it only reads.
    if (lost && (!options.accept_rollback || !lost->log.empty())) refuse_loss(file, mark, *lost);
    std::error_code error;
    if (!fs::is_regular_file(file, error)) refuse_place(file, "there is no such file");
    return {};
}

}  // namespace stube
