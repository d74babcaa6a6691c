#include "store/sqlite_archive_trimmer.hpp"

#include <optional>
#include <utility>

namespace stube::storage {

archive_trimmer::archive_trimmer(sqlite_connection& database, archive_rows& rows)
    : rows_(rows),
      find_head_(
          database.handle(),
          "SELECT 1 FROM archive WHERE number = ? AND conversation = ? AND head = ?"
      ),
      search_rows_(
          database.handle(),
          "SELECT number FROM archive WHERE number <= ? AND conversation = ?"
      ),
      delete_row_(database.handle(), "DELETE FROM archive WHERE number = ? AND conversation = ?"),
      keep_body_(
          database.handle(),
          "UPDATE archive SET previous = NULL, head = NULL, parent = NULL, time = NULL,"
          " event = NULL, about = NULL, parts = NULL, changed = NULL, digest = NULL"
          " WHERE number = ? AND conversation = ?"
      ),
      put_base_(
          database.handle(),
          "INSERT OR REPLACE INTO trimmed(conversation, archived, head, digest, parts, checksum)"
          " VALUES(?, ?, ?, ?, ?, ?)"
      ) {}

void archive_trimmer::trim(const change& change, std::int64_t newest) {
    const std::string& id = change.id;
    auto before = rows_.find_base(id);
    if (before && change.revision <= before->number) return;

    const head_link last = find_last(change);
    check_may_trim(id, last, newest);
    head_row head = rows_.read_head(id, last);
    archive_base base{last.row, last.number, head.head.digest, {}};
    base.parts.written = rows_.read_parts(id, std::move(head)).parts.parts();

    // A head that stays lists bodies of this state, and bodies that were added after it. So no
    // other row up to here is needed any more.
    std::set<std::int64_t> kept;
    for (const auto& part : base.parts.written)
        kept.insert(part.row);
    auto old = find_old_rows(id, last, before ? before->row : 0);
    if (before)
        for (const auto& part : before->parts.written)
            old.insert(part.row);
    for (const std::int64_t row : old)
        (kept.contains(row) ? keep_body_ : delete_row_).run(row, id);
    put_base(id, base);
}

/// The head to which the change trims.
head_link archive_trimmer::find_last(const change& change) {
    bool is_found = false;
    const std::int64_t row = as_sql(change.position);
    find_head_.bind_all(row, change.id, as_sql(change.revision));
    while (find_head_.next())
        is_found = true;
    if (!is_found)
        throw store_conflict(
            "conversation " + change.id + " has no head " + std::to_string(change.revision) +
            " at position " + std::to_string(change.position) + " of the archive"
        );
    return rows_.read_link(change.id, row, nullptr);
}

/// Throws store_conflict for a head that must stay.
void archive_trimmer::check_may_trim(
    const std::string& id,
    const head_link& last,
    std::int64_t newest
) {
    bool must_stay = last.row >= newest;
    if (!must_stay) {
        const head_link link = rows_.read_link(id, newest, nullptr);
        must_stay = link.previous == last.row &&
                    rows_.read_parts(id, rows_.read_head(id, link)).parts.size() == 0;
    }
    if (must_stay)
        throw store_conflict(
            "head " + std::to_string(last.number) + " of conversation " + id +
            " has its last state, which is not trimmed"
        );
}

/// The rows of a head and of all heads before it, with the bodies that they list. `end` is the row
/// where the chain ends.
std::set<std::int64_t>
archive_trimmer::find_old_rows(const std::string& id, head_link last, std::int64_t end) {
    const std::int64_t newest_row = last.row;
    std::set<std::int64_t> old;
    try {
        for (;;) {
            const head_row head = rows_.read_head(id, last);
            old.insert(head.row);
            for (const auto& part : head.parts.written)
                old.insert(part.row);
            if (head.previous == end) return old;
            last = rows_.read_link(id, head.previous, &last);
        }
    } catch (const store_refused&) {
        return search_old_rows(id, newest_row);
    }
}

/// The same for a damaged chain. Reads the table up to this row.
std::set<std::int64_t> archive_trimmer::search_old_rows(const std::string& id, std::int64_t last) {
    std::set<std::int64_t> old;
    search_rows_.bind_all(last, id);
    while (search_rows_.next())
        old.insert(search_rows_.number(0));
    return old;
}

void archive_trimmer::put_base(const std::string& id, const archive_base& base) {
    const std::string parts = to_json(base.parts);
    put_base_.run(
        id,
        base.row,
        as_sql(base.number),
        std::span<const std::uint8_t>(base.sum),
        parts,
        as_sql(base_checksum(id, base, parts))
    );
}

}  // namespace stube::storage
