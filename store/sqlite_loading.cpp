#include "store/sqlite_loading.hpp"

#include "store/checksum.hpp"

#include <stdexcept>

namespace stube {
namespace {

/// The columns of the loading query.
namespace column {
enum which : int {
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
};
}  // namespace column

constexpr const char* all_rows =
    "SELECT number, conversation, name, revision, saved, checksum, status, parts, checksum_of_all,"
    " body FROM part ORDER BY number";

std::uint64_t natural(const sqlite_statement& row, column::which which) {
    return static_cast<std::uint64_t>(row.number(which));
}

/// Types are asked for before values, because reading a value as text makes text of it.
void check_types(const sqlite_statement& row) {
    if (row.type(column::conversation) != SQLITE_TEXT)
        throw std::invalid_argument("an id is not text");
    if (row.type(column::name) != SQLITE_TEXT)
        throw std::invalid_argument("the name of a part is not text");
    for (column::which each : {column::revision, column::saved, column::checksum_of_part})
        if (row.type(each) != SQLITE_INTEGER)
            throw std::invalid_argument("a number of a part is not a whole number");
    int tells = row.type(column::checksum_of_all);
    bool is_head = row.text(column::name) == "head";
    if (tells != SQLITE_INTEGER && (is_head || tells != SQLITE_NULL))
        throw std::invalid_argument("a number of a part is not a whole number");
    int type = row.type(column::body);
    if (type != SQLITE_TEXT && !(type == SQLITE_NULL && is_head))
        throw std::invalid_argument("the body of a part is not text");
}

}  // namespace

std::string_view status_text(keeping status) {
    return status == keeping::kept ? "kept" : "not_kept";
}

void sqlite_loading::read_all(sqlite_connection& from) {
    sqlite_statement rows(from.handle(), all_rows);
    while (rows.next())
        add_row(rows);
    if (!current_.rows.empty()) finish(current_);
    for (auto& each : waiting_)
        finish(each.second);
}

void sqlite_loading::add_row(const sqlite_statement& row) {
    bool has_id = row.type(column::conversation) == SQLITE_TEXT;
    gathered& to = gathering_of(has_id ? row.text(column::conversation) : std::string_view());
    to.rows.push_back(row.number(column::number));
    try {
        add_part(row, to);
    } catch (const std::invalid_argument& bad) {
        to.why = bad.what();
    }
    if (!is_complete(to)) return;
    if (&to == &current_) {
        finish(current_);
        current_ = {};
    } else {
        auto at = waiting_.find(to.one.id);
        finish(at->second);
        waiting_.erase(at);
    }
}

/// Most conversations lie in one piece, so that the others need not cost them a search.
sqlite_loading::gathered& sqlite_loading::gathering_of(std::string_view id) {
    if (!current_.rows.empty() && current_.one.id == id) return current_;
    if (!current_.rows.empty()) {
        std::string key = current_.one.id;
        waiting_.insert_or_assign(std::move(key), std::move(current_));
        current_ = {};
    }
    if (!waiting_.empty()) {
        auto found = waiting_.find(std::string(id));
        if (found != waiting_.end()) return found->second;
    }
    current_.one.id = id;
    return current_;
}

void sqlite_loading::add_part(const sqlite_statement& row, gathered& to) {
    check_types(row);
    std::string_view called = row.text(column::name);
    std::optional<std::string_view> text;
    if (row.type(column::body) != SQLITE_NULL) text = row.text(column::body);
    std::uint64_t sum = part_checksum(
        to.one.id,
        called,
        natural(row, column::revision),
        natural(row, column::saved),
        text
    );
    if (sum != natural(row, column::checksum_of_part))
        throw std::invalid_argument(
            "part \"" + std::string(called) + "\" is damaged: its checksum is another"
        );
    to.saved = std::max(to.saved, natural(row, column::saved));
    to.known.of_parts ^= sum;
    // The row that was written last tells of the whole.
    std::uint64_t revision = natural(row, column::revision);
    if (row.type(column::checksum_of_all) != SQLITE_NULL && revision >= to.known.revision) {
        to.known.revision = revision;
        to.known.of_all = natural(row, column::checksum_of_all);
    }
    stored_part part{stube::checksum(called), row.number(column::number), sum};
    if (called == "head") {
        if (to.known.head.row != 0) throw std::invalid_argument("it has two heads");
        to.known.head = part;
        add_head(row, to);
    } else {
        if (to.known.find(part.name)) throw std::invalid_argument("a part is there twice");
        to.known.put(part);
    }
    if (text) to.one.parts.push_back({std::string(called), std::string(*text)});
}

void sqlite_loading::add_head(const sqlite_statement& row, gathered& to) {
    std::string_view kept = row.text(column::status);
    to.known.status = kept == "kept" ? keeping::kept : keeping::not_kept;
    if (kept != status_text(to.known.status)) throw std::invalid_argument("its status is unknown");
    to.parts = natural(row, column::parts);
    to.one.status = to.known.status;
}

bool sqlite_loading::is_complete(const gathered& one) {
    return one.why.empty() && one.known.head.row != 0 && one.known.parts() == one.parts;
}

void sqlite_loading::finish(gathered& one) {
    if (one.why.empty() && one.known.head.row == 0) one.why = "it has no head";
    if (one.why.empty() && one.known.parts() != one.parts)
        one.why = "it has " + std::to_string(one.known.parts()) + " parts, and should have " +
                  std::to_string(one.parts);
    if (one.why.empty() &&
        one.known.of_all !=
            conversation_checksum(one.known.of_parts, one.parts, status_text(one.known.status)))
        one.why = "its parts do not belong together: their checksum is another";
    if (!one.why.empty()) return set_aside(one);
    one.known.others.shrink_to_fit();
    one.one.revision = one.known.revision;
    std::uint64_t of_all = one.known.of_all;
    if (!entries_.try_emplace(one.one.id, std::move(one.known)).second) return set_aside(one);

    saved_ = std::max(saved_, one.saved);
    checksum_ ^= of_all;
    ++loaded_;
    each_(record(std::move(one.one)));
}

void sqlite_loading::set_aside(gathered& one) {
    if (entries_.contains(one.one.id)) one.why = "rows beside a conversation that is complete";
    try {
        check_id(one.one.id);
    } catch (const std::invalid_argument&) {
        one.one.id.clear();
    }
    bad_.push_back({std::move(one.one.id), std::move(one.why), std::move(one.rows)});
}

}  // namespace stube
