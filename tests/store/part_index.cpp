#include "part_index.hpp"

#include <functional>
#include <utility>

namespace store_test {

namespace {

const index_schema schema = {{"parts", 1, {"body"}}};

bool deletes_heads(const change& one) {
    return one.kind == change_kind::trim || one.forgets;
}

index_fact fact_of(const std::string& name, std::optional<index_value> value) {
    const auto instance = std::hash<std::string>()(name) >> 2;
    return {"parts", "body", instance, std::move(value)};
}

index_facts facts_of(const logged_commit& commit) {
    index_facts facts{commit.id, commit.head.number, commit.is_whole, {}};
    for (const auto& part : commit.written)
        facts.facts.push_back(fact_of(part.name, part.body.substr(0, 40)));
    for (const auto& name : commit.dropped)
        facts.facts.push_back(fact_of(name, std::nullopt));
    return facts;
}

index_row row_of(const logged_commit& commit) {
    index_row row;
    row.id = commit.id;
    row.component = "parts";
    row.head = commit.head.number;
    row.since = commit.head.time;
    row.awaited = {"user:" + commit.id};
    return row;
}

std::string index_of(const fs::path& database) {
    return database.string() + ".index";
}

}  // namespace

part_index::part_index(const fs::path& database, archive& from)
    : from_(from), index_(std::make_unique<query_index>(index_of(database), schema)) {
    for (const auto& id : index_->begun_deletions())
        end_deletion(id);
    began_again_ = !fits_archive();
    if (began_again_) index_->clear();
    position_ = index_->watermark().position;
}

bool part_index::fits_archive() const {
    const auto last = index_->watermark();
    if (last.position == 0) return true;
    const auto at = from_.commits_after(last.position - 1, 1);
    return !at.empty() && at[0].position == last.position && at[0].head.digest == last.digest;
}

void part_index::catch_up(std::size_t page) {
    for (;;) {
        const auto commits = from_.commits_after(position_, page);
        if (commits.empty()) return;
        index_->apply(batch_of(commits));
        position_ = commits.back().position;
    }
}

index_batch part_index::batch_of(std::span<const logged_commit> commits) const {
    index_batch batch;
    for (const auto& each : commits) {
        CHECK(each.damage.empty());
        std::erase_if(batch.rows, [&](const index_row& row) { return row.id == each.id; });
        batch.rows.push_back(row_of(each));
        batch.facts.push_back(facts_of(each));
    }
    batch.watermark = {commits.back().position, commits.back().head.digest};
    return batch;
}

void part_index::begin_deletions(std::span<const change> batch) {
    std::vector<std::string> ids;
    for (const auto& each : batch)
        if (deletes_heads(each)) ids.push_back(each.id);
    if (!ids.empty()) index_->begin_deletion(ids);
}

void part_index::end_deletions(std::span<const change> batch) {
    for (const auto& each : batch)
        if (deletes_heads(each)) end_deletion(each.id);
}

void part_index::end_deletion(const std::string& id) {
    follow_deletion(*index_, from_, id);
    CHECK(index_->end_deletions({&id, 1}));
}

std::vector<std::string> differences(const fs::path& expected, const fs::path& found) {
    return compare_indexes(index_of(expected), index_of(found), 5);
}

}  // namespace store_test
