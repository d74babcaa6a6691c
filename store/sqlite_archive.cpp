#include "store/sqlite_archive.hpp"

#include "store/checksum.hpp"
#include "store/files.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace stube::storage {
namespace {

/// A whole list is as long as the conversation has parts. So a small conversation gets one after
/// this many part changes, and a larger one after as many as it has parts.
constexpr std::uint64_t shortest_chain = 64;

bool is_in(std::string_view name, const std::vector<part>& parts) {
    return std::ranges::find(parts, name, &part::name) != parts.end();
}

[[noreturn]] void refuse_alias(std::string_view id, std::string_view name, std::string_view owner) {
    std::string text = "conversation ";
    text.append(id).append(": the alias \"").append(name);
    text.append("\" belongs to conversation ").append(owner);
    throw store_conflict(text);
}

/// Puts `written` into `parts` and erases the dropped ones.
void apply(part_list& parts, const part_changes& changes) {
    for (const auto& part : changes.written)
        parts.put(part);
    for (const auto& name : changes.dropped)
        parts.erase(name);
}

}  // namespace

archive_writer::archive_writer(
    sqlite_connection& database,
    const std::filesystem::path& file,
    bool records
)
    : records_(records),
      rows_(database, file),
      last_row_(database.handle(), "SELECT max(number) FROM archive"),
      add_body_(
          database.handle(),
          "INSERT INTO archive(number, conversation, body) VALUES(?, ?, ?)"
      ),
      add_head_(
          database.handle(),
          "INSERT INTO archive(number, conversation, previous, head, parent, time, event, about,"
          " parts, changed, digest, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      ),
      put_ended_(
          database.handle(),
          "INSERT OR REPLACE INTO ended(conversation, archived, checksum) VALUES(?, ?, ?)"
      ),
      delete_ended_(database.handle(), "DELETE FROM ended WHERE conversation = ?"),
      find_alias_(database.handle(), "SELECT conversation FROM alias WHERE name = ?"),
      add_alias_(database.handle(), "INSERT INTO alias(name, conversation) VALUES(?, ?)"),
      delete_aliases_(database.handle(), "DELETE FROM alias WHERE conversation = ?"),
      put_derivation_(
          database.handle(),
          "INSERT OR REPLACE INTO derivation(conversation, source, head) VALUES(?, ?, ?)"
      ),
      delete_derivations_(
          database.handle(),
          "DELETE FROM derivation WHERE conversation = ?1 OR source = ?1"
      ),
      delete_base_(database.handle(), "DELETE FROM trimmed WHERE conversation = ?"),
      delete_row_(database.handle(), "DELETE FROM archive WHERE number = ? AND conversation = ?"),
      delete_all_rows_(database.handle(), "DELETE FROM archive WHERE conversation = ?"),
      read_part_(
          database.handle(),
          "SELECT name, body FROM part WHERE number = ? AND conversation = ?"
      ),
      trimmer_(database, rows_),
      failures_(database) {}

void archive_writer::trim(const change& change, const entry* stored) {
    const bool is_live = stored && stored->archived != 0;
    trimmer_.trim(change, is_live ? stored->archived : rows_.find_ended(change.id));
}

void archive_writer::write(const archived_failure& failed, const entry* stored) {
    const bool is_live = stored && stored->archived != 0;
    if (records_ && (is_live || rows_.find_ended(failed.id) != 0)) failures_.append(failed);
}

std::int64_t archive_writer::write(const change& change, const entry* stored) {
    const std::int64_t newest = stored ? stored->archived : 0;
    const bool is_recorded = records_ && change.commit != nullptr;
    if (change.kind != change_kind::remove) {
        if (is_recorded) return append(change, stored);
        if (records_ && !stored) check_has_not_ended(change);
        return newest;
    }
    if (change.forgets) {
        forget(change.id, newest);
        return 0;
    }
    if (!stored) return 0;
    const std::int64_t last = is_recorded ? append(change, stored) : newest;
    newest_.erase(change.id);
    if (last != 0) keep_history(change.id, last);
    return last;
}

void archive_writer::on_commit() {
    in_batch_.clear();
    newest_.trim();
    deletes_rows_ = false;
}

void archive_writer::on_rollback() {
    for (const auto* id : in_batch_)
        newest_.erase(*id);
    in_batch_.clear();
    deletes_rows_ = false;
}

/// Throws store_conflict if the archive has a head with this number or a higher one: a number is
/// used once.
void archive_writer::check_is_new(const change& change, std::uint64_t newest) {
    if (change.revision > newest) return;
    throw store_conflict(
        "conversation " + change.id + " has a head " + std::to_string(newest) +
        " in the archive, and revision " + std::to_string(change.revision) + " is not above it"
    );
}

/// The same for a conversation that is stored again after it has ended.
void archive_writer::check_has_not_ended(const change& change) {
    if (const auto row = rows_.find_ended(change.id); row != 0)
        check_is_new(change, read(change.id, row).number);
}

void archive_writer::keep_history(const std::string& id, std::int64_t archived) {
    const std::uint64_t sum = ended_checksum(id, as_unsigned(archived));
    put_ended_.run(id, archived, as_sql(sum));
}

/// Appends the head of a commit. Returns its row.
std::int64_t archive_writer::append(const change& change, const entry* stored) {
    const archived_commit& commit = *change.commit;
    in_batch_.push_back(&change.id);
    bool is_gap = false;
    newest_head& head = find_newest(change.id, stored, is_gap);
    check_is_new(change, head.number);

    const bool is_incomplete = is_gap && !commit.is_whole;
    const std::vector<part> completed =
        is_incomplete ? complete(commit, change.id, stored) : std::vector<part>();
    const std::vector<part>& written = is_incomplete ? completed : commit.written;
    const bool has_all = is_gap || commit.is_whole;
    part_changes changes = find_changes(head.parts, written, has_all ? nullptr : &commit.dropped);
    const std::int64_t previous = head.row;
    head.row = next_row(previous);
    const auto body = add_bodies(change.id, written, head, changes);
    apply(head.parts, changes);

    // A head that changes no part counts too, so that a chain has an end.
    head.changed += std::max<std::uint64_t>(changes.size(), 1);
    if (is_gap || head.changed >= std::max<std::uint64_t>(shortest_chain, head.parts.size())) {
        changes = {head.parts.parts(), {}};
        head.changed = 0;
    }
    head.number = change.revision;
    add_head(change.id, previous, commit, changes, body, head);
    newest_.recount(head);

    const std::int64_t row = head.row;
    add_aliases(change.id, commit.aliases);
    if (commit.origin)
        put_derivation_.run(change.id, commit.origin->id, as_sql(commit.origin->head));
    return row;
}

/// A row above `lowest`. Rows are numbered here, because a head lists its own row if that has the
/// body of a part. The last row may have been lost, but a chain never continues in the same row.
/// The numbers of a batch that was refused are left out. They may have been those of deleted rows,
/// which a reader of `commits_after` has passed already.
std::int64_t archive_writer::next_row(std::int64_t lowest) {
    if (next_row_ == 0) {
        last_row_.bind_all();
        while (last_row_.next())
            next_row_ = last_row_.number(0) + 1;
    }
    next_row_ = std::max(next_row_, lowest + 1);
    return next_row_++;
}

/// `head.sum` is the digest of the head before, and becomes the digest of this one.
void archive_writer::add_head(
    const std::string& id,
    std::int64_t previous,
    const archived_commit& commit,
    const part_changes& changes,
    std::optional<std::string_view> body,
    newest_head& head
) {
    const head_content content{
        id,
        head.number,
        commit.parent,
        commit.time,
        commit.event,
        commit.about,
        head.changed == 0,
        changes
    };
    head.sum = head_digest(rows_.hash(), content, head.sum);
    std::optional<std::int64_t> previous_row;
    if (previous != 0) previous_row = previous;
    const std::string parts = to_json(changes);
    add_head_.run(
        head.row,
        id,
        previous_row,
        as_sql(head.number),
        as_sql(commit.parent),
        commit.time,
        commit.event,
        commit.about,
        parts,
        as_sql(head.changed),
        std::span<const std::uint8_t>(head.sum),
        body
    );
}

/// The newest head of a conversation, in the cache. `is_gap`: the stored conversation is not the
/// state at this head, or the state at this head is not known.
newest_head& archive_writer::find_newest(const std::string& id, const entry* stored, bool& is_gap) {
    std::int64_t row = stored ? stored->archived : 0;
    if (row == 0) {
        row = rows_.find_ended(id);
        if (row != 0) {
            delete_ended_.run(id);
            deletes_rows_ = true;
        }
    }
    newest_head* head = newest_.find(id);
    if (!head || head->row != row)
        head = &newest_.put(id, row == 0 ? newest_head() : read(id, row));
    is_gap = row == 0 || !stored || !head->is_known || head->number != stored->revision;
    head->is_known = true;
    return *head;
}

/// A conversation can be used although its archive is damaged. Its next head has a whole list, so
/// that the damage does not make later heads unreadable.
newest_head archive_writer::read(const std::string& id, std::int64_t row) {
    newest_head head;
    try {
        return rows_.read_parts(id, rows_.read_head(id, rows_.read_link(id, row, nullptr)));
    } catch (const store_refused&) {
        head.is_known = false;
        head.row = row;
        head.sum = rows_.read_digest_of(id, row);
    }
    try {
        head.number = rows_.read_link(id, row, nullptr).number;
    } catch (const store_refused&) {
        head.number = 0;  // the revision of the commit is above the lost number
    }
    return head;
}

/// All parts after a commit that has only the changed ones, with the stored bodies of the others.
std::vector<part> archive_writer::complete(
    const archived_commit& commit,
    const std::string& id,
    const entry* stored
) {
    std::vector<part> all = commit.written;
    const auto add = [&](std::int64_t row) {
        read_part_.bind_all(row, id);
        while (read_part_.next()) {
            part part{std::string(read_part_.text(0)), std::string(read_part_.text(1))};
            const bool is_dropped =
                std::ranges::find(commit.dropped, part.name) != commit.dropped.end();
            const bool has_body = read_part_.type(1) != SQLITE_NULL;
            if (has_body && !is_dropped && !is_in(part.name, commit.written))
                all.push_back(std::move(part));
        }
    };
    if (!stored) return all;
    add(stored->head.row);
    for (const auto& part : stored->other_parts)
        add(part.row);
    return all;
}

/// The parts whose content is not the one in `before`, without rows. `dropped`: the names of the
/// dropped parts; null if `written` has all parts.
part_changes archive_writer::find_changes(
    const part_list& before,
    const std::vector<part>& written,
    const std::vector<std::string>* dropped
) {
    part_changes changes;
    for (const auto& part : written) {
        const digest content = rows_.hash().of(part.body);
        const archived_part* old = before.find(part.name);
        if (!old || old->content != content) changes.written.push_back({part.name, 0, content});
    }
    if (dropped) {
        for (const auto& name : *dropped)
            if (before.find(name)) changes.dropped.push_back(name);
        return changes;
    }
    std::vector<std::string_view> names;
    names.reserve(written.size());
    for (const auto& part : written)
        names.push_back(part.name);
    std::ranges::sort(names);
    for (const auto& part : before.parts())
        if (!std::ranges::binary_search(names, std::string_view(part.name)))
            changes.dropped.push_back(part.name);
    return changes;
}

/// Sets the rows of the changed parts, and appends the bodies that no part of the head before has,
/// except one: returns this one for the row of the head. `written` has the bodies, in the order of
/// the changes.
std::optional<std::string_view> archive_writer::add_bodies(
    const std::string& id,
    const std::vector<part>& written,
    const newest_head& head,
    part_changes& changes
) {
    struct new_part {
        archived_part* part;
        const std::string* body;
    };

    std::vector<new_part> by_content;
    by_content.reserve(changes.written.size());
    auto from = written.begin();
    for (auto& part : changes.written) {
        while (from->name != part.name)
            ++from;
        by_content.push_back({&part, &from->body});
    }
    // Several parts of one commit may have the same content, such as new rows of a table.
    std::ranges::sort(by_content, {}, [](const new_part& each) { return each.part->content; });
    std::optional<std::string_view> of_head;
    const archived_part* last = nullptr;
    for (const auto& [part, body] : by_content) {
        const bool is_repeated = last && last->content == part->content;
        part->row = is_repeated ? last->row : head.parts.row_of(part->content);
        last = part;
        if (part->row != 0) continue;
        if (!of_head) {
            of_head = *body;
            part->row = head.row;
        } else {
            part->row = next_row(head.row);
            add_body_.run(part->row, id, *body);
        }
    }
    return of_head;
}

void archive_writer::add_aliases(const std::string& id, const std::vector<std::string>& names) {
    for (const auto& name : names) {
        std::string owner;
        find_alias_.bind_all(name);
        while (find_alias_.next())
            owner = find_alias_.text(0);
        if (owner.empty())
            add_alias_.run(name, id);
        else if (owner != id)
            refuse_alias(id, name, owner);
    }
}

/// Deletes all that the archive has of a conversation.
void archive_writer::forget(const std::string& id, std::int64_t newest) {
    deletes_rows_ = true;
    newest_.erase(id);
    try {
        if (newest == 0) newest = rows_.find_ended(id);
        delete_chain(id, newest);
    } catch (const store_refused&) {
        delete_all_rows_.run(id);  // reads the whole table, because the chain is damaged
    }
    delete_base_.run(id);
    delete_ended_.run(id);
    delete_aliases_.run(id);
    delete_derivations_.run(id);
    failures_.erase(id);
}

/// Deletes the heads from this row on and the trimmed state, with the bodies that they list.
void archive_writer::delete_chain(const std::string& id, std::int64_t row) {
    std::optional<head_link> after;
    const auto base = rows_.find_base(id);
    if (base)
        for (const auto& part : base->parts.written)
            delete_row_.run(part.row, id);
    const std::int64_t end = base ? base->row : 0;
    while (row != end && row != 0) {
        const head_link link = rows_.read_link(id, row, after ? &*after : nullptr);
        const head_row head = rows_.read_head(id, link);
        for (const auto& part : head.parts.written)
            delete_row_.run(part.row, id);
        delete_row_.run(row, id);
        after = link;
        row = head.previous;
    }
}

}  // namespace stube::storage
