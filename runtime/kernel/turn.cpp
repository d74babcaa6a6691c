#include "runtime/kernel/turn.hpp"

#include "runtime/conversation/stored_form.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/render.hpp"

#include <stube/runtime/html.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube::kernel {
namespace {

/// A turn that runs this many members without coming to rest never will.
constexpr int max_steps = 20'000;

/// Members that run because of what another one wanted, one within the other: each takes stack.
constexpr int max_nesting = 500;

/// Who may have been called by `one`: what covers it in its place, and what stands on the page. The
/// uppermost first.
std::vector<instance_id> covering(const conversation& in, const instance& one) {
    std::vector<instance_id> out;
    for (auto at = one.over; at != 0; at = in.instances.at(at).over)
        out.push_back(at);
    if (one.owner != 0) {
        for (const auto& each : in.stack())
            out.push_back(each->id);
    }
    std::ranges::reverse(out);
    return out;
}

}  // namespace

void broken(std::string_view component, std::string_view what) {
    throw std::logic_error("stube: " + std::string(component) + std::string(what));
}

const handler* member_of(const component_type& type, std::string_view name) {
    if (name.empty()) return nullptr;
    const auto* found = type.find(name);
    if (!found) broken(type.name, " has no member " + std::string(name));
    return found;
}

bool is_move(const any_effect& one) {
    return std::holds_alternative<effect::call>(one) ||
           std::holds_alternative<effect::answer>(one) ||
           std::holds_alternative<effect::fail>(one) ||
           std::holds_alternative<effect::become>(one) ||
           std::holds_alternative<effect::end>(one) || std::holds_alternative<effect::back>(one);
}

turn::member_call with_answer(const handler& to, const answer_value& value) {
    if (!to.on_answer)
        throw std::logic_error("stube: " + std::string(to.name) + " cannot take an answer");
    return
        [&to, &value](void* state, context& c) { return to.on_answer(to.owner(state), c, value); };
}

bool takes_failure(const handler* to) {
    return to && to->on_failure;
}

turn::member_call with_failure(const handler& to, const failure& why) {
    return [&to, &why](void* state, context& c) { return to.on_failure(to.owner(state), c, why); };
}

context context_of(const conversation& of, const environment& world, const conversation* stood) {
    return {of.id, of.principal, world.now, world.app, world.app_type, stood, of.can_go_back()};
}

void ask_to_stop(const instance_ptr& leaving, std::vector<any_command>& requests) {
    if (leaving->type->stop) requests.emplace_back(command::stop{leaving});
}

std::optional<boost::json::array> parse_arguments(std::string_view text) {
    if (text.empty()) return boost::json::array();
    boost::json::error_code ec;
    boost::json::parse_options options;
    options.max_depth = deepest_json;
    auto parsed = boost::json::parse(text, ec, {}, options);
    if (ec || !parsed.is_array()) return std::nullopt;
    return std::move(parsed.get_array());
}

std::vector<std::pair<instance_id, const handler*>>
subscribers(const conversation& in, std::string_view topic) {
    std::vector<std::pair<instance_id, const handler*>> out;
    for (auto id : in.waiting) {
        for (const auto& each : in.instances.at(id).waits->subscriptions) {
            if (each.topic == topic) out.emplace_back(id, each.to);
        }
    }
    return out;
}

turn::turn(const conversation& start, const environment& world, instance_id acted)
    : next_(start),
      start_(start),
      world_(world),
      acted_(acted),
      version_(made_version(next_.revision + 1)),
      before_(next_.instances) {}

// --- instances

std::shared_ptr<instance>
turn::make(const component_type& type, std::shared_ptr<const void> state) {
    if (next_.instances.size() >= max_instances)
        broken(type.name, ": there are too many components in one conversation");
    auto made = std::make_shared<instance>();
    made->id = ++next_.last_instance;
    made->type = &type;
    made->state = std::move(state);
    return made;
}

/// A copy to change and to put back.
std::shared_ptr<instance> turn::edit(instance_id id) {
    return std::make_shared<instance>(next_.instances.at(id));
}

void turn::put(std::shared_ptr<instance> one) {
    one->version = version_;
    next_.put(std::move(one));
}

/// Makes the children of a new instance and starts them, then it.
void turn::come_to_life(instance_id id) {
    not_started_.insert(id);
    if (next_.instances.find(id)) make_children(id);
    // A child's start may have ended it all.
    const auto* one = next_.instances.find(id);
    not_started_.erase(id);
    if (one && one->type->start) run_and_carry_out(id, one->type->start);
}

/// Makes what is fresh in the slots and lists of an instance.
void turn::make_children(instance_id id) {
    if (!next_.instances.at(id).type->each_list) return;
    const auto owner = edit(id);
    auto state = owner->type->copy(owner->state);
    std::vector<instance_id> made_ids, gone;
    std::vector<std::pair<instance_id, std::shared_ptr<const void>>> begin_again;
    owner->type->each_list(state.get(), [&](std::string_view name, children& list) {
        list.name_as(name);
        auto all = list.all();
        bool changed = false;
        for (auto& child : all) {
            if (!child.fresh) continue;
            changed = true;
            if (const auto* there = next_.instances.find(child.id)) {
                if (there->type == &list.type()) {
                    begin_again.emplace_back(child.id, std::exchange(child.fresh, nullptr));
                    continue;
                }
                // It became another: the state is none for that.
                gone.push_back(child.id);
            }
            auto made = make(list.type(), std::exchange(child.fresh, nullptr));
            child.id = made->id;
            made->owner = made->caller = id;
            made->then = member_of(*owner->type, list.then_member());
            made->or_else = member_of(*owner->type, list.or_else_member());
            made_ids.push_back(made->id);
            not_started_.insert(made->id);
            put(std::move(made));
        }
        if (changed) list.replace(std::move(all));
    });
    owner->state = std::move(state);
    put(owner);
    for (auto child : gone)
        leave_place(child);
    for (auto& [child, fresh] : begin_again)
        begin_anew(child, std::move(fresh));
    for (auto child : made_ids)
        come_to_life(child);
}

/// What a sibling's start made leave before its own has nothing to stop.
void turn::stop_started(const instance_ptr& leaving) {
    if (not_started_.erase(leaving->id) == 0) ask_to_stop(leaving, outbox_);
}

/// A child of a list that is made from another state than before: it keeps its id and its place.
void turn::begin_anew(instance_id id, std::shared_ptr<const void> state) {
    const auto there = next_.instances.get(id);
    if (!there) return;
    leave_below(*there);
    stop_started(there);
    auto fresh = edit(id);
    fresh->state = std::move(state);
    fresh->over = 0;
    fresh->waits = nullptr;
    fresh->begun = version_;
    put(std::move(fresh));
    come_to_life(id);
}

/// All that stand in one place, the uppermost first.
void turn::leave_place(instance_id first) {
    if (!next_.instances.find(first)) return;
    leave(next_.shown_in_place(first).id);
    leave_place(first);
}

/// All leave that were called by an instance or stand in it.
void turn::leave_below(const instance& of) {
    for (auto other : covering(next_, of)) {
        const auto* there = next_.instances.find(other);
        if (there && there->caller == of.id) leave(other);
    }
    each_list(of, [&](const children& list) {
        for (const auto& child : list.all())
            leave_place(child.id);
    });
}

/// One instance leaves, and first all that stand in it or were called by it: children before
/// parents, each stopped once.
void turn::leave(instance_id id) {
    const auto gone = next_.instances.get(id);
    if (!gone) return;
    leave_below(*gone);
    const auto last = next_.instances.get(id);
    stop_started(last);
    if (last->under != 0) {
        auto below = edit(last->under);
        below->over = last->over;
        put(std::move(below));
    }
    if (last->over != 0) {
        auto above = edit(last->over);
        above->under = last->under;
        put(std::move(above));
    }
    next_.erase(id);
}

namespace {

/// Throws unless each child stands in the one list in which it stood before.
void check_places(const std::vector<detail::child_list>& was, const instance& owner) {
    std::vector<std::pair<instance_id, std::size_t>> places;
    const auto add = [&](const std::vector<detail::child>& in, std::size_t list) {
        for (const auto& child : in) {
            if (child.is_made()) places.emplace_back(child.id, list);
        }
    };
    for (std::size_t at = 0; at < was.size(); ++at) {
        if (was[at]) add(*was[at], at);
    }
    std::size_t at = 0;
    each_list(owner, [&](const children& list) { add(list.all(), at++); });
    std::ranges::sort(places);
    const auto is_elsewhere = [](const auto& one, const auto& next) {
        return one.first == next.first && one.second != next.second;
    };
    if (std::ranges::adjacent_find(places, is_elsewhere) != places.end())
        broken(
            owner.type->name,
            " moved or copied children from one slot or list to another; each keeps its own"
        );
}

}  // namespace

/// After a handler: children that are not wanted any more leave, new ones come to life.
void turn::reconcile(const instance_ptr& before, instance_id id) {
    if (!before->type->each_list) return;
    std::vector<detail::child_list> was;
    each_list(*before, [&](const children& list) { was.push_back(list.shared()); });
    std::vector<instance_id> gone;
    bool fresh = false;
    bool has_changed = false;
    std::size_t at = 0;
    each_list(next_.instances.at(id), [&](const children& list) {
        const auto& old = was[at++];
        if (old == list.shared()) return;
        has_changed = true;
        std::vector<instance_id> kept;
        for (const auto& child : list.all()) {
            kept.push_back(child.id);
            fresh = fresh || child.fresh;
        }
        if (!old) return;
        std::ranges::sort(kept);
        for (const auto& child : *old) {
            if (!std::ranges::binary_search(kept, child.id)) gone.push_back(child.id);
        }
    });
    if (has_changed && was.size() > 1) check_places(was, next_.instances.at(id));
    for (auto first : gone)
        leave_place(first);
    if (fresh) make_children(id);
}

/// The place of `from` now begins with `to`.
void turn::rename_child(instance_id owner, instance_id from, instance_id to) {
    auto changed = edit(owner);
    auto state = changed->type->copy(changed->state);
    changed->type->each_list(state.get(), [&](std::string_view, children& list) {
        auto found = std::ranges::find(list.all(), from, &detail::child::id);
        if (found == list.all().end()) return;
        auto all = list.all();
        all[static_cast<std::size_t>(found - list.all().begin())].id = to;
        list.replace(std::move(all));
    });
    changed->state = std::move(state);
    put(std::move(changed));
}

// --- running members

void turn::begin(const effect::call& root) {
    auto made = make(*root.type, root.state);
    next_.root = made->id;
    next_.step = next_.last_step = 1;
    put(std::move(made));
    come_to_life(next_.root);
    deliver();
}

void turn::fill(instance_id id, const std::vector<form_value>& form) {
    const auto& there = next_.instances.at(id);
    auto state = there.type->copy(there.state);
    there.type->fill(state.get(), form);
    put_typed(id, std::move(state));
}

void turn::keep_typed(instance_id id, const std::vector<form_value>& form) {
    const auto& there = next_.instances.at(id);
    auto state = there.type->copy(there.state);
    if (there.type->keep_typed(state.get(), form)) put_typed(id, std::move(state));
}

void turn::put_typed(instance_id id, std::shared_ptr<const void> state) {
    auto filled = edit(id);
    filled->state = std::move(state);
    filled->version = typed_version(next_.revision + 1);
    next_.put(std::move(filled));
    before_ = next_.instances;
}

bool turn::show_errors(instance_id id, const void* tried) {
    auto shown = edit(id);
    auto state = shown->type->copy(shown->state);
    const bool found = shown->type->show_errors(state.get(), tried);
    shown->state = std::move(state);
    put(std::move(shown));
    return found;
}

/// Runs a member on a copy of the state and keeps the copy.
effects turn::change(instance_id id, const member_call& what) {
    if (++steps_ > max_steps)
        throw std::logic_error("stube: components call each other without end");
    const auto before = next_.instances.get(id);
    auto changed = edit(id);
    auto state = changed->type->copy(changed->state);
    auto surroundings_now = context_of(next_, world_, &start_);
    auto wanted = what(state.get(), surroundings_now);
    // The handler may have put other slots and lists in the place of those that had a name.
    name_lists(*changed->type, state.get());
    changed->state = std::move(state);
    put(std::move(changed));
    reconcile(before, id);
    return wanted;
}

void turn::run_and_carry_out(instance_id id, const member_call& what) {
    if (++nesting_ > max_nesting)
        throw std::logic_error("stube: components call each other without end");
    const auto wanted = change(id, what);
    if (next_.instances.find(id)) carry_out(id, wanted);
    --nesting_;
}

void turn::run(instance_id id, const member_call& what) {
    if (next_.instances.find(id)) run_and_carry_out(id, what);
    deliver();
}

void turn::give_result(instance_id id, const pending_work& of, const answer_value& result) {
    if (of.then) run(id, with_answer(*of.then, result));
}

void turn::give_failure(instance_id id, const pending_work& of, const failure& why) {
    if (!takes_failure(of.or_else)) return tell_failure(why);
    run(id, with_failure(*of.or_else, why));
}

void turn::receive(instance_id id, const handler& at, std::string_view arguments) {
    if (!next_.instances.find(id)) return;
    take_message(id, at, arguments);
    deliver();
}

void turn::take_message(instance_id id, const handler& at, std::string_view arguments) {
    if (!*at.on_message)
        throw std::logic_error("stube: no message can reach " + std::string(at.name));
    const auto list = parse_arguments(arguments);
    if (!list) throw std::logic_error("stube: the message is not a JSON array");
    try {
        run_and_carry_out(id, [&](void* state, context& c) {
            return (*at.on_message)(at.owner(state), c, *list);
        });
    } catch (const bad_arguments&) {  // the browser has not sent these
        throw std::logic_error(
            "stube: a message has other arguments than " + std::string(at.name) + " takes"
        );
    }
}

/// Messages within the conversation arrive one after the other, in the order they were sent.
void turn::deliver() {
    for (std::size_t at = 0; at < messages_.size() && !ended() && !goes_back_; ++at) {
        const auto next = messages_[at];
        if (next_.instances.find(next.to)) take_message(next.to, *next.member, next.arguments);
    }
    messages_.clear();
}

void turn::wake() {
    std::vector<instance_id> all, incomplete;
    next_.instances.each([&](const instance_ptr& each) {
        if (each->type->wakeup) all.push_back(each->id);
        if (has_unmade_child(*each)) incomplete.push_back(each->id);
    });
    for (auto id : incomplete) {
        if (next_.instances.find(id)) make_children(id);
    }
    for (auto id : all) {
        const auto* one = next_.instances.find(id);
        if (!one || ended()) continue;
        auto wanted = change(id, one->type->wakeup);
        one = next_.instances.find(id);
        if (!one) continue;
        const bool waits = one->over != 0;
        if (waits && std::ranges::any_of(wanted.list(), is_move)) {
            throw std::logic_error("stube: wakeup of a component that waits for an answer cannot "
                                   "call or leave");
        }
        carry_out(id, wanted);
    }
    deliver();
}

void turn::tell_failure(const failure& why) {
    notices_.push_back(notice(why.message));
}

void turn::change_waits(instance_id id, const std::function<void(attachments&)>& change) {
    auto changed = edit(id);
    attachments waits = changed->waits ? *changed->waits : attachments();
    change(waits);
    if (waits.timers.size() + waits.subscriptions.size() + waits.work.size() > max_waits)
        broken(changed->type->name, " waits for too much at a time");
    changed->waits =
        waits.empty() ? nullptr : std::make_shared<const attachments>(std::move(waits));
    put(std::move(changed));
}

}  // namespace stube::kernel
