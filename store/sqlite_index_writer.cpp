#include "store/sqlite_index_writer.hpp"

#include "store/assert.hpp"
#include "store/sqlite_index_file.hpp"

#include <algorithm>
#include <span>

namespace stube::storage {

index_writer::index_writer(const std::filesystem::path& file)
    : database_(file),
      members_(read_members(database_)),
      begin_(database_.handle(), "BEGIN IMMEDIATE"),
      commit_(database_.handle(), "COMMIT"),
      read_row_(database_.handle(), read_row_by_id),
      add_row_(
          database_.handle(),
          "INSERT INTO conversation(id, principal, mount, component, step, head, created,"
          " touched, since, ended, awaited) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      ),
      change_row_(
          database_.handle(),
          "UPDATE conversation SET principal = ?, mount = ?, component = ?, step = ?,"
          " head = ?, created = ?, touched = ?, since = ?, ended = ?, awaited = ?"
          " WHERE number = ?"
      ),
      add_awaited_(database_.handle(), "INSERT INTO awaited VALUES(?, ?, ?)"),
      delete_awaited_(
          database_.handle(),
          "DELETE FROM awaited WHERE who = ? AND since = ? AND conversation = ?"
      ),
      read_fact_(
          database_.handle(),
          "SELECT value, from_head FROM fact"
          " WHERE conversation = ? AND member = ? AND instance = ?"
      ),
      read_facts_(database_.handle(), "SELECT member, instance FROM fact WHERE conversation = ?"),
      put_fact_(
          database_.handle(),
          "INSERT OR REPLACE INTO fact(conversation, member, instance, value, from_head)"
          " VALUES(?, ?, ?, ?, ?)"
      ),
      delete_fact_(
          database_.handle(),
          "DELETE FROM fact WHERE conversation = ? AND member = ? AND instance = ?"
      ),
      end_fact_(
          database_.handle(),
          "INSERT INTO past_fact(conversation, member, instance, value, from_head, to_head)"
          " SELECT conversation, member, instance, value, from_head, ?4 FROM fact"
          " WHERE conversation = ?1 AND member = ?2 AND instance = ?3"
      ),
      set_state_(database_.handle(), "UPDATE state SET position = ?, digest = ?") {
    configure_index(database_);
    database_.run("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST");
}

void index_writer::apply(const index_batch& batch) {
    in_transaction([&] {
        for (const auto& row : batch.rows)
            write_row(row);
        for (const auto& facts : batch.facts)
            write_facts(facts);
        set_state_.run(
            as_sql(batch.watermark.position),
            std::span<const std::uint8_t>(batch.watermark.digest)
        );
    });
}

void index_writer::begin_deletion(std::span<const std::string> ids) {
    database_.run("PRAGMA synchronous = FULL");
    in_transaction([&] {
        for (const auto& id : ids)
            sqlite_statement(database_.handle(), "INSERT OR IGNORE INTO deletion VALUES(?)")
                .run(id);
    });
    database_.run("PRAGMA synchronous = NORMAL");
}

bool index_writer::end_deletions(std::span<const std::string> ids) {
    if (!truncate_log()) return false;
    in_transaction([&] {
        for (const auto& id : ids)
            sqlite_statement(database_.handle(), "DELETE FROM deletion WHERE conversation = ?")
                .run(id);
    });
    return true;
}

/// Does not wait for readers. Returns false if one of them still needs the log.
bool index_writer::truncate_log() {
    database_.set_patience(std::chrono::milliseconds(0));
    const bool is_busy = database_.number("PRAGMA wal_checkpoint(TRUNCATE)") != 0;
    database_.set_patience(sqlite_connection::usual_patience);
    return !is_busy;
}

/// The past values that held only before the head are deleted, and the others begin with it.
void index_writer::trim(std::string_view id, std::uint64_t first_head, std::int64_t time) {
    const auto first = as_sql(first_head);
    deleting([&] {
        const auto [number, row] = find(id);
        const auto run = [&](const char* sql, std::int64_t value) {
            sqlite_statement(database_.handle(), sql).run(number, value);
        };
        run("DELETE FROM past_fact WHERE conversation = ?1 AND to_head <= ?2", first);
        run("UPDATE past_fact SET from_head = ?2 WHERE conversation = ?1 AND from_head < ?2",
            first);
        run("UPDATE fact SET from_head = ?2 WHERE conversation = ?1 AND from_head < ?2", first);
        run("UPDATE conversation SET since = ?2 WHERE number = ?1 AND since < ?2", time);
        if (row.since >= time) return;
        for (const auto& who : row.awaited) {
            delete_awaited_.run(who, row.since, number);
            add_awaited_.run(who, time, number);
        }
    });
}

void index_writer::forget(std::string_view id) {
    deleting([&] {
        const auto [number, row] = find(id);
        for (const auto& who : row.awaited)
            delete_awaited_.run(who, row.since, number);
        for (const char* table : {"past_fact", "fact"})
            sqlite_statement(
                database_.handle(),
                (std::string("DELETE FROM ") + table + " WHERE conversation = ?").c_str()
            )
                .run(number);
        sqlite_statement(database_.handle(), "DELETE FROM conversation WHERE number = ?")
            .run(number);
    });
}

std::pair<std::int64_t, index_row> index_writer::find(std::string_view id) {
    std::pair<std::int64_t, index_row> out;
    read_row_.bind_all(id);
    while (read_row_.next())
        out = {read_row_.number(0), row_in(read_row_, 1)};
    return out;
}

void index_writer::write_row(const index_row& row) {
    auto [number, before] = find(row.id);
    const std::string joined = join_names(row.awaited);
    const auto ended = static_cast<std::int64_t>(row.has_ended);
    if (number == 0) {
        add_row_.run(
            row.id,
            row.principal,
            row.mount,
            row.component,
            as_sql(row.step),
            as_sql(row.head),
            row.created,
            row.touched,
            row.since,
            ended,
            joined
        );
        number = database_.last_row();
    } else {
        change_row_.run(
            row.principal,
            row.mount,
            row.component,
            as_sql(row.step),
            as_sql(row.head),
            row.created,
            row.touched,
            row.since,
            ended,
            joined,
            number
        );
    }
    if (row.awaited == before.awaited && row.since == before.since) return;
    for (const auto& who : before.awaited)
        delete_awaited_.run(who, before.since, number);
    for (const auto& who : row.awaited)
        add_awaited_.run(who, row.since, number);
}

void index_writer::write_facts(const index_facts& facts) {
    const std::int64_t conversation = find(facts.id).first;
    STUBE_ASSERT(conversation != 0);
    std::vector<std::pair<std::int64_t, std::int64_t>> kept;
    for (const auto& fact : facts.facts) {
        const auto member = members_.find({fact.component, fact.member});
        if (member == members_.end()) continue;
        const auto instance = as_sql(fact.instance);
        write_fact(conversation, member->second, instance, facts.head, fact.value);
        if (facts.is_whole && fact.value) kept.emplace_back(member->second, instance);
    }
    if (facts.is_whole) end_others(conversation, facts.head, std::move(kept));
}

void index_writer::write_fact(
    std::int64_t conversation,
    std::int64_t member,
    std::int64_t instance,
    std::uint64_t head,
    const std::optional<index_value>& value
) {
    std::optional<index_value> before;
    std::uint64_t from_head = 0;
    read_fact_.bind_all(conversation, member, instance);
    while (read_fact_.next()) {
        before = value_in(read_fact_, 0);
        from_head = as_unsigned(read_fact_.number(1));
    }
    if (before == value) return;
    // After a trim, a value of a deleted head may seem to begin with this head.
    if (before && from_head < head) end_fact_.run(conversation, member, instance, as_sql(head));
    if (!value) return delete_fact_.run(conversation, member, instance);
    put_fact_.bind_all(conversation, member, instance);
    bind_value(put_fact_, 4, *value);
    put_fact_.bind(5, as_sql(head));
    while (put_fact_.next()) {
    }
}

void index_writer::end_others(
    std::int64_t conversation,
    std::uint64_t head,
    std::vector<std::pair<std::int64_t, std::int64_t>> kept
) {
    std::ranges::sort(kept);
    std::vector<std::pair<std::int64_t, std::int64_t>> others;
    read_facts_.bind_all(conversation);
    while (read_facts_.next()) {
        const std::pair one(read_facts_.number(0), read_facts_.number(1));
        if (!std::ranges::binary_search(kept, one)) others.push_back(one);
    }
    for (const auto& [member, instance] : others)
        write_fact(conversation, member, instance, head, std::nullopt);
}

}  // namespace stube::storage
