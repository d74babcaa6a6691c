#include "store/contract_trial.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <ranges>
#include <utility>

namespace stube::store_contract {

using namespace storage;
namespace {

contents load(store& opened) {
    contents found;
    const load_report report = opened.load_all([&](record&& loaded) {
        const std::string id = loaded.id;
        const bool is_new = found.emplace(id, in_order(std::move(loaded))).second;
        expect(is_new, "load_all passed " + id + " twice");
    });
    expect(report.loaded == found.size(), "load_report::loaded is not the number of records");
    for (const auto& bad : report.quarantined)
        expect(false, "load_all could not read " + bad.id + ": " + bad.why);
    return found;
}

std::string named(const batch& changes) {
    std::string ids;
    for (const auto& change : changes)
        ids += (ids.empty() ? "" : ", ") + change.id.substr(0, 70) + " revision " +
               std::to_string(change.revision);
    return "[" + ids + "]";
}

/// Not `"i" + std::to_string(n)`: for that, g++ 12 gives a false warning.
std::string numbered(const char* text, unsigned long number) {
    return std::string(text).append(std::to_string(number));
}

void compare_head(
    const std::string& id,
    const archived_head& found,
    const archived_head& expected
) {
    const std::string name = "head " + std::to_string(expected.number) + " of " + id;
    expect(found.number == expected.number, name + " is " + std::to_string(found.number));
    expect(found.parent == expected.parent, name + " has another parent");
    expect(found.time == expected.time, name + " has another time");
    expect(found.event == expected.event, name + " has another event");
    expect(found.about == expected.about, name + " has another `about`");
}

void compare_state(archive& from, const std::string& id, const archived_state& expected) {
    auto found = from.state(id, expected.head.number);
    const std::string name = "head " + std::to_string(expected.head.number) + " of " + id;
    expect(found.has_value(), name + " has no state");
    compare_head(id, found->head, expected.head);
    std::ranges::sort(found->parts, {}, &part::name);
    expect(found->parts == expected.parts, name + " has other parts");
}

/// Applies a commit to the state before it, and compares the result with the model.
void repeat(const logged_commit& commit, contents& repeated, const archived_state& expected) {
    const std::string& id = commit.id;
    expect(commit.damage.empty(), "a commit of " + id + " is damaged");
    compare_head(id, commit.head, expected.head);
    change next = replacing(id, commit.head.number, commit.written);
    next.dropped = commit.dropped;
    if (!commit.is_whole) next.kind = change_kind::update;
    apply_change(repeated, next);
    expect(
        repeated[id].parts == in_order({id, 0, {}, expected.parts}).parts,
        id + " has other parts after its commits were repeated"
    );
}

/// Repeats the commits of one conversation from the head with this index on.
void compare_commits(
    archive& from,
    const std::string& id,
    const std::vector<archived_state>& heads,
    std::size_t first
) {
    const auto commits = from.commits_of(id, heads[first].head.number);
    expect(commits.size() == heads.size() - first, id + " has another number of commits");
    expect(commits.front().is_whole, "the first commit of " + id + " has no whole list");
    contents repeated;
    for (std::size_t i = 0; i < commits.size(); ++i) {
        expect(commits[i].id == id, "a commit of another conversation than " + id);
        repeat(commits[i], repeated, heads[first + i]);
    }
}

}  // namespace

void expect(bool is_true, const std::string& violation) {
    if (!is_true) throw broken(violation);
}

archive* trial::archived() const {
    return archive_of(*store_);
}

void trial::save(const batch& changes) {
    try {
        store_->save(changes);
    } catch (const std::exception& error) {
        throw broken(named(changes) + " was not saved: " + error.what());
    }
    for (const auto& change : changes) {
        apply_commit(archive_model_, model_, change);
        apply_change(model_, change);
    }
}

void trial::expect_refused(const batch& changes) {
    try {
        store_->save(changes);
    } catch (const store_refused&) {
        return;
    }
    expect(false, named(changes) + " was not refused with store_refused");
}

void trial::expect_conflict(const batch& changes) {
    if (!keeps()) return;
    try {
        store_->save(changes);
    } catch (const store_conflict&) {
        return;
    }
    expect(false, named(changes) + " was not refused with store_conflict");
}

void trial::restart() {
    store_.reset();
    start();
    if (store_->keeps())
        compare();
    else
        model_.clear();
    if (archived()) compare_archive(false);
}

contents trial::stored_after_restart() {
    store_.reset();
    start();
    return found_;
}

void trial::start() {
    store_ = tested_.open();
    expect(store_ != nullptr, "open returned null");
    found_ = load(*store_);
}

void trial::compare() const {
    for (const auto& [id, expected] : model_) {
        const auto stored = found_.find(id);
        expect(stored != found_.end(), id + " is lost");
        expect(stored->second.revision == expected.revision, id + " has another revision");
        expect(stored->second.status == expected.status, id + " has another status");
        expect(stored->second.parts == expected.parts, id + " has other parts");
    }
    for (const auto& [id, stored] : found_)
        expect(model_.contains(id), id + " is stored but should not be");
}

void trial::compare_archive(bool with_all_states) const {
    archive& from = *archived();
    for (const auto& [id, expected] : archive_model_) {
        const auto found =
            from.heads(id, std::numeric_limits<std::uint64_t>::max(), expected.heads.size() + 1);
        expect(found.size() == expected.heads.size(), id + " has another number of heads");
        for (std::size_t i = 0; i < found.size(); ++i)
            compare_head(id, found[i], expected.heads[found.size() - 1 - i].head);
        const std::size_t step = with_all_states ? 1 : expected.heads.size() / 3 + 1;
        for (std::size_t i = 0; i < expected.heads.size(); i += step)
            compare_state(from, id, expected.heads[i]);
        if (!expected.heads.empty()) {
            compare_state(from, id, expected.heads.back());
            compare_commits(from, id, expected.heads, 0);
            compare_commits(from, id, expected.heads, expected.heads.size() / 2);
        }

        expect(from.aliases(id) == expected.aliases, id + " has other aliases");
        for (const auto& name : expected.aliases)
            expect(from.find_alias(name) == id, "the alias " + name + " is lost");
        const auto derived = from.derivations(id);
        const bool is_fork = std::ranges::find(derived, id, &derivation::id) != derived.end();
        expect(is_fork == expected.origin.has_value(), id + " has another origin");
        for (const auto& each : derived) {
            const auto fork = archive_model_.find(each.id);
            expect(
                fork != archive_model_.end() && fork->second.origin == each.origin,
                id + " has a derivation that was not saved"
            );
        }
    }
    compare_log();
}

/// Repeats all commits, read in pages, and compares the states with those of the model.
void trial::compare_log() const {
    archive& from = *archived();
    contents repeated;
    std::map<std::string, std::size_t> counts;
    std::uint64_t position = 0;
    for (auto page = from.commits_after(0, 7); !page.empty();
         page = from.commits_after(position, 7)) {
        expect(page.size() <= 7, "a page of commits is longer than was asked for");
        for (const auto& commit : page) {
            expect(commit.position > position, "the positions of the commits do not rise");
            position = commit.position;
            const auto expected = archive_model_.find(commit.id);
            const std::size_t index = counts[commit.id]++;
            expect(
                expected != archive_model_.end() && index < expected->second.heads.size(),
                commit.id + " has a commit that was not saved"
            );
            repeat(commit, repeated, expected->second.heads[index]);
        }
    }
    for (const auto& [id, expected] : archive_model_)
        expect(counts[id] == expected.heads.size(), id + " has another number of commits");
}

batch random_changes::next(const contents& model) {
    std::map<std::string, change> by_id;
    for (unsigned count = between(1, 12); count > 0; --count) {
        std::string id = numbered("c", between(1, 30));
        by_id.insert_or_assign(id, next_change(id, model));
    }
    batch changes;
    changes.reserve(by_id.size());
    for (auto& [id, change] : by_id) {
        if (with_commits_ && between(0, 4) != 0) add_commit(change, model);
        changes.push_back(std::move(change));
    }
    return changes;
}

unsigned random_changes::between(unsigned low, unsigned high) {
    return std::uniform_int_distribution<unsigned>(low, high)(random_);
}

std::string random_changes::body() {
    const std::size_t length = between(0, between(0, 9) == 0 ? 9000 : 300);
    return numbered("{\"n\":", random_()) + ",\"t\":\"" + std::string(length, 'x') + "\"}";
}

std::vector<part> random_changes::some_parts(bool with_head) {
    std::vector<part> parts;
    for (unsigned i = 1; i <= 6; ++i)
        if (between(0, 2) == 0) parts.push_back({numbered("i", i), body()});
    if (with_head) parts.push_back({"head", body()});
    return parts;
}

/// One in ten is a removal, one a replacement, one a tombstone, and one has no head.
change random_changes::next_change(const std::string& id, const contents& model) {
    const auto stored = model.find(id);
    const unsigned choice = between(0, 9);
    if (choice == 0) return removing(id);
    const std::uint64_t revision = between(1, 3);
    change next = creating(id, revision, some_parts(choice != 3));
    if (choice == 2) next.status = record_status::tombstone;
    auto& highest = highest_[id];
    if (with_commits_ || stored != model.end()) next.revision += highest;
    highest = next.revision;
    if (stored == model.end()) return next;
    next.kind = choice == 1 || !with_updates_ ? change_kind::replace : change_kind::update;
    if (next.kind == change_kind::update) drop_some(next);
    return next;
}

void random_changes::drop_some(change& change) {
    for (unsigned i = 7; i > 0; --i) {
        const std::string name = numbered("i", i);
        const bool is_written = std::ranges::count(change.written, name, &part::name) > 0;
        if (!is_written && between(0, 3) == 0) change.dropped.push_back(name);
    }
}

/// Half of the commits of updates have all parts. One in three removals forgets the conversation.
void random_changes::add_commit(change& change, const contents& model) {
    if (change.kind == change_kind::remove && between(0, 2) == 0) {
        change.forgets = true;
        return;
    }
    const auto stored = model.find(change.id);
    archived_commit commit;
    commit.parent = between(0, 5);
    commit.time = ++time_;
    commit.event = numbered("{\"event\":", random_()) + "}";
    commit.about = numbered("{\"about\":", random_()) + "}";
    if (change.kind == change_kind::create && between(0, 3) == 0)
        commit.origin = fork_origin{numbered("c", between(1, 30)), between(1, 9)};
    if (between(0, 9) == 0)
        commit.aliases.push_back(change.id + numbered(" alias ", between(1, 3)));
    commit.is_whole = change.kind != change_kind::update || between(0, 1) == 0;
    if (commit.is_whole) {
        contents after;
        if (stored != model.end()) after.insert(*stored);
        if (change.kind != change_kind::remove) apply_change(after, change);
        if (after.contains(change.id)) commit.written = after.at(change.id).parts;
    } else {
        commit.written = change.written;
        commit.dropped = change.dropped;
    }
    if (change.kind == change_kind::remove) change.revision = ++highest_[change.id];
    change.commit = std::make_shared<const archived_commit>(std::move(commit));
}

}  // namespace stube::store_contract
