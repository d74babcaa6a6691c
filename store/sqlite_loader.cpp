#include "store/sqlite_loader.hpp"

#include "store/assert.hpp"
#include "store/checksum.hpp"
#include "store/status_text.hpp"

#include <algorithm>
#include <stdexcept>

namespace stube::storage {
namespace {

/// The columns of the loading query.
namespace column {
enum index : int {
    number,
    conversation,
    name,
    revision,
    saved,
    checksum_of_part,
    status,
    parts,
    checksum_of_all,
    body,
    archived,
};
}  // namespace column

constexpr const char* all_rows =
    "SELECT number, conversation, name, revision, saved, checksum, status, parts, checksum_of_all,"
    " body, NULL FROM part ORDER BY number";

constexpr const char* all_rows_with_archive =
    "SELECT number, conversation, name, revision, saved, checksum, status, parts, checksum_of_all,"
    " body, archived FROM part ORDER BY number";

std::uint64_t natural(const sqlite_statement& row, column::index index) {
    return static_cast<std::uint64_t>(row.number(index));
}

/// Must be called before any value of the row is read, because SQLite converts a value that is read
/// as text.
void check_types(const sqlite_statement& row) {
    if (row.type(column::conversation) != SQLITE_TEXT)
        throw std::invalid_argument("an id is not text");
    if (row.type(column::name) != SQLITE_TEXT)
        throw std::invalid_argument("the name of a part is not text");
    for (const column::index index : {column::revision, column::saved, column::checksum_of_part})
        if (row.type(index) != SQLITE_INTEGER)
            throw std::invalid_argument("a number of a part is not an integer");
    const int type_of_total = row.type(column::checksum_of_all);
    const bool is_head = row.text(column::name) == "head";
    if (type_of_total != SQLITE_INTEGER && (is_head || type_of_total != SQLITE_NULL))
        throw std::invalid_argument("a number of a part is not an integer");
    const int type_of_body = row.type(column::body);
    if (type_of_body != SQLITE_TEXT && !(type_of_body == SQLITE_NULL && is_head))
        throw std::invalid_argument("the body of a part is not text");
}

}  // namespace

void sqlite_loader::read_all(sqlite_connection& database, bool has_archive) {
    sqlite_statement rows(database.handle(), has_archive ? all_rows_with_archive : all_rows);
    while (rows.next())
        add_row(rows);
    if (!current_.rows.empty()) finish(current_);
    for (auto& [id, partial] : waiting_)
        finish(partial);
}

void sqlite_loader::add_row(const sqlite_statement& row) {
    const bool has_id = row.type(column::conversation) == SQLITE_TEXT;
    partial_conversation& partial =
        partial_of(has_id ? row.text(column::conversation) : std::string_view());
    partial.rows.push_back(row.number(column::number));
    try {
        add_part(row, partial);
    } catch (const std::invalid_argument& invalid) {
        partial.why = invalid.what();
    }
    if (!is_complete(partial)) return;
    if (&partial == &current_) {
        finish(current_);
        current_ = {};
    } else {
        const auto found = waiting_.find(partial.content.id);
        STUBE_ASSERT(found != waiting_.end());
        finish(found->second);
        waiting_.erase(found);
    }
}

/// The rows of most conversations are adjacent. `current_` spares these conversations the look-up
/// in the map.
sqlite_loader::partial_conversation& sqlite_loader::partial_of(std::string_view id) {
    if (!current_.rows.empty() && current_.content.id == id) return current_;
    if (!current_.rows.empty()) {
        std::string key = current_.content.id;
        waiting_.insert_or_assign(std::move(key), std::move(current_));
        current_ = {};
    }
    if (!waiting_.empty()) {
        const auto found = waiting_.find(std::string(id));
        if (found != waiting_.end()) return found->second;
    }
    current_.content.id = id;
    return current_;
}

void sqlite_loader::add_part(const sqlite_statement& row, partial_conversation& partial) {
    check_types(row);
    partial.archived = std::max(partial.archived, row.number(column::archived));
    const std::string_view name = row.text(column::name);
    std::optional<std::string_view> body;
    if (row.type(column::body) != SQLITE_NULL) body = row.text(column::body);
    const std::uint64_t sum = part_checksum(
        partial.content.id,
        name,
        natural(row, column::revision),
        natural(row, column::saved),
        body
    );
    if (sum != natural(row, column::checksum_of_part))
        throw std::invalid_argument(
            "part \"" + std::string(name) + "\" is damaged: its checksum does not match"
        );
    partial.last_transaction = std::max(partial.last_transaction, natural(row, column::saved));
    partial.index.parts_checksum ^= sum;
    // Only the newest row has the revision and the checksum of the whole conversation.
    const std::uint64_t revision = natural(row, column::revision);
    if (row.type(column::checksum_of_all) != SQLITE_NULL && revision >= partial.index.revision) {
        partial.index.revision = revision;
        partial.index.total_checksum = natural(row, column::checksum_of_all);
        partial.index.archived = row.number(column::archived);
    }
    if (name == "head") {
        if (partial.index.head.row != 0) throw std::invalid_argument("it has two heads");
        partial.index.head = {row.number(column::number), sum};
        add_head(row, partial);
    } else {
        const stored_part stored{storage::checksum(name), row.number(column::number), sum};
        if (partial.index.find(stored.name_hash))
            throw std::invalid_argument("a part occurs twice");
        partial.index.put(stored);
    }
    if (body) partial.content.parts.push_back({std::string(name), std::string(*body)});
}

void sqlite_loader::add_head(const sqlite_statement& row, partial_conversation& partial) {
    const std::string_view status = row.text(column::status);
    partial.index.status =
        status == status_text(record_status::kept) ? record_status::kept : record_status::tombstone;
    if (status != status_text(partial.index.status))
        throw std::invalid_argument("its status is unknown");
    partial.expected_parts = natural(row, column::parts);
    partial.content.status = partial.index.status;
}

bool sqlite_loader::is_complete(const partial_conversation& partial) {
    return partial.why.empty() && partial.index.head.row != 0 &&
           partial.index.part_count() == partial.expected_parts;
}

void sqlite_loader::finish(partial_conversation& partial) {
    const entry& index = partial.index;
    if (partial.why.empty() && index.head.row == 0) partial.why = "it has no head";
    if (partial.why.empty() && index.part_count() != partial.expected_parts)
        partial.why = "it has " + std::to_string(index.part_count()) + " parts, and should have " +
                      std::to_string(partial.expected_parts);
    if (partial.why.empty() && index.total_checksum != conversation_checksum(
                                                           index.parts_checksum,
                                                           partial.expected_parts,
                                                           status_text(index.status),
                                                           as_unsigned(index.archived)
                                                       ))
        partial.why = "its parts do not belong together: their checksum does not match";
    if (!partial.why.empty()) return reject(partial);
    partial.index.other_parts.shrink_to_fit();
    partial.content.revision = index.revision;
    const std::uint64_t total_checksum = index.total_checksum;
    if (!entries_.try_emplace(partial.content.id, std::move(partial.index)).second)
        return reject(partial);

    last_transaction_ = std::max(last_transaction_, partial.last_transaction);
    checksum_ ^= total_checksum;
    ++loaded_;
    each_(record(std::move(partial.content)));
}

void sqlite_loader::reject(partial_conversation& partial) {
    if (entries_.contains(partial.content.id))
        partial.why = "these rows are beside a complete conversation with the same id";
    try {
        check_id(partial.content.id);
    } catch (const std::invalid_argument&) {
        partial.content.id.clear();
    }
    bad_.push_back(
        {std::move(partial.content.id),
         std::move(partial.why),
         std::move(partial.rows),
         partial.archived}
    );
}

}  // namespace stube::storage
