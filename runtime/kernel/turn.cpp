#include "runtime/kernel/turn.hpp"

#include "runtime/conversation/stored_form.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/render.hpp"
#include "store/assert.hpp"

#include <stube/runtime/component_error.hpp>
#include <stube/runtime/html.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube::kernel {
namespace {

/// The limit of member calls in one turn. Components that exceed it call each other endlessly.
constexpr int max_steps = 20'000;

/// The limit of nested member calls. An effect of one call makes the next, and each needs stack.
constexpr int max_nesting = 500;

/// The instances that `one` may have called, the uppermost first: those that cover it in its place,
/// and those on the page.
std::vector<instance_id> callee_candidates(const conversation& in, const instance& one) {
    std::vector<instance_id> out;
    for (auto id = one.covered_by; id != 0; id = in.instances.at(id).covered_by)
        out.push_back(id);
    if (one.owner != 0) {
        for (const auto& each : in.stack())
            out.push_back(each->id);
    }
    std::ranges::reverse(out);
    return out;
}

}  // namespace

void throw_component_error(std::string_view component, std::string_view mistake) {
    throw component_error("stube: " + std::string(component) + std::string(mistake));
}

const member_handler* member_of(const component_type& type, std::string_view name) {
    if (name.empty()) return nullptr;
    const auto* found = type.find(name);
    if (!found) throw_component_error(type.name, " has no member " + std::string(name));
    return found;
}

bool must_be_last(const any_effect& wanted) {
    return std::holds_alternative<effect::call>(wanted) ||
           std::holds_alternative<effect::answer>(wanted) ||
           std::holds_alternative<effect::fail>(wanted) ||
           std::holds_alternative<effect::become>(wanted) ||
           std::holds_alternative<effect::end>(wanted) ||
           std::holds_alternative<effect::back>(wanted);
}

turn::member_call with_answer(const member_handler& to, const answer_value& value) {
    if (!to.on_answer)
        throw component_error("stube: " + std::string(to.name) + " cannot take an answer");
    return
        [&to, &value](void* state, context& c) { return to.on_answer(to.owner(state), c, value); };
}

bool takes_failure(const member_handler* to) {
    return to && to->on_failure;
}

turn::member_call with_failure(const member_handler& to, const failure& why) {
    return [&to, &why](void* state, context& c) { return to.on_failure(to.owner(state), c, why); };
}

context context_of(const conversation& of, const environment& env, const conversation* before) {
    return {
        of.id,
        env.by ? *env.by : of.principal,
        of.principal,
        env.now,
        env.app,
        before,
        of.can_go_back(),
        env.secrets,
        env.random
    };
}

void request_stop(const instance_ptr& leaving, std::vector<any_command>& outbox) {
    if (leaving->type->stop) outbox.emplace_back(command::stop{leaving});
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

std::vector<std::pair<instance_id, const member_handler*>>
subscribers(const conversation& in, std::string_view topic) {
    std::vector<std::pair<instance_id, const member_handler*>> out;
    for (auto id : in.waiting) {
        for (const auto& each : in.instances.at(id).waits->subscriptions) {
            if (each.topic == topic) out.emplace_back(id, each.to);
        }
    }
    return out;
}

turn::turn(const conversation& start, const environment& env, instance_id acted)
    : next_(start),
      start_(start),
      env_(env),
      acted_(acted),
      version_(made_version(next_.revision + 1)),
      before_(next_.instances) {}

// --- instances

std::shared_ptr<instance>
turn::make(const component_type& type, std::shared_ptr<const void> state) {
    if (next_.instances.size() >= max_instances)
        throw_component_error(type.name, ": there are too many components in one conversation");
    auto made = std::make_shared<instance>();
    made->id = ++next_.last_instance;
    made->type = &type;
    made->state = std::move(state);
    return made;
}

std::shared_ptr<instance> turn::edit(instance_id id) {
    return std::make_shared<instance>(next_.instances.at(id));
}

void turn::put(std::shared_ptr<instance> one) {
    one->version = version_;
    next_.put(std::move(one));
}

void turn::start_instance(instance_id id) {
    not_started_.insert(id);
    if (next_.instances.find(id)) make_children(id);
    // The `start` of a child may have removed the instance.
    const auto* starting = next_.instances.find(id);
    not_started_.erase(id);
    if (starting && starting->type->start) run_and_apply(id, starting->type->start);
}

void turn::make_children(instance_id id) {
    if (!next_.instances.at(id).type->each_list) return;
    const auto owner = edit(id);
    auto state = owner->type->copy(owner->state);
    std::vector<instance_id> made_ids, gone;
    std::vector<std::pair<instance_id, std::shared_ptr<const void>>> reset;
    owner->type->each_list(state.get(), [&](std::string_view name, embedded_children& list) {
        list.name_as(name);
        auto changed_children = list.all();
        bool changed = false;
        for (auto& child : changed_children) {
            if (!child.fresh) continue;
            changed = true;
            if (const auto* present = next_.instances.find(child.id)) {
                if (present->type == &list.type()) {
                    reset.emplace_back(child.id, std::exchange(child.fresh, nullptr));
                    continue;
                }
                // The child became a component of another type, which cannot take the state.
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
        if (changed) list.replace(std::move(changed_children));
    });
    owner->state = std::move(state);
    put(owner);
    for (auto child : gone)
        remove_place(child);
    for (auto& [child, fresh] : reset)
        reset_child(child, std::move(fresh));
    for (auto child : made_ids)
        start_instance(child);
}

void turn::request_stop_if_started(const instance_ptr& leaving) {
    if (not_started_.erase(leaving->id) == 0) request_stop(leaving, outbox_);
}

void turn::reset_child(instance_id id, std::shared_ptr<const void> state) {
    const auto old = next_.instances.get(id);
    if (!old) return;
    remove_below(*old);
    request_stop_if_started(old);
    auto fresh = edit(id);
    fresh->state = std::move(state);
    fresh->covered_by = 0;
    fresh->waits = nullptr;
    fresh->reset_at = version_;
    put(std::move(fresh));
    start_instance(id);
}

void turn::remove_place(instance_id first) {
    if (!next_.instances.find(first)) return;
    remove(next_.shown_in_place(first).id);
    remove_place(first);
}

void turn::remove_below(const instance& of) {
    for (auto other : callee_candidates(next_, of)) {
        const auto* callee = next_.instances.find(other);
        if (callee && callee->caller == of.id) remove(other);
    }
    each_list(of, [&](const embedded_children& list) {
        for (const auto& child : list.all())
            remove_place(child.id);
    });
}

void turn::remove(instance_id id) {
    const auto leaving = next_.instances.get(id);
    if (!leaving) return;
    remove_below(*leaving);
    // Removing an instance that covered this one made a new version of this one.
    const auto last = next_.instances.get(id);
    STUBE_ASSERT(last);
    request_stop_if_started(last);
    if (last->covers != 0) {
        auto below = edit(last->covers);
        below->covered_by = last->covered_by;
        put(std::move(below));
    }
    if (last->covered_by != 0) {
        auto above = edit(last->covered_by);
        above->covers = last->covers;
        put(std::move(above));
    }
    next_.erase(id);
}

namespace {

/// Throws component_error if a child is in another slot or list than before, or in several.
void check_places(const std::vector<detail::child_list>& lists_before, const instance& owner) {
    std::vector<std::pair<instance_id, std::size_t>> places;
    const auto add = [&](const std::vector<detail::child>& in, std::size_t list) {
        for (const auto& child : in) {
            if (child.is_made()) places.emplace_back(child.id, list);
        }
    };
    for (std::size_t index = 0; index < lists_before.size(); ++index) {
        if (lists_before[index]) add(*lists_before[index], index);
    }
    std::size_t index = 0;
    each_list(owner, [&](const embedded_children& list) { add(list.all(), index++); });
    std::ranges::sort(places);
    const auto is_elsewhere = [](const auto& one, const auto& next) {
        return one.first == next.first && one.second != next.second;
    };
    if (std::ranges::adjacent_find(places, is_elsewhere) != places.end())
        throw_component_error(
            owner.type->name,
            " moved or copied a child to another slot or list; a child must stay in its own"
        );
}

}  // namespace

void turn::reconcile(const instance_ptr& before, instance_id id) {
    if (!before->type->each_list) return;
    std::vector<detail::child_list> lists_before;
    each_list(*before, [&](const embedded_children& list) {
        lists_before.push_back(list.shared());
    });
    std::vector<instance_id> gone;
    bool has_fresh = false;
    bool has_changed = false;
    std::size_t index = 0;
    each_list(next_.instances.at(id), [&](const embedded_children& list) {
        STUBE_ASSERT(index < lists_before.size());
        const auto& old = lists_before[index++];
        if (old == list.shared()) return;
        has_changed = true;
        std::vector<instance_id> kept;
        for (const auto& child : list.all()) {
            kept.push_back(child.id);
            has_fresh = has_fresh || child.fresh;
        }
        if (!old) return;
        std::ranges::sort(kept);
        for (const auto& child : *old) {
            if (!std::ranges::binary_search(kept, child.id)) gone.push_back(child.id);
        }
    });
    if (has_changed && lists_before.size() > 1) check_places(lists_before, next_.instances.at(id));
    for (auto first : gone)
        remove_place(first);
    if (has_fresh) make_children(id);
}

void turn::replace_child_id(instance_id owner, instance_id from, instance_id to) {
    auto changed = edit(owner);
    auto state = changed->type->copy(changed->state);
    changed->type->each_list(state.get(), [&](std::string_view, embedded_children& list) {
        auto found = std::ranges::find(list.all(), from, &detail::child::id);
        if (found == list.all().end()) return;
        auto changed_children = list.all();
        changed_children[static_cast<std::size_t>(found - list.all().begin())].id = to;
        list.replace(std::move(changed_children));
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
    start_instance(next_.root);
    deliver_messages();
}

void turn::fill(instance_id id, const std::vector<form_value>& form) {
    const auto& filled = next_.instances.at(id);
    auto state = filled.type->copy(filled.state);
    filled.type->fill(state.get(), form);
    put_typed(id, std::move(state));
}

void turn::keep_typed(instance_id id, const std::vector<form_value>& form) {
    const auto& filled = next_.instances.at(id);
    auto state = filled.type->copy(filled.state);
    if (filled.type->keep_typed(state.get(), form)) put_typed(id, std::move(state));
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

effects turn::call_member(instance_id id, const member_call& member) {
    if (++steps_ > max_steps)
        throw component_error("stube: components call each other without end");
    const auto before = next_.instances.get(id);
    auto changed = edit(id);
    auto state = changed->type->copy(changed->state);
    auto ctx = context_of(next_, env_, &start_);
    auto wanted = member(state.get(), ctx);
    // The handler may have assigned new slots and lists, which have no name yet.
    name_lists(*changed->type, state.get());
    changed->state = std::move(state);
    put(std::move(changed));
    reconcile(before, id);
    return wanted;
}

void turn::run_and_apply(instance_id id, const member_call& member) {
    if (++nesting_ > max_nesting)
        throw component_error("stube: components call each other without end");
    const auto wanted = call_member(id, member);
    if (next_.instances.find(id)) apply_effects(id, wanted);
    --nesting_;
}

void turn::run(instance_id id, const member_call& member) {
    if (next_.instances.find(id)) run_and_apply(id, member);
    deliver_messages();
}

void turn::give_result(instance_id id, const pending_work& of, const answer_value& result) {
    if (of.then) run(id, with_answer(*of.then, result));
}

void turn::give_failure(instance_id id, const pending_work& of, const failure& why) {
    if (!takes_failure(of.or_else)) return show_failure(why);
    run(id, with_failure(*of.or_else, why));
}

void turn::receive(instance_id id, const member_handler& member, std::string_view arguments) {
    if (!next_.instances.find(id)) return;
    handle_message(id, member, arguments);
    deliver_messages();
}

void turn::handle_message(
    instance_id id,
    const member_handler& member,
    std::string_view arguments
) {
    if (!*member.on_message)
        throw component_error("stube: no message can reach " + std::string(member.name));
    const auto list = parse_arguments(arguments);
    if (!list) throw std::invalid_argument("stube: the message is not a JSON array");
    try {
        run_and_apply(id, [&](void* state, context& c) {
            return (*member.on_message)(member.owner(state), c, *list);
        });
    } catch (const bad_arguments&) {
        // `bad_arguments` would blame the browser, which has not sent these arguments.
        throw component_error(
            "stube: a message has other arguments than " + std::string(member.name) + " takes"
        );
    }
}

void turn::deliver_messages() {
    // Not a range-based loop: handlers append messages.
    for (std::size_t n = 0; n < messages_.size() && !ended() && !goes_back_; ++n) {
        const auto next = messages_[n];
        if (next_.instances.find(next.to)) handle_message(next.to, *next.member, next.arguments);
    }
    messages_.clear();
}

void turn::wake() {
    std::vector<instance_id> with_hook, with_unmade_child;
    next_.instances.each([&](const instance_ptr& each) {
        if (each->type->wakeup) with_hook.push_back(each->id);
        if (has_unmade_child(*each)) with_unmade_child.push_back(each->id);
    });
    for (auto id : with_unmade_child) {
        if (next_.instances.find(id)) make_children(id);
    }
    for (auto id : with_hook) {
        const auto* waking = next_.instances.find(id);
        if (!waking || ended()) continue;
        auto wanted = call_member(id, waking->type->wakeup);
        waking = next_.instances.find(id);
        if (!waking) continue;
        const bool is_covered = waking->covered_by != 0;
        if (is_covered && std::ranges::any_of(wanted.list(), must_be_last)) {
            throw component_error("stube: wakeup of a component that waits for an answer cannot "
                                  "call or leave");
        }
        apply_effects(id, wanted);
    }
    deliver_messages();
}

void turn::show_failure(const failure& why) {
    notices_.push_back(notice(why.message));
}

void turn::change_waits(instance_id id, const std::function<void(wait_set&)>& change) {
    auto changed = edit(id);
    wait_set waits = changed->waits ? *changed->waits : wait_set();
    change(waits);
    if (waits.timers.size() + waits.subscriptions.size() + waits.work.size() > max_waits)
        throw_component_error(
            changed->type->name,
            " has too many timers, subscriptions and pieces of work at a time"
        );
    changed->waits = waits.empty() ? nullptr : std::make_shared<const wait_set>(std::move(waits));
    put(std::move(changed));
}

}  // namespace stube::kernel
