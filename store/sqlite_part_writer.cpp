#include "store/sqlite_part_writer.hpp"

#include "store/files.hpp"
#include "store/status_text.hpp"

#include <algorithm>

namespace stube::storage {

part_writer::part_writer(
    sqlite_connection& database,
    const std::filesystem::path& file,
    bool has_archive
)
    : database_(database),
      file_(file),
      has_archive_(has_archive),
      add_part_(
          database.handle(),
          "INSERT INTO part(conversation, name, revision, saved, checksum, body)"
          " VALUES(?, ?, ?, ?, ?, ?)"
      ),
      add_head_(
          database.handle(),
          has_archive
              ? "INSERT INTO part(status, parts, checksum_of_all, conversation, name, revision,"
                " saved, checksum, body, archived) VALUES(?, ?, ?, ?, 'head', ?, ?, ?, ?, ?)"
              : "INSERT INTO part(status, parts, checksum_of_all, conversation, name, revision,"
                " saved, checksum, body) VALUES(?, ?, ?, ?, 'head', ?, ?, ?, ?)"
      ),
      set_part_(
          database.handle(),
          has_archive
              ? "UPDATE part SET checksum_of_all = ?1, revision = ?2, saved = ?3, checksum = ?4,"
                " body = ?5, archived = ?9 WHERE number = ?6 AND conversation = ?7 AND name = ?8"
              : "UPDATE part SET checksum_of_all = ?1, revision = ?2, saved = ?3, checksum = ?4,"
                " body = ?5 WHERE number = ?6 AND conversation = ?7 AND name = ?8"
      ),
      set_head_(
          database.handle(),
          has_archive
              ? "UPDATE part SET status = ?1, parts = ?2, checksum_of_all = ?3, revision = ?4,"
                " saved = ?5, checksum = ?6, body = ?7, archived = ?10"
                " WHERE number = ?8 AND conversation = ?9 AND name = 'head'"
              : "UPDATE part SET status = ?1, parts = ?2, checksum_of_all = ?3, revision = ?4,"
                " saved = ?5, checksum = ?6, body = ?7"
                " WHERE number = ?8 AND conversation = ?9 AND name = 'head'"
      ),
      drop_part_(database.handle(), "DELETE FROM part WHERE number = ? AND conversation = ?"),
      read_body_(database.handle(), "SELECT body FROM part WHERE number = ?") {}

void part_writer::write(const change& change, std::uint64_t transaction, staged_entry& staged) {
    const entry& stored = staged.slot->second;
    transaction_ = transaction;
    staged.next.revision = change.revision;
    staged.next.status = change.status;
    staged.next.head = stored.head;
    staged.next.parts_checksum = stored.parts_checksum;
    staged.part_count = stored.part_count();
    if (change.kind == change_kind::update)
        update(change, staged);
    else
        replace(change, staged);
}

/// Stages a change of any kind except `update`.
void part_writer::replace(const change& change, staged_entry& staged) {
    staged.is_removed = change.kind == change_kind::remove;
    if (!staged.is_new) {
        drop_row(change.id, staged.slot->second.head.row);
        for (const auto& part : staged.slot->second.other_parts)
            drop_row(change.id, part.row);
    }
    staged.replaces_parts = true;
    if (staged.is_removed) return;

    staged.next.parts_checksum = 0;
    staged.part_count = 1;
    std::optional<std::string_view> head;
    for (const auto& part : change.written) {
        if (part.name == "head") {
            head = part.body;
            continue;
        }
        staged.written.push_back(add_part(change, part));
        staged.next.parts_checksum ^= staged.written.back().checksum;
        ++staged.part_count;
    }
    add_head(change, head, staged);
}

/// The row that is written last gets the checksum of the whole conversation. That is the head if it
/// is written, if parts are added or dropped, or if no other row is written.
void part_writer::update(const change& change, staged_entry& staged) {
    entry& stored = staged.slot->second;
    const part* head = nullptr;
    const part* last = nullptr;
    for (const auto& part : change.written)
        (part.name == "head" ? head : last) = &part;
    const bool head_has_total = head || !last || !change.dropped.empty() ||
                                change.status != stored.status ||
                                std::ranges::any_of(change.written, [&](const part& part) {
                                    return !stored.find(checksum(part.name));
                                });
    const std::uint64_t count_before = staged.part_count;
    for (const auto& part : change.written)
        if (&part != head) update_part(change, part, &part == last && !head_has_total, staged);
    const bool adds_parts = staged.part_count > count_before;
    for (const auto& name : change.dropped)
        drop_part(change, checksum(name), staged);
    if (!head_has_total) return;

    staged.next.parts_checksum ^= staged.next.head.checksum;
    if (head && adds_parts) {
        drop_row(change.id, staged.next.head.row);
        add_head(change, head->body, staged);
    } else {
        update_head(change, head, staged);
    }
}

/// If `has_total` is true, the row gets the checksum of the whole conversation.
void part_writer::update_part(
    const change& change,
    const part& part,
    bool has_total,
    staged_entry& staged
) {
    const std::uint64_t name_hash = checksum(part.name);
    const stored_part* old = staged.slot->second.find(name_hash);
    if (!old) {
        staged.written.push_back(add_part(change, part));
        staged.next.parts_checksum ^= staged.written.back().checksum;
        ++staged.part_count;
        return;
    }
    const std::uint64_t sum =
        part_checksum(change.id, part.name, change.revision, transaction_, part.body);
    staged.next.parts_checksum ^= old->checksum ^ sum;
    std::optional<std::int64_t> total;
    if (has_total) total = as_sql(compute_total(staged));
    run_with_archived(
        set_part_,
        has_total ? staged.next.archived : 0,
        total,
        as_sql(change.revision),
        as_sql(transaction_),
        as_sql(sum),
        part.body,
        old->row,
        change.id,
        part.name
    );
    check_one_row_changed(change.id);
    staged.written.push_back({name_hash, old->row, sum});
}

void part_writer::drop_part(const change& change, std::uint64_t name_hash, staged_entry& staged) {
    const stored_part* old = staged.slot->second.find(name_hash);
    if (!old) return;
    drop_row(change.id, old->row);
    staged.next.parts_checksum ^= old->checksum;
    --staged.part_count;
    staged.dropped.push_back(name_hash);
}

void part_writer::drop_row(const std::string& id, std::int64_t row) {
    drop_part_.run(row, id);
    check_one_row_changed(id);
}

stored_part part_writer::add_part(const change& change, const part& part) {
    const std::uint64_t sum =
        part_checksum(change.id, part.name, change.revision, transaction_, part.body);
    add_part_.run(
        change.id,
        part.name,
        as_sql(change.revision),
        as_sql(transaction_),
        as_sql(sum),
        part.body
    );
    return {checksum(part.name), database_.last_row(), sum};
}

/// The checksum of the whole conversation as staged so far.
std::uint64_t part_writer::compute_total(staged_entry& staged) {
    staged.next.total_checksum = conversation_checksum(
        staged.next.parts_checksum,
        staged.part_count,
        status_text(staged.next.status),
        as_unsigned(staged.next.archived)
    );
    return staged.next.total_checksum;
}

/// Computes both checksums in the row of the head.
void part_writer::compute_checksums(
    const change& change,
    std::optional<std::string_view> body,
    staged_entry& staged
) const {
    staged.next.head.checksum =
        part_checksum(change.id, "head", change.revision, transaction_, body);
    staged.next.parts_checksum ^= staged.next.head.checksum;
    compute_total(staged);
}

void part_writer::add_head(
    const change& change,
    std::optional<std::string_view> body,
    staged_entry& staged
) {
    compute_checksums(change, body, staged);
    run_with_archived(
        add_head_,
        staged.next.archived,
        status_text(change.status),
        as_sql(staged.part_count),
        as_sql(staged.next.total_checksum),
        change.id,
        as_sql(change.revision),
        as_sql(transaction_),
        as_sql(staged.next.head.checksum),
        body
    );
    staged.next.head.row = database_.last_row();
}

void part_writer::set_head(
    const change& change,
    std::optional<std::string_view> body,
    staged_entry& staged
) {
    compute_checksums(change, body, staged);
    run_with_archived(
        set_head_,
        staged.next.archived,
        status_text(change.status),
        as_sql(staged.part_count),
        as_sql(staged.next.total_checksum),
        as_sql(change.revision),
        as_sql(transaction_),
        as_sql(staged.next.head.checksum),
        body,
        staged.next.head.row,
        change.id
    );
    check_one_row_changed(change.id);
}

/// Writes the head's row. A change without a head keeps the stored body.
void part_writer::update_head(const change& change, const part* written, staged_entry& staged) {
    if (written) return set_head(change, written->body, staged);
    read_body_.bind_all(staged.next.head.row);
    std::optional<std::string> body;
    while (read_body_.next())
        if (read_body_.type(0) != SQLITE_NULL) body = read_body_.text(0);
    set_head(change, body, staged);
}

void part_writer::check_one_row_changed(const std::string& id) {
    if (database_.changed_rows() == 1) return;
    throw store_refused(
        quoted(file_) + ": a part of conversation " + id +
        " is missing; has another program changed it?"
    );
}

}  // namespace stube::storage
