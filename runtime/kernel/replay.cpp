#include "runtime/kernel/replay.hpp"

#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/checked_json.hpp"
#include "runtime/kernel/event_record.hpp"
#include "runtime/kernel/render.hpp"
#include "runtime/kernel/settle.hpp"
#include "runtime/kernel/static_html.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

namespace stube::kernel {

namespace {

using parts_by_name = std::map<std::string, std::string, std::less<>>;

/// The stored parts of a conversation with its secrets masked.
parts_by_name masked_parts(const conversation& of) {
    const detail::secret_form_scope masked(detail::secret_form::masked);
    storage::archived_commit stored;
    encode_change(nullptr, of, false, &stored);
    parts_by_name out;
    for (auto& each : stored.written)
        out.emplace(std::move(each.name), std::move(each.body));
    return out;
}

/// A difference between two conversations, and whether secrets can be its cause.
struct difference {
    std::string text;  ///< empty: there is none
    bool is_secret = false;
};

std::string shortened(const boost::json::value* value) {
    constexpr std::size_t longest = 120;
    if (!value) return "nothing";
    auto text = boost::json::serialize(*value);
    if (text.size() <= longest) return text;
    text.resize(longest);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80)
        text.pop_back();
    return text + "...";
}

std::string values_text(const boost::json::value* recorded, const boost::json::value* replayed) {
    return ": recorded " + shortened(recorded) + ", replayed " + shortened(replayed);
}

/// The first member of two objects with another value, in alphabetical order.
std::string
different_member(const boost::json::object& recorded, const boost::json::object& replayed) {
    std::set<std::string> names;
    for (const auto* each : {&recorded, &replayed})
        for (const auto& member : *each)
            names.emplace(member.key());
    for (const auto& name : names) {
        const auto* left = recorded.if_contains(name);
        const auto* right = replayed.if_contains(name);
        if (left && right && *left == *right) continue;
        if (name == "state" && left && right && left->is_object() && right->is_object())
            return different_member(left->get_object(), right->get_object());
        return "member " + name + values_text(left, right);
    }
    return {};
}

/// The name of the component whose part this is, or of the part.
std::string owner_text(std::string_view part, const boost::json::object& content) {
    const auto* component = content.if_contains("component");
    const std::string name(part);
    if (!component || !component->is_string()) return "part " + name;
    return "component " + std::string(component->get_string()) + " (" + name + ")";
}

bool has_secret(const boost::json::object& content) {
    const auto* component = content.if_contains("component");
    const auto* type =
        component && component->is_string() ? find_component(component->get_string()) : nullptr;
    return type && type->has_secret;
}

difference
compare_part(std::string_view name, const std::string* recorded, const std::string* replayed) {
    if (recorded && replayed && *recorded == *replayed) return {};
    boost::json::object left;
    boost::json::object right;
    if (recorded) left = parse_checked(*recorded, name).as_object();
    if (replayed) right = parse_checked(*replayed, name).as_object();
    const auto& present = recorded ? left : right;
    const auto owner = owner_text(name, present);
    const bool is_secret = has_secret(present);
    if (!recorded) return {owner + " is not in the recorded state", is_secret};
    if (!replayed) return {owner + " is not in the replayed state", is_secret};
    const auto member = different_member(left, right);
    if (member.empty()) return {};  // only the order of the members differs
    return {owner + ", " + member, is_secret};
}

/// The first difference that secrets cannot cause; if there is none, the first one.
difference compare_parts(const conversation& recorded, const conversation& replayed) {
    const auto left = masked_parts(recorded);
    const auto right = masked_parts(replayed);
    const auto find_in = [](const parts_by_name& in, const std::string& name) {
        const auto found = in.find(name);
        return found == in.end() ? nullptr : &found->second;
    };
    std::set<std::string> names;
    for (const auto* each : {&left, &right})
        for (const auto& [name, body] : *each)
            names.insert(name);
    difference first;
    for (const auto& name : names) {
        auto found = compare_part(name, find_in(left, name), find_in(right, name));
        if (!found.text.empty() && !found.is_secret) return found;
        if (first.text.empty()) first = std::move(found);
    }
    return first;
}

/// The result of a head as the archive has it.
struct recorded_result {
    const storage::archived_head& head;
    bool has_ended;
    const conversation& state;
};

std::string verdict_text(const outcome& of) {
    if (of.verdict == verdict::applied) return "the conversation goes on";
    if (of.verdict == verdict::ended) return "the conversation ends";
    if (of.verdict == verdict::failed) return "the event fails: " + of.error;
    return "the event changes nothing" + (of.error.empty() ? "" : ": " + of.error);
}

difference compare(
    const recorded_result& recorded,
    const recorded_event& event,
    const conversation& before,
    const outcome& replayed
) {
    const auto wanted = recorded.has_ended ? verdict::ended : verdict::applied;
    if (replayed.verdict != wanted)
        return {
            std::string("recorded: the conversation ") + (recorded.has_ended ? "ends" : "goes on") +
            ", replayed: " + verdict_text(replayed)
        };
    if (replayed.is_typed_only != event.is_typed_only)
        return {
            replayed.is_typed_only ? "the event fails only in the replay: " + replayed.error
                                   : "the event fails only in the record"
        };
    const auto parent = replayed.continues != 0 ? replayed.continues : before.revision;
    if (parent != recorded.head.parent)
        return {
            "recorded: a state after head " + std::to_string(recorded.head.parent) +
            ", replayed: after head " + std::to_string(parent)
        };
    if (recorded.has_ended) {
        const auto page = static_html(replayed.patches.front().content);
        if (page != event.last_page) return {"the last page is another one"};
        return {};
    }
    if (replayed.next.applied != recorded.state.applied) return {"other events are applied"};
    return compare_parts(recorded.state, replayed.next);
}

/// Applies a recorded cause in its recorded environment.
outcome apply_recorded(
    const recorded_event& event,
    std::int64_t time,
    const conversation& before,
    const environment& with
) {
    random_bits random(event.random.value_or(0));
    auto env = with;
    env.now = time_point(std::chrono::milliseconds(time));
    env.clock_shift = event.clock_shift;
    env.random = &random;
    return guarded([&] { return apply(before, event.cause, env); });
}

/// The conversation to which the first cause is applied.
conversation fresh_like(const conversation& recorded) {
    conversation out;
    out.id = recorded.id;
    out.owner = recorded.owner;
    out.principal = recorded.principal;
    out.mount = recorded.mount;
    return out;
}

/// True if secret values may have determined the result of a cause.
bool depends_on_secrets(const recorded_event& event, const conversation& before) {
    if (event.has_masked) return true;
    const auto* sent = std::get_if<cause::user_event>(&event.cause);
    const auto* target = sent ? before.instances.find(sent->received.instance) : nullptr;
    return target && target->type->has_secret;
}

/// The reason why a head cannot be replayed; empty if it can.
std::string
find_obstacle(const recorded_event& event, const conversation& before, std::uint64_t head) {
    if (!event.missing.empty()) return event.missing;
    const bool begins = std::holds_alternative<cause::visit>(event.cause);
    if (begins != (before.root == 0)) return "the heads before it are not recorded";
    if (!begins && head != before.revision + 1) return "the commits before it are not recorded";
    return {};
}

}  // namespace

conversation conversation_at(const recording& of, std::size_t index) {
    const detail::secret_form_scope masked(detail::secret_form::masked);
    auto parts = parts_at(of, index);
    if (parts.empty()) return {};
    return decode_conversation(restored_record(of.id, {of.heads[index].head, std::move(parts)}));
}

outcome shown(conversation state, const environment& env) {
    outcome out;
    out.next = std::move(state);
    if (out.next.root == 0) return out;
    try {
        auto page = render_page(out.next, env);
        out.next.instances.record_sent(page.rendered);
        out.patches.push_back(std::move(page.view));
    } catch (...) {
        out.error = current_exception_message();
    }
    return out;
}

replayed_turn replay_head(
    const recording& of,
    std::size_t index,
    const conversation& before,
    const environment& env
) {
    const auto& head = of.heads[index].head;
    const auto place = "heads[" + std::to_string(index) + "].event";
    const auto recorded = conversation_at(of, index);
    const bool has_ended = recorded.root == 0;
    const auto first = index == 0 ? fresh_like(recorded) : conversation();
    const auto& start = index == 0 ? first : before;
    const auto event = decode_event(parse_checked(head.event, place), start, place);

    replayed_turn out{.head = head.number, .time = head.time};
    out.difference = find_obstacle(event, start, head.number);
    if (!out.difference.empty()) {
        out.match = match::not_compared;
    } else {
        out.result = apply_recorded(event, head.time, start, env);
        auto found = compare({head, has_ended, recorded}, event, start, out.result);
        if (found.text.empty()) return out;
        const bool is_secret = found.is_secret || depends_on_secrets(event, start);
        out.match = is_secret ? match::not_compared : match::differs;
        out.difference = std::move(found.text);
        if (is_secret) out.difference += " (it can depend on a secret value)";
    }
    auto at_head = env;
    at_head.now = time_point(std::chrono::milliseconds(head.time));
    out.result = shown(recorded, at_head);
    if (has_ended) out.result.verdict = verdict::ended;
    return out;
}

replayed_turn replay_failure(
    const storage::archived_failure& failed,
    const conversation& before,
    const environment& env
) {
    const auto place = "the failure after head " + std::to_string(failed.after_head);
    const auto event = decode_event(parse_checked(failed.event, place), before, place);
    replayed_turn out{.head = failed.after_head, .time = failed.time, .is_failure = true};
    if (!event.missing.empty()) {
        out.match = match::not_compared;
        out.difference = event.missing;
        return out;
    }
    out.result = apply_recorded(event, failed.time, before, env);
    if (out.result.error == failed.why) return out;
    out.match = depends_on_secrets(event, before) ? match::not_compared : match::differs;
    out.difference =
        "recorded: the event fails: " + failed.why + ", replayed: " + verdict_text(out.result);
    return out;
}

void replay_all(
    const recording& of,
    replay_range range,
    conversation start,
    const environment& env,
    const std::function<void(const replayed_turn&)>& each
) {
    const auto replay_failures = [&](std::uint64_t after_head) {
        for (const auto& failed : of.failures)
            if (failed.after_head == after_head && start.root != 0)
                each(replay_failure(failed, start, env));
    };
    if (range.first > 0) replay_failures(of.heads[range.first - 1].head.number);
    for (auto index = range.first; index < of.heads.size(); ++index) {
        if (of.heads[index].head.number > range.until) return;
        const auto turn = replay_head(of, index, start, env);
        each(turn);
        start = turn.result.next;
        replay_failures(turn.head);
    }
}

}  // namespace stube::kernel
