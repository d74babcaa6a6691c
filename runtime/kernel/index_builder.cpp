#include "runtime/kernel/index_builder.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/decoder.hpp"

#include <stube/runtime/awaiting.hpp>

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace stube::kernel {

using namespace storage;

namespace {

/// The number of instances that the builder remembers, of all conversations together.
constexpr std::size_t most_instances = 200'000;

/// The instance of a part; 0 for a head and for an older version.
instance_id current_instance(std::string_view part_name) {
    instance_id id = 0;
    if (!part_name.starts_with('i')) return 0;
    const auto* end = part_name.data() + part_name.size();
    return std::from_chars(part_name.data() + 1, end, id).ptr == end ? id : 0;
}

/// True if the commit leaves no parts: it has ended the conversation.
bool is_end(const logged_commit& commit) {
    if (commit.is_whole) return commit.written.empty();
    return std::ranges::find(commit.dropped, "head") != commit.dropped.end();
}

/// Adds the facts of an instance.
void add_values(const instance& of, std::vector<index_fact>& to) {
    if (!of.type->indexed_values) return;
    const std::string component(of.type->name);
    to.push_back({component, {}, of.id, index_value(std::int64_t(1))});
    auto values = of.type->indexed_values(of.state.get());
    for (std::size_t i = 0; i < values.size(); ++i)
        to.push_back({component, std::string(of.type->indexed[i]), of.id, std::move(values[i])});
}

/// Ends the facts of an instance.
void add_end_of_values(const component_type& type, instance_id id, std::vector<index_fact>& to) {
    if (!type.indexed_values) return;
    const std::string component(type.name);
    to.push_back({component, {}, id, {}});
    for (const auto member : type.indexed)
        to.push_back({component, std::string(member), id, {}});
}

index_facts all_facts(const conversation& of, std::uint64_t head) {
    index_facts out{of.id, head, true, {}};
    of.instances.each([&](const instance_ptr& each) { add_values(*each, out.facts); });
    return out;
}

std::int64_t since_epoch(time_point at) {
    return at.time_since_epoch().count();
}

}  // namespace

index_schema known_index_schema() {
    index_schema out;
    for (const auto* type : known_components()) {
        if (!type->durable()) continue;
        out.push_back(
            {std::string(type->name), type->version, {type->indexed.begin(), type->indexed.end()}}
        );
    }
    return out;
}

index_builder::index_builder(source from, std::function<void(const std::string&)> warn)
    : from_(std::move(from)), warn_(std::move(warn)) {}

index_batch index_builder::next(std::span<const logged_commit> commits) {
    batch_ = {};
    rows_.clear();
    for (const auto& commit : commits)
        add(commit);
    evict();
    return std::move(batch_);
}

void index_builder::discard() {
    instances_ = 0;
    recent_.clear();
    by_id_.clear();
}

void index_builder::add(const logged_commit& commit) {
    if (!commit.damage.empty()) {
        warn_("a commit is not in the query index: " + commit.damage);
        return erase(commit.id);
    }
    try {
        auto* known = find(commit.id);
        is_end(commit) ? add_end(commit, known) : add_state(commit, known);
    } catch (const store_damaged& error) {
        skip(commit, commit.id, error.what());
    } catch (const store_refused&) {  // a later attempt may succeed
        throw;
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const unknown_component& error) {
        skip(commit, error.component(), error.what());
    } catch (const newer_shape& error) {
        skip(commit, error.component(), error.what());
    } catch (const bad_state& error) {
        skip(commit, error.component(), error.what());
    } catch (...) {  // a codec or a constructor may throw anything
        skip(commit, commit.id, current_exception_message().c_str());
    }
}

/// `cause`: the component or conversation that is named in one warning only.
void index_builder::skip(const logged_commit& commit, const std::string& cause, const char* why) {
    erase(commit.id);
    if (warned_.insert(cause).second)
        warn_("conversation " + commit.id + " is not up to date in the query index: " + why);
}

std::optional<index_row> index_builder::find_row(const std::string& id) const {
    const auto found = rows_.find(id);
    return found != rows_.end() ? batch_.rows[found->second] : from_.row(id);
}

/// The rows of a batch are in the order in which the conversations first occur.
void index_builder::put_row(const logged_commit& commit, const index_row& row) {
    const auto [found, is_new] = rows_.try_emplace(commit.id, batch_.rows.size());
    if (is_new)
        batch_.rows.push_back(row);
    else
        batch_.rows[found->second] = row;
    batch_.watermark = {commit.position, commit.head.digest};
}

/// The state after a commit, of an unknown conversation or from a whole list of parts.
conversation index_builder::state_of(const logged_commit& commit) const {
    conversation out;
    out.id = commit.id;
    if (commit.is_whole) {
        apply_commit(out, commit.head.about, commit.written, {});
    } else if (const auto state = from_.state_at(commit.position)) {
        apply_commit(out, commit.head.about, state->parts, {});
    } else {
        throw decode_error("the state of a commit is missing");
    }
    return out;
}

void index_builder::add_state(const logged_commit& commit, tracked* known) {
    if (known && !commit.is_whole) return add_changes(commit, *known);
    auto row = known ? std::optional(known->row) : find_row(commit.id);
    if (!row && !is_used(commit.head.about)) return;
    tracked next{commit.id, state_of(commit), std::move(row).value_or(index_row())};
    auto facts = all_facts(next.value, commit.head.number);
    add_row(commit, next);
    batch_.facts.push_back(std::move(facts));
    put(std::move(next));
}

void index_builder::add_changes(const logged_commit& commit, tracked& known) {
    index_facts facts{commit.id, commit.head.number, false, {}};
    std::vector<std::pair<instance_id, const component_type*>> before;
    const auto remember = [&](std::string_view name) {
        const auto id = current_instance(name);
        if (const auto* found = known.value.instances.find(id))
            before.emplace_back(id, found->type);
    };
    for (const auto& part : commit.written)
        remember(part.name);
    for (const auto& name : commit.dropped)
        remember(name);
    apply_commit(known.value, commit.head.about, commit.written, commit.dropped);
    count(known);
    for (const auto& [id, type] : before) {
        const auto* now = known.value.instances.find(id);
        if (!now || now->type != type) add_end_of_values(*type, id, facts.facts);
    }
    for (const auto& part : commit.written)
        if (const auto* now = known.value.instances.find(current_instance(part.name)))
            add_values(*now, facts.facts);
    add_row(commit, known);
    if (!facts.facts.empty()) batch_.facts.push_back(std::move(facts));
}

/// The last commit of a conversation has no state, so the index keeps the one before.
void index_builder::add_end(const logged_commit& commit, const tracked* known) {
    auto row = known ? std::optional(known->row) : find_row(commit.id);
    if (!row) {
        if (!is_used(commit.head.about)) return;
        const auto before = from_.state_at_head(commit.id, commit.head.parent);
        if (!before) return;
        tracked last{commit.id, {}, {}};
        last.value.id = commit.id;
        apply_commit(last.value, before->head.about, before->parts, {});
        add_row(commit, last);
        batch_.facts.push_back(all_facts(last.value, commit.head.number));
        row = last.row;
    }
    row->head = commit.head.number;
    row->since = commit.head.time;
    row->has_ended = true;
    row->awaited.clear();
    put_row(commit, *row);
    erase(commit.id);
}

void index_builder::add_row(const logged_commit& commit, tracked& to) {
    auto& row = to.row;
    const bool is_new = row.id.empty();
    const std::string component(to.value.top().type->name);
    auto awaited = awaited_by(to.value);
    if (is_new || row.has_ended || component != row.component || awaited != row.awaited)
        row.since = commit.head.time;
    row.id = commit.id;
    row.principal = to.value.principal.name;
    row.mount = to.value.mount;
    row.component = component;
    row.step = to.value.step;
    row.head = commit.head.number;
    row.created = since_epoch(to.value.created);
    row.touched = since_epoch(to.value.touched);
    row.has_ended = false;
    row.awaited = std::move(awaited);
    put_row(commit, row);
}

index_builder::tracked* index_builder::find(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second);
    return &recent_.front();
}

void index_builder::put(tracked one) {
    erase(one.id);
    recent_.push_front(std::move(one));
    count(recent_.front());
    by_id_[recent_.front().id] = recent_.begin();
}

void index_builder::erase(const std::string& id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    instances_ -= found->second->counted;
    recent_.erase(found->second);
    by_id_.erase(found);
}

/// Only between batches, because a row of the batch is not in the index yet.
void index_builder::evict() {
    while (instances_ > most_instances) {
        const auto& oldest = recent_.back();
        instances_ -= oldest.counted;
        by_id_.erase(oldest.id);
        recent_.pop_back();
    }
}

/// Counts the instances of a remembered conversation again.
void index_builder::count(tracked& one) {
    instances_ -= one.counted;
    one.counted = one.value.instances.size();
    instances_ += one.counted;
}

}  // namespace stube::kernel
