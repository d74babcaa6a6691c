#include "store/sqlite_archive_rows.hpp"

#include "store/checksum.hpp"
#include "store/files.hpp"
#include "store/sqlite_format.hpp"

#include <algorithm>
#include <set>

namespace stube::storage {
namespace {

/// The columns of the query for a head.
namespace head_column {
enum index : int { conversation, previous, head, parent, time, event, about, parts, changed, sum };
}  // namespace head_column

constexpr int types_of_a_head[] = {
    SQLITE_TEXT,
    SQLITE_NULL,  // of the first head; otherwise an integer
    SQLITE_INTEGER,
    SQLITE_INTEGER,
    SQLITE_INTEGER,
    SQLITE_TEXT,
    SQLITE_TEXT,
    SQLITE_TEXT,
    SQLITE_INTEGER,
    SQLITE_BLOB,
};

/// Must come before any value of the row is read, because SQLite converts a value that is read as
/// another type.
bool has_types_of_a_head(const sqlite_statement& row) {
    for (int i = 0; i < static_cast<int>(std::size(types_of_a_head)); ++i) {
        const int type = row.type(i);
        if (type == types_of_a_head[i]) continue;
        if (i != head_column::previous || type != SQLITE_INTEGER) return false;
    }
    return true;
}

bool copy_digest(std::span<const std::uint8_t> bytes, digest& to) {
    if (bytes.size() != to.size()) return false;
    std::ranges::copy(bytes, to.begin());
    return true;
}

std::string head_text(std::uint64_t number) {
    return std::string("head ").append(std::to_string(number));
}

}  // namespace

archive_rows::archive_rows(sqlite_connection& database, const std::filesystem::path& file)
    : file_(file),
      find_ended_(database.handle(), "SELECT archived, checksum FROM ended WHERE conversation = ?"),
      read_link_(
          database.handle(),
          "SELECT conversation, previous, head FROM archive WHERE number = ?"
      ),
      read_head_(
          database.handle(),
          "SELECT conversation, previous, head, parent, time, event, about, parts, changed, digest"
          " FROM archive WHERE number = ?"
      ),
      read_digest_(
          database.handle(),
          "SELECT digest FROM archive WHERE number = ? AND conversation = ?"
      ),
      read_body_(
          database.handle(),
          "SELECT body FROM archive WHERE number = ? AND conversation = ?"
      ) {
    if (has_table(database, "trimmed"))
        find_base_.emplace(
            database.handle(),
            "SELECT archived, head, digest, parts, checksum FROM trimmed WHERE conversation = ?"
        );
}

void archive_rows::fail(std::string_view id, const std::string& what) const {
    throw store_damaged(
        quoted(file_) + ": the archive of conversation " + std::string(id) + " is damaged: " + what
    );
}

std::int64_t archive_rows::find_ended(std::string_view id) {
    std::int64_t row = 0;
    bool is_intact = true;
    find_ended_.bind_all(id);
    while (find_ended_.next()) {
        row = find_ended_.number(0);
        is_intact = as_unsigned(find_ended_.number(1)) == ended_checksum(id, as_unsigned(row));
    }
    if (!is_intact) fail(id, "the pointer to its newest head does not match its checksum");
    return row;
}

std::optional<archive_base> archive_rows::find_base(std::string_view id) {
    if (!find_base_) return std::nullopt;
    std::optional<archive_base> found;
    bool is_intact = true;
    find_base_->bind_all(id);
    while (find_base_->next()) {
        archive_base& base = found.emplace();
        base.row = find_base_->number(0);
        base.number = as_unsigned(find_base_->number(1));
        const std::string_view parts = find_base_->text(3);
        is_intact = copy_digest(find_base_->blob(2), base.sum) &&
                    base_checksum(id, base, parts) == as_unsigned(find_base_->number(4));
        try {
            if (is_intact) base.parts = read_part_changes(parts);
        } catch (const std::invalid_argument&) {
            is_intact = false;
        }
    }
    if (!is_intact) fail(id, "the list of its trimmed heads does not match its checksum");
    return found;
}

std::int64_t archive_rows::find_end(std::string_view id) {
    const auto base = find_base(id);
    return base ? base->row : 0;
}

head_link archive_rows::read_link(std::string_view id, std::int64_t row, const head_link* after) {
    head_link link;
    ++rows_read_;
    read_link_.bind_all(row);
    while (read_link_.next())
        if (read_link_.type(0) == SQLITE_TEXT && read_link_.type(2) == SQLITE_INTEGER &&
            read_link_.text(0) == id)
            link = {row, read_link_.number(1), as_unsigned(read_link_.number(2))};
    // Both numbers fall along a chain, so a damaged chain ends.
    const bool follows = !after || (link.row < after->row && link.number < after->number);
    if (link.row == 0 || !follows)
        fail(
            id,
            after ? "the head before " + head_text(after->number) + " is missing"
                  : "its newest head is missing"
        );
    return link;
}

digest archive_rows::read_digest_of(std::string_view id, std::int64_t row) {
    digest found{};
    bool is_head = false;
    if (row == 0) return found;
    ++rows_read_;
    read_digest_.bind_all(row, id);
    while (read_digest_.next())
        if (read_digest_.type(0) == SQLITE_BLOB && copy_digest(read_digest_.blob(0), found))
            is_head = true;
    if (is_head) return found;
    if (const auto base = find_base(id); base && base->row == row) return base->sum;
    return {};
}

head_row archive_rows::read_head(std::string_view id, const head_link& link) {
    head_row read;
    bool is_intact = false;
    read_head_.bind_all(link.row);
    while (read_head_.next()) {
        if (!has_types_of_a_head(read_head_)) continue;
        read.row = link.row;
        read.previous = read_head_.number(head_column::previous);
        read.head.number = as_unsigned(read_head_.number(head_column::head));
        read.head.parent = as_unsigned(read_head_.number(head_column::parent));
        read.head.time = read_head_.number(head_column::time);
        read.head.event = read_head_.text(head_column::event);
        read.head.about = read_head_.text(head_column::about);
        read.changed = as_unsigned(read_head_.number(head_column::changed));
        is_intact = copy_digest(read_head_.blob(head_column::sum), read.head.digest);
        try {
            read.parts = read_part_changes(read_head_.text(head_column::parts));
        } catch (const std::invalid_argument&) {
            is_intact = false;
        }
    }
    if (!is_intact) fail(id, head_text(link.number) + " is not readable");
    const head_content content{
        id,
        read.head.number,
        read.head.parent,
        read.head.time,
        read.head.event,
        read.head.about,
        read.changed == 0,
        read.parts
    };
    if (head_digest(hash_, content, read_digest_of(id, read.previous)) != read.head.digest)
        fail(id, head_text(link.number) + " does not match its digest");
    return read;
}

newest_head archive_rows::read_parts(std::string_view id, head_row at) {
    std::set<std::string, std::less<>> seen;
    newest_head newest;
    newest.row = at.row;
    newest.number = at.head.number;
    newest.sum = at.head.digest;
    newest.changed = at.changed;
    const auto add = [&](part_changes& changes) {
        for (auto& part : changes.written)
            if (seen.insert(part.name).second) newest.parts.put(std::move(part));
        for (const auto& name : changes.dropped)
            seen.insert(name);
    };
    auto base = find_base(id);
    for (;;) {
        add(at.parts);
        if (at.changed == 0) return newest;
        if (base && at.previous == base->row) {
            add(base->parts);
            return newest;
        }
        const head_link after = at.link();
        at = read_head(id, read_link(id, at.previous, &after));
    }
}

std::string
archive_rows::read_body(std::string_view id, std::uint64_t head, const archived_part& part) {
    std::optional<std::string> body;
    ++rows_read_;
    read_body_.bind_all(part.row, id);
    while (read_body_.next())
        if (read_body_.type(0) == SQLITE_TEXT) body = read_body_.text(0);
    if (!body || hash_.of(*body) != part.content)
        fail(
            id,
            "part \"" + part.name + "\" of " + head_text(head) +
                (body ? " does not match its digest" : " is missing")
        );
    return *std::move(body);
}

}  // namespace stube::storage
