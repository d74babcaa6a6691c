// The archive of the SQLite store: its members, each through a reader with a connection of its own.
#include "store/sqlite_archive_checker.hpp"
#include "store/sqlite_database_store.hpp"

#include <stdexcept>

namespace stube::storage {

archive_reader& database_store::reader(archive_reader& of) {
    if (!keeps_archive_ || !is_loaded_)
        throw std::logic_error("the archive is read after load_all, and only if it is kept");
    return of;
}

std::vector<archived_head>
database_store::heads(std::string_view id, std::uint64_t before, std::size_t count) {
    return reader().heads(id, before, count);
}

std::optional<archived_head> database_store::oldest_head(std::string_view id) {
    return reader().oldest_head(id);
}

std::optional<archived_state> database_store::state(std::string_view id, std::uint64_t head) {
    return reader().state(id, head);
}

std::optional<std::string> database_store::find_alias(std::string_view name) {
    return reader().find_alias(name);
}

std::vector<std::string> database_store::aliases(std::string_view id) {
    return reader().aliases(id);
}

std::vector<derivation> database_store::derivations(std::string_view id) {
    return reader().derivations(id);
}

std::vector<archived_failure> database_store::failures(std::string_view id) {
    return reader().failures(id);
}

appended_heads database_store::appended_after(std::uint64_t position, std::size_t rows) {
    return reader().appended_after(position, rows);
}

archive_check database_store::check_archive(check_depth depth) {
    reader();  // throws unless the archive can be read
    try {
        return archive_checker(*connection_, file_).check(depth);
    } catch (const sqlite_error& error) {
        roll_back();
        throw store_refused(quoted(file_) + ": the archive: " + explain(error, file_));
    }
}

std::vector<logged_commit>
database_store::commits_after(std::uint64_t position, std::size_t count) {
    return reader(log_reader_).commits_after(position, count);
}

std::vector<logged_commit> database_store::commits_of(std::string_view id, std::uint64_t first) {
    return reader(log_reader_).commits_of(id, first);
}

std::optional<archived_state> database_store::state_at(std::uint64_t position) {
    return reader(log_reader_).state_at(position);
}

std::string database_store::index_file() const {
    return keeps_archive_ ? file_.string() + ".index" : std::string();
}

}  // namespace stube::storage
