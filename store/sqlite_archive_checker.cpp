#include "store/sqlite_archive_checker.hpp"

#include "store/sqlite_format.hpp"

#include <optional>
#include <utility>

namespace stube::storage {
namespace {

constexpr std::size_t most_faults = 100;

}  // namespace

archive_checker::archive_checker(sqlite_connection& database, const std::filesystem::path& file)
    : database_(database), rows_(database, file) {}

archive_check archive_checker::check(check_depth depth) {
    depth_ = depth;
    database_.run("BEGIN");
    read_stored();
    const newest_rows newest = find_newest();
    for (const auto& [id, row] : newest)
        if (row != 0) check_chain(id, row);
    check_names(newest, "SELECT conversation, name FROM alias", "has the alias ");
    check_names(newest, "SELECT conversation, source FROM derivation", "is a fork of ");
    check_names(newest, "SELECT source, conversation FROM derivation", "is the origin of ");
    if (depth == check_depth::deep)
        found_.garbage =
            as_unsigned(database_.number("SELECT count(*) FROM archive")) - needed_rows_;
    read_erasures();
    database_.run("COMMIT");
    return std::move(found_);
}

void archive_checker::read_stored() {
    // The newest row of a conversation has its pointer to the archive.
    sqlite_statement rows(
        database_.handle(),
        "SELECT conversation, archived, max(revision) FROM part WHERE checksum_of_all NOT NULL"
        " GROUP BY conversation"
    );
    rows.bind_all();
    while (rows.next())
        stored_.insert_or_assign(
            std::string(rows.text(0)),
            stored_pointer{as_unsigned(rows.number(2)), rows.number(1)}
        );
}

archive_checker::newest_rows archive_checker::find_newest() {
    newest_rows newest;
    for (const auto& [id, stored] : stored_)
        if (stored.archived != 0) newest.emplace(id, stored.archived);
    sqlite_statement ended(database_.handle(), "SELECT conversation FROM ended");
    ended.bind_all();
    while (ended.next()) {
        const std::string id(ended.text(0));
        std::int64_t row = 0;
        try {
            row = rows_.find_ended(id);
        } catch (const store_refused& damage) {
            add_fault(id, 0, damage.what());
        }
        newest.emplace(id, row);
    }
    found_.conversations = newest.size();
    return newest;
}

/// Follows the heads of a conversation, the newest first.
void archive_checker::check_chain(const std::string& id, std::int64_t newest) {
    needed_.clear();
    std::optional<head_link> link;
    try {
        const auto base = rows_.find_base(id);
        if (base && depth_ == check_depth::deep) check_bodies(id, base->number, base->parts);
        const std::int64_t end = base ? base->row : 0;
        for (std::int64_t row = newest; row != end; row = link->previous) {
            link = rows_.read_link(id, row, link ? &*link : nullptr);
            ++found_.heads;
            if (row == newest) check_newest(id, *link);
            if (depth_ == check_depth::deep) check_head(id, *link);
        }
    } catch (const store_refused& damage) {
        add_fault(id, link ? link->number : 0, damage.what());
    }
    needed_rows_ += needed_.size();
}

/// The newest head is the stored revision, or an older one if saves were not recorded.
void archive_checker::check_newest(const std::string& id, const head_link& newest) {
    const auto stored = stored_.find(id);
    if (stored == stored_.end() || newest.number <= stored->second.revision) return;
    const std::string revision = std::to_string(stored->second.revision);
    add_fault(id, newest.number, "the stored revision " + revision + " is below this head");
}

/// The digest and the bodies of one head. A damaged head does not hide the heads before it.
void archive_checker::check_head(const std::string& id, const head_link& link) {
    needed_.try_emplace(link.row);
    try {
        check_bodies(id, link.number, rows_.read_head(id, link).parts);
    } catch (const store_refused& damage) {
        add_fault(id, link.number, damage.what());
    }
}

void archive_checker::check_bodies(
    const std::string& id,
    std::uint64_t head,
    const part_changes& parts
) {
    for (const auto& part : parts.written) {
        digest& checked = needed_[part.row];
        if (checked == part.content) continue;
        checked = part.content;
        ++found_.bodies;
        try {
            rows_.read_body(id, head, part);
        } catch (const store_refused& damage) {
            add_fault(id, head, damage.what());
        }
    }
}

/// `query` returns the id of a conversation and the name that belongs to it.
void archive_checker::check_names(
    const newest_rows& newest,
    const char* query,
    std::string_view what
) {
    sqlite_statement names(database_.handle(), query);
    names.bind_all();
    while (names.next()) {
        const std::string id(names.text(0));
        if (newest.contains(id) || stored_.contains(id)) continue;
        std::string why = "the conversation does not exist, but it ";
        add_fault(id, 0, why.append(what).append(names.text(1)));
    }
}

void archive_checker::add_fault(std::string id, std::uint64_t head, std::string why) {
    ++found_.fault_count;
    if (found_.faults.size() < most_faults)
        found_.faults.push_back({std::move(id), head, std::move(why)});
}

void archive_checker::read_erasures() {
    if (!has_table(database_, "erasure")) return;
    sqlite_statement rows(
        database_.handle(),
        "SELECT strftime('%Y-%m-%d %H:%M:%S', time / 1000, 'unixepoch') || ' UTC: ' ||"
        " conversations || ' conversations, ' || archived || ' archived, ' || heads || ' heads'"
        " FROM erasure ORDER BY number"
    );
    rows.bind_all();
    while (rows.next())
        found_.erasures.emplace_back(rows.text(0));
}

}  // namespace stube::storage
