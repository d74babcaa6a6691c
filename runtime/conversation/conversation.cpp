#include "store/assert.hpp"

#include <stube/runtime/conversation.hpp>

#include <algorithm>

namespace stube {

using namespace kernel;

bool conversation::has_applied(event_id event) const {
    return std::ranges::any_of(applied, [&](event_id last) {
        return page_of(last) == page_of(event) && last >= event;
    });
}

void conversation::record_applied(event_id event) {
    if (event == 0) return;
    std::erase_if(applied, [&](event_id last) { return page_of(last) == page_of(event); });
    if (applied.size() == remembered_pages) applied.erase(applied.begin());
    applied.push_back(event);
}

void conversation::advance() {
    ++revision;
    is_head_old = false;
    unseen = false;
}

std::vector<instance_ptr> conversation::stack() const {
    std::vector<instance_ptr> out;
    for (auto member = instances.get(root); member; member = instances.get(member->covered_by))
        out.push_back(member);
    return out;
}

const instance& conversation::first_in_place(const instance& member) const {
    const auto* lowest = &member;
    while (lowest->covers != 0)
        lowest = &instances.at(lowest->covers);
    return *lowest;
}

const instance& conversation::shown_in_place(instance_id first) const {
    const auto* uppermost = &instances.at(first);
    while (uppermost->covered_by != 0)
        uppermost = &instances.at(uppermost->covered_by);
    return *uppermost;
}

bool conversation::is_shown(instance_id wanted) const {
    const auto* shown = instances.find(wanted);
    while (shown && shown->covered_by == 0) {
        if (shown->owner == 0) return true;
        shown = instances.find(shown->owner);
    }
    return false;
}

instance_id conversation::find_above(
    instance_id from,
    const std::function<bool(const member_handler&)>& wanted
) const {
    for (const auto* above = instances.find(from); above && above->caller != 0;) {
        above = instances.find(above->caller);
        if (above && std::ranges::any_of(above->type->handlers, wanted)) return above->id;
    }
    return 0;
}

namespace {

/// Inserts `id` into an ascending list, or removes it.
void set_listed(std::vector<instance_id>& in, instance_id id, bool wanted) {
    const auto position = std::ranges::lower_bound(in, id);
    const bool is_listed = position != in.end() && *position == id;
    if (wanted && !is_listed) in.insert(position, id);
    if (!wanted && is_listed) in.erase(position);
}

using counted_type = std::pair<const component_type*, std::size_t>;

/// Adds `more`, which may be negative, to the number of instances of a type.
void count(std::vector<counted_type>& in, const component_type& type, int more) {
    auto found = std::ranges::lower_bound(in, type.name, {}, [](const counted_type& each) {
        return each.first->name;
    });
    if (found == in.end() || found->first != &type) {
        STUBE_ASSERT(more > 0);
        found = in.insert(found, {&type, 0});
    }
    found->second += static_cast<std::size_t>(more);
    if (found->second == 0) in.erase(found);
}

}  // namespace

void conversation::put(instance_ptr version) {
    const auto* before = instances.find(version->id);
    if (!before || before->type != version->type) {
        if (before) count(shapes, *before->type, -1);
        count(shapes, *version->type, +1);
    }
    set_listed(waiting, version->id, version->waits != nullptr);
    set_listed(not_storable, version->id, !version->type->durable());
    instances.put(std::move(version));
}

void conversation::erase(instance_id gone) {
    if (const auto* before = instances.find(gone)) count(shapes, *before->type, -1);
    set_listed(waiting, gone, false);
    set_listed(not_storable, gone, false);
    instances.erase(gone);
}

void conversation::forget_sent(std::span<const instance_id> these) {
    sent_renderings unknown;
    for (auto each : these)
        unknown.emplace_back(each, sent_rendering());
    instances.record_sent(unknown);
}

void conversation::end() {
    root = 0;
    instances = {};
    waiting.clear();
    not_storable.clear();
    shapes.clear();
    past.clear();
    future.clear();
}

bool conversation::durable() const {
    return not_storable.empty();
}

const component_type* conversation::not_durable() const {
    return durable() ? nullptr : instances.at(not_storable.front()).type;
}

std::vector<const component_type*> conversation::types() const {
    std::vector<const component_type*> out;
    out.reserve(shapes.size());
    for (const auto& [type, count] : shapes)
        out.push_back(type);
    return out;
}

}  // namespace stube

namespace stube::kernel {

void each_list(const instance& of, const std::function<void(const embedded_children&)>& f) {
    if (!of.type->each_list) return;
    // The type's function takes a mutable state because the kernel changes lists with it. `f` gets
    // a const reference, so nothing changes here.
    of.type->each_list(
        const_cast<void*>(of.state.get()),
        [&](std::string_view, const embedded_children& list) { f(list); }
    );
}

bool has_unmade_child(const instance& of) {
    bool found = false;
    each_list(of, [&](const embedded_children& list) {
        found = found ||
                std::ranges::any_of(list.all(), [](const auto& each) { return !each.is_made(); });
    });
    return found;
}

}  // namespace stube::kernel
