#include "store/sqlite_archive_reader.hpp"

#include "store/files.hpp"
#include "store/sqlite_format.hpp"

namespace stube::storage {

archive_reader::opened::opened(const std::filesystem::path& file)
    : connection(file, sqlite_connection::access::reads),
      rows(connection, file),
      find_alias(connection.handle(), "SELECT conversation FROM alias WHERE name = ?"),
      aliases(connection.handle(), "SELECT name FROM alias WHERE conversation = ? ORDER BY name"),
      derivations(
          connection.handle(),
          "SELECT conversation, source, head FROM derivation WHERE conversation = ?1"
          " UNION ALL SELECT conversation, source, head FROM derivation WHERE source = ?1"
      ),
      appended(
          connection.handle(),
          "SELECT number, conversation, head, time FROM archive WHERE number > ? ORDER BY number"
          " LIMIT ?"
      ),
      heads_after(
          connection.handle(),
          "SELECT number, conversation, previous, head FROM archive"
          " WHERE number > ? AND head IS NOT NULL ORDER BY number LIMIT ?"
      ),
      head_at(
          connection.handle(),
          "SELECT conversation, previous, head FROM archive"
          " WHERE number = ? AND head IS NOT NULL"
      ) {
    // The store decides when its log is checkpointed.
    sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection.run("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"
    );
    if (has_table(connection, "failure")) failures.emplace(connection);
}

template <class Read>
auto archive_reader::in_snapshot(Read read) {
    const std::lock_guard lock(mutex_);
    try {
        if (!opened_) opened_.emplace(file_);
        opened_->connection.run("BEGIN");
        auto result = read(*opened_);
        opened_->connection.run("COMMIT");
        return result;
    } catch (const sqlite_error& error) {
        opened_.reset();
        const auto why = quoted(file_) + ": the archive: " + explain(error, file_);
        if (error.primary_code() == SQLITE_CORRUPT) throw store_damaged(why);
        throw store_refused(why);
    } catch (...) {
        opened_.reset();
        throw;
    }
}

/// The row of the newest head of a conversation; 0 if it is not archived. SQLite's snapshot begins
/// with the first row that is read. It begins here, with the mutex locked, so that it has the row
/// that the entry names.
std::int64_t archive_reader::find_newest(opened& in, std::string_view id) {
    const std::lock_guard lock(stored_mutex_);
    const std::int64_t ended = in.rows.find_ended(id);
    const auto found = stored_.find(std::string(id));
    const bool is_live = found != stored_.end() && found->second.archived != 0;
    return is_live ? found->second.archived : ended;
}

std::vector<archived_head>
archive_reader::heads(std::string_view id, std::uint64_t before, std::size_t count) {
    return in_snapshot([&](opened& in) {
        std::vector<archived_head> all;
        std::int64_t row = find_newest(in, id);
        const std::int64_t end = in.rows.find_end(id);
        std::optional<head_link> after;
        while (row != end && all.size() < count) {
            const head_link link = in.rows.read_link(id, row, after ? &*after : nullptr);
            if (link.number < before) all.push_back(in.rows.read_head(id, link).head);
            after = link;
            row = link.previous;
        }
        return all;
    });
}

std::optional<archived_head> archive_reader::oldest_head(std::string_view id) {
    return in_snapshot([&](opened& in) -> std::optional<archived_head> {
        std::int64_t row = find_newest(in, id);
        const std::int64_t end = in.rows.find_end(id);
        std::optional<head_link> oldest;
        for (; row != end; row = oldest->previous)
            oldest = in.rows.read_link(id, row, oldest ? &*oldest : nullptr);
        if (!oldest) return std::nullopt;
        return in.rows.read_head(id, *oldest).head;
    });
}

std::optional<archived_state> archive_reader::state(std::string_view id, std::uint64_t head) {
    return in_snapshot([&](opened& in) -> std::optional<archived_state> {
        std::int64_t row = find_newest(in, id);
        const std::int64_t end = in.rows.find_end(id);
        std::optional<head_link> link;
        while (row != end) {
            link = in.rows.read_link(id, row, link ? &*link : nullptr);
            if (link->number <= head) break;
            row = link->previous;
        }
        if (row == end || link->number != head) return std::nullopt;

        return read_state(in, id, *link);
    });
}

archived_state archive_reader::read_state(opened& in, std::string_view id, const head_link& link) {
    archived_state found;
    head_row at = in.rows.read_head(id, link);
    found.head = at.head;
    const part_list parts = in.rows.read_parts(id, std::move(at)).parts;
    found.parts.reserve(parts.size());
    for (const auto& part : parts.parts())
        found.parts.push_back({part.name, in.rows.read_body(id, link.number, part)});
    return found;
}

std::optional<archived_state> archive_reader::state_at(std::uint64_t position) {
    return in_snapshot([&](opened& in) -> std::optional<archived_state> {
        std::string id;
        head_link link;
        in.head_at.bind_all(as_sql(position));
        while (in.head_at.next()) {
            id = in.head_at.text(0);
            link = {as_sql(position), in.head_at.number(1), as_unsigned(in.head_at.number(2))};
        }
        if (link.row == 0) return std::nullopt;
        return read_state(in, id, link);
    });
}

std::vector<logged_commit>
archive_reader::commits_after(std::uint64_t position, std::size_t count) {
    return in_snapshot([&](opened& in) {
        std::vector<logged_commit> all;
        std::vector<head_link> links;
        in.heads_after.bind_all(as_sql(position), static_cast<std::int64_t>(count));
        while (in.heads_after.next()) {
            auto& next = all.emplace_back();
            next.position = as_unsigned(in.heads_after.number(0));
            next.id = in.heads_after.text(1);
            links.push_back(
                {as_sql(next.position),
                 in.heads_after.number(2),
                 as_unsigned(in.heads_after.number(3))}
            );
        }
        for (std::size_t i = 0; i < all.size(); ++i)
            read_commit(in, links[i], all[i]);
        return all;
    });
}

/// The links of the heads from the number `first` on, the newest first. Empty if there is no head
/// with this number; 0 is the number before the first head.
std::vector<head_link>
archive_reader::links_from(opened& in, std::string_view id, std::uint64_t first) {
    std::vector<head_link> links;
    std::int64_t row = find_newest(in, id);
    const std::int64_t end = in.rows.find_end(id);
    while (row != end) {
        const head_link link = in.rows.read_link(id, row, links.empty() ? nullptr : &links.back());
        if (link.number < first) break;
        links.push_back(link);
        row = link.previous;
    }
    const bool has_first = first == 0 || (!links.empty() && links.back().number == first);
    return has_first ? links : std::vector<head_link>();
}

std::vector<logged_commit> archive_reader::commits_of(std::string_view id, std::uint64_t first) {
    return in_snapshot([&](opened& in) {
        const auto links = links_from(in, id, first);
        std::vector<logged_commit> all;
        all.reserve(links.size());
        for (auto link = links.rbegin(); link != links.rend(); ++link) {
            const bool is_first = all.empty();
            auto& next = all.emplace_back();
            next.position = as_unsigned(link->row);
            next.id = id;
            if (is_first)
                read_whole(in, *link, next);
            else
                read_changes(in, *link, next);
        }
        return all;
    });
}

/// Reads and verifies a commit with all parts of its state.
void archive_reader::read_whole(opened& in, const head_link& link, logged_commit& to) {
    archived_state state = read_state(in, to.id, link);
    to.head = std::move(state.head);
    to.written = std::move(state.parts);
}

/// Reads and verifies a commit with the parts that it changed.
void archive_reader::read_changes(opened& in, const head_link& link, logged_commit& to) {
    head_row row = in.rows.read_head(to.id, link);
    to.written.reserve(row.parts.written.size());
    for (const auto& part : row.parts.written)
        to.written.push_back({part.name, in.rows.read_body(to.id, link.number, part)});
    to.head = std::move(row.head);
    to.is_whole = row.changed == 0;
    to.dropped = std::move(row.parts.dropped);
}

/// Reads and verifies one commit, or records its damage. After a trim, the first commit has all
/// parts, because the state before it is gone.
void archive_reader::read_commit(opened& in, const head_link& link, logged_commit& to) {
    try {
        if (link.previous != 0 && link.previous == in.rows.find_end(to.id))
            read_whole(in, link, to);
        else
            read_changes(in, link, to);
    } catch (const store_refused& error) {
        to.written.clear();
        to.damage = error.what();
    }
}

std::optional<std::string> archive_reader::find_alias(std::string_view name) {
    return in_snapshot([&](opened& in) {
        std::optional<std::string> found;
        in.find_alias.bind_all(name);
        while (in.find_alias.next())
            found = in.find_alias.text(0);
        return found;
    });
}

std::vector<std::string> archive_reader::aliases(std::string_view id) {
    return in_snapshot([&](opened& in) {
        std::vector<std::string> names;
        in.aliases.bind_all(id);
        while (in.aliases.next())
            names.emplace_back(in.aliases.text(0));
        return names;
    });
}

std::vector<derivation> archive_reader::derivations(std::string_view id) {
    return in_snapshot([&](opened& in) {
        std::vector<derivation> all;
        in.derivations.bind_all(id);
        while (in.derivations.next())
            all.push_back(
                {std::string(in.derivations.text(0)),
                 {std::string(in.derivations.text(1)),
                  static_cast<std::uint64_t>(in.derivations.number(2))}}
            );
        return all;
    });
}

appended_heads archive_reader::appended_after(std::uint64_t position, std::size_t rows) {
    return in_snapshot([&](opened& in) {
        appended_heads slice;
        std::size_t count = 0;
        in.appended.bind_all(as_sql(position), static_cast<std::int64_t>(rows));
        while (in.appended.next()) {
            ++count;
            const std::uint64_t at = as_unsigned(in.appended.number(0));
            slice.last_position = at;
            if (in.appended.type(2) != SQLITE_INTEGER) continue;
            const std::uint64_t head = as_unsigned(in.appended.number(2));
            const std::int64_t time = in.appended.number(3);
            slice.heads.push_back({std::string(in.appended.text(1)), head, time, at});
        }
        if (count < rows) slice.last_position = 0;
        return slice;
    });
}

std::vector<archived_failure> archive_reader::failures(std::string_view id) {
    return in_snapshot([&](opened& in) {
        return in.failures ? in.failures->read(id) : std::vector<archived_failure>();
    });
}

void archive_reader::close() {
    const std::lock_guard lock(mutex_);
    opened_.reset();
}

std::uint64_t archive_reader::rows_read() {
    const std::lock_guard lock(mutex_);
    return opened_ ? opened_->rows.rows_read() : 0;
}

}  // namespace stube::storage
