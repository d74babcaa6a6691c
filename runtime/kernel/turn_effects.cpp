#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/render.hpp"
#include "runtime/kernel/turn.hpp"
#include "store/assert.hpp"

#include <stube/runtime/component_error.hpp>
#include <stube/runtime/html.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

// The part of a turn that applies the effects which a member returned.
namespace stube::kernel {
namespace {

/// Longer delays are cut to this, so that the sum with the current time does not overflow.
constexpr std::chrono::milliseconds longest_delay = std::chrono::years(100);

/// The member of this name, which must accept messages: from timers, topics and other instances.
const member_handler* message_member(const component_type& type, std::string_view name) {
    const auto* found = member_of(type, name);
    if (!found || !*found->on_message)
        throw_component_error(type.name, " cannot receive messages as " + std::string(name));
    return found;
}

std::size_t depth(const conversation& in, instance_id first) {
    std::size_t out = 0;
    for (const auto* shown = in.instances.find(first); shown;
         shown = in.instances.find(shown->covered_by))
        ++out;
    return out;
}

}  // namespace

void turn::apply_effects(instance_id from, const effects& wanted) {
    const auto& list = wanted.list();
    for (std::size_t n = 0; n < list.size(); ++n) {
        if (must_be_last(list[n]) && n + 1 < list.size()) {
            throw component_error("stube: a handler can call, answer, fail, become, end or go "
                                  "back only once, and last");
        }
    }
    for (const auto& next : list)
        std::visit([&](const auto& e) { apply(from, e); }, next);
}

instance_id turn::first_of(const instance& caller, const effect::call& call) const {
    if (call.where == effect::call::place::page) return next_.root;
    if (call.where == effect::call::place::own) return next_.first_in_place(caller).id;
    instance_id first = 0;
    each_list(caller, [&](const embedded_children& list) {
        if (list.name() != call.slot) return;
        STUBE_ASSERT(!list.all().empty());
        first = list.all().front().id;
    });
    if (first == 0)
        throw_component_error(caller.type->name, " has no slot " + std::string(call.slot));
    return first;
}

void turn::apply(instance_id from, const effect::call& call) {
    const auto caller = next_.instances.get(from);
    const auto first = first_of(*caller, call);
    if (depth(next_, first) >= max_stack) throw component_error("stube: calls nest too deep");
    auto covered = edit(next_.shown_in_place(first).id);
    auto made = make(*call.type, call.state);
    made->caller = from;
    made->then = member_of(*caller->type, call.then);
    made->or_else = member_of(*caller->type, call.or_else);
    made->owner = covered->owner;
    made->covers = covered->id;
    covered->covered_by = made->id;
    const auto id = made->id;
    put(std::move(covered));
    put(std::move(made));
    is_step_ = true;
    start_instance(id);
}

namespace {

/// Replaces a child that has answered or failed.
struct nothing {
    static constexpr std::string_view component = "stube/nothing";

    markup render() const { return html::span(html::hidden()); }
};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

/// True for a child of a slot or list, false for an instance that was called there.
bool is_child(const instance& one) {
    return one.owner != 0 && one.covers == 0;
}

void check_answer(const component_type& type, const answer_value& value) {
    const bool fits = type.answer_type ? value.holds(*type.answer_type) : value.empty();
    if (!fits) throw_component_error(type.name, " answered with another type than its answer_type");
}

}  // namespace

void turn::apply(instance_id from, const effect::answer& answer) {
    const auto answering = next_.instances.get(from);
    check_answer(*answering->type, answer.value);
    if (is_child(*answering) && answering->type->answers_once) {
        replace_with_nothing(answering);
        if (answering->then) give_answer(answering->caller, answering->then, answer.value);
        return;
    }
    if (is_child(*answering)) {
        if (!answering->then)
            throw_component_error(
                answering->type->name,
                " answered in a slot or list without .then<...>()"
            );
        return give_answer(answering->caller, answering->then, answer.value);
    }
    if (answering->caller == 0) return finish(finished_view(next_, "Finished"));
    is_step_ = true;
    remove(from);
    give_answer(answering->caller, answering->then, answer.value);
}

void turn::give_answer(instance_id caller, const member_handler* then, const answer_value& value) {
    const auto* waiting = next_.instances.find(caller);
    if (!waiting) return;
    if (!then) {
        // A caller that ignores the answer is shown again, if it has a view.
        if (!waiting->type->render)
            throw_component_error(
                waiting->type->name,
                " is a task: each of its calls needs .then<...>()"
            );
        return;
    }
    run_and_apply(caller, with_answer(*then, value));
}

void turn::apply(instance_id from, const effect::fail& fail) {
    if (error_.empty()) error_ = fail.internal;
    const auto failing = next_.instances.get(from);
    if (failing->caller == 0) return finish(finished_view(next_, fail.why.message));
    if (!is_child(*failing)) {
        is_step_ = true;
        remove(from);
    } else if (failing->type->answers_once) {
        replace_with_nothing(failing);
    }
    pass_failure(failing->caller, failing->or_else, fail.why);
}

void turn::pass_failure(instance_id caller, const member_handler* or_else, const failure& why) {
    const auto* waiting = next_.instances.find(caller);
    if (!waiting) return;
    if (takes_failure(or_else)) return run_and_apply(caller, with_failure(*or_else, why));
    // A task has no view for the message, so the task fails too, and its caller gets the failure.
    if (!waiting->type->render) return apply(caller, effect::fail{why, {}});
    show_failure(why);
}

void turn::apply(instance_id from, const effect::become& become) {
    const auto id = replace(from, *become.type, become.state);
    is_step_ = true;
    start_instance(id);
}

void turn::replace_with_nothing(const instance_ptr& finished) {
    static_cast<void>(&detail::known<nothing>);
    replace(finished->id, type_of<nothing>(), std::make_shared<nothing>());
}

instance_id
turn::replace(instance_id from, const component_type& type, std::shared_ptr<const void> state) {
    auto made = make(type, std::move(state));
    const auto id = made->id;
    remove_below(*next_.instances.get(from));
    const auto replaced = next_.instances.get(from);
    STUBE_ASSERT(replaced);
    request_stop(replaced, outbox_);
    made->caller = replaced->caller;
    made->then = replaced->then;
    made->or_else = replaced->or_else;
    made->owner = replaced->owner;
    made->covers = replaced->covers;
    made->covered_by = replaced->covered_by;
    for (auto [neighbour, link] :
         {std::pair(replaced->covers, &instance::covered_by),
          std::pair(replaced->covered_by, &instance::covers)}) {
        if (neighbour == 0) continue;
        auto changed = edit(neighbour);
        (*changed).*link = id;
        put(std::move(changed));
    }
    put(std::move(made));
    next_.erase(from);
    if (next_.root == from) next_.root = id;
    if (is_child(*replaced)) replace_child_id(replaced->owner, from, id);
    return id;
}

void turn::apply(instance_id, const effect::end& end) {
    finish(end.final_view.empty() ? finished_view(next_, "Finished") : end.final_view);
}

void turn::finish(markup view) {
    remove_place(next_.root);
    next_.root = 0;
    final_view_ = std::move(view);
    messages_.clear();
}

void turn::apply(instance_id, const effect::back&) {
    goes_back_ = true;
}

void turn::apply(instance_id, const effect::seal&) {
    seals_ = true;
}

void turn::apply(instance_id, const effect::write_alias& alias) {
    aliases_.push_back(alias.name);
}

void turn::apply(instance_id, const effect::keep& keep) {
    next_.kept = keep.is_worth_it;
}

void turn::apply(instance_id from, const effect::send& send) {
    if (!send.above) {
        if (const auto* target = next_.instances.find(send.target))
            messages_.push_back(
                {send.target, message_member(*target->type, send.member), send.arguments}
            );
        return;
    }
    const auto above =
        next_.find_above(from, [&](const member_handler& h) { return h.on_message == send.above; });
    if (above == 0)
        throw_component_error(
            next_.instances.at(from).type->name,
            " sends up to " + std::string(send.member) +
                ", but no component above it has that member"
        );
    messages_.push_back(
        {above, message_member(*next_.instances.at(above).type, send.member), send.arguments}
    );
}

void turn::apply(instance_id, const effect::publish& publish) {
    if (!publish.here_only) {
        outbox_.emplace_back(command::publish{publish.topic, publish.arguments});
        return;
    }
    for (auto& [to, member] : subscribers(next_, publish.topic))
        messages_.push_back({to, member, publish.arguments});
}

void turn::apply(instance_id from, const effect::subscribe& subscribe) {
    const auto* member = message_member(*next_.instances.at(from).type, subscribe.member);
    change_waits(from, [&](wait_set& waits) {
        auto is_same = [&](const subscription& each) {
            return each.topic == subscribe.topic && each.to == member;
        };
        if (std::ranges::none_of(waits.subscriptions, is_same))
            waits.subscriptions.push_back({subscribe.topic, member});
    });
}

void turn::apply(instance_id from, const effect::unsubscribe& unsubscribe) {
    change_waits(from, [&](wait_set& waits) {
        std::erase_if(waits.subscriptions, [&](const subscription& each) {
            return unsubscribe.topic.empty() || each.topic == unsubscribe.topic;
        });
    });
}

void turn::apply(instance_id from, const effect::after& after) {
    const auto* member = message_member(*next_.instances.at(from).type, after.member);
    change_waits(from, [&](wait_set& waits) {
        const auto delay = std::min(after.delay, longest_delay);
        waits.timers.push_back({env_.now + delay, member, after.arguments, env_.clock_shift});
    });
}

void turn::apply(instance_id from, const effect::cancel& cancel) {
    change_waits(from, [&](wait_set& waits) {
        std::erase_if(waits.timers, [&](const timer& each) {
            return each.to->name == cancel.member;
        });
    });
}

void turn::apply(instance_id from, const effect::run& run) {
    const auto& type = *next_.instances.at(from).type;
    const auto number = ++next_.last_instance;
    change_waits(from, [&](wait_set& waits) {
        waits.work.push_back({number, member_of(type, run.then), member_of(type, run.or_else)});
    });
    outbox_.emplace_back(command::work{number, run.work});
}

void turn::apply(instance_id from, const effect::command& command) {
    using kind = effect::command::kind;
    boost::json::object json;
    switch (command.what) {
    case kind::title:
        json["title"] = command.text;
        break;
    case kind::focus:
        json["focus"] = element_id(from, command.text);
        break;
    case kind::scroll:
        json["scroll"] = element_id(from, command.text);
        break;
    case kind::event:
        json["event"] = command.text;
        json["detail"] = boost::json::parse(command.detail);
        break;
    case kind::url:
        json["url"] = command.text;
        json["push"] = command.push;
        next_.url = command.text;
        sets_url_ = true;
        is_step_ = is_step_ || command.push;
        break;
    }
    extras_.push_back({.kind = patch_kind::command, .json = boost::json::serialize(json)});
}

void turn::apply(instance_id from, const effect::patch& wanted) {
    extras_.push_back(
        {.kind = patch_kind::element,
         .target = from,
         .list = wanted.name,
         .content = compose_element(next_, wanted.content, from, wanted.name)}
    );
}

}  // namespace stube::kernel
