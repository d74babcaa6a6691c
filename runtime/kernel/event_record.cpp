#include "runtime/kernel/event_record.hpp"

#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/json_text.hpp"
#include "runtime/kernel/checked_json.hpp"
#include "runtime/kernel/static_html.hpp"
#include "runtime/kernel/turn.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

namespace stube::kernel {

namespace {

void append_text(std::string& out, std::string_view name, std::string_view text) {
    append_quoted(append_key(out, name), text);
}

template <class Integer>
void append_count(std::string& out, std::string_view name, Integer number) {
    append_number(append_key(out, name), number);
}

void append_event_id(std::string& out, event_id id) {
    append_key(out, "id") += '"';
    append_hex(out, id);
    out += '"';
}

void append_random(std::string& out, const environment& env) {
    const auto seed = env.random ? env.random->used_seed() : std::nullopt;
    if (!seed) return;
    append_key(out, "random") += '"';
    append_hex(out, *seed);
    out += '"';
}

/// A JSON array as it is, and any other text as a JSON string.
void append_arguments(std::string& out, std::string_view arguments) {
    append_key(out, "arguments");
    if (arguments.empty())
        out += "[]";
    else if (parse_arguments(arguments))
        out += arguments;
    else
        append_quoted(out, arguments);
}

/// The arguments of an event, with null in place of each secret one.
void append_arguments(std::string& out, std::string_view arguments, const member_handler* member) {
    if (!member || member->secret_arguments == 0) return append_arguments(out, arguments);
    auto parsed = parse_arguments(arguments).value_or(boost::json::array());
    for (std::size_t i = 0; i < parsed.size(); ++i)
        if (member->is_secret_argument(i)) parsed[i] = nullptr;
    append_key(out, "arguments") += boost::json::serialize(parsed);
}

/// The conversation that has the principal and the mount. A failed outcome has no `next`, and a new
/// conversation is empty before its first change.
const conversation& started_by(const conversation& before, const outcome& result) {
    return result.verdict == verdict::failed ? before : result.next;
}

/// Appends the members that only one kind of cause has.
struct record_writer {
    std::string& out;
    const conversation& before;
    const outcome& result;

    const component_type* type_of(instance_id id) const {
        const auto* found = before.instances.find(id);
        if (!found) found = result.next.instances.find(id);
        return found ? found->type : nullptr;
    }

    /// Leaves out the values that no component takes, because they could be secret.
    void append_fields(const std::vector<form_value>& form) const {
        append_key(out, "fields") += '[';
        for (const auto& each : form) {
            const auto name = parse_field_name(each.name);
            const auto* type = name ? type_of(name->instance) : nullptr;
            if (!type || !type->fill) continue;
            if (out.back() != '[') out += ',';
            append_quoted(out += '[', each.name);
            out += ',';
            if (type->is_secret_field(name->field))
                out += "null";
            else
                append_quoted(out, each.value);
            out += ']';
        }
        out += ']';
    }

    void operator()(const cause::visit& why) const {
        append_text(out, "mount", started_by(before, result).mount);
        append_text(out, "component", why.root.type->name);
        append_key(out, "state") += why.root.type->encode(why.root.state.get());
    }

    void operator()(const cause::restored& why) const {
        append_text(out, "mount", started_by(before, result).mount);
        if (why.origin.id.empty()) return;
        append_text(out, "from", why.origin.id);
        append_count(out, "head", why.origin.head);
    }

    void operator()(const cause::user_event& why) const {
        const auto& received = why.received;
        const auto* type = type_of(received.instance);
        append_event_id(out, received.id);
        if (type) append_text(out, "component", type->name);
        append_count(out, "instance", received.instance);
        append_text(out, "member", received.name);
        append_arguments(out, received.arguments, type ? type->find(received.name) : nullptr);
        if (!received.form.empty()) append_fields(received.form);
        if (received.page) {
            append_key(out, "page") += '{';
            append_count(out, "step", received.page->step);
            append_count(out, "revision", received.page->revision);
            out += '}';
        }
        if (result.is_typed_only) append_key(out, "failed") += "true";
    }

    void operator()(const cause::navigation& why) const {
        append_event_id(out, why.id);
        if (why.to) append_count(out, "to", *why.to);
    }

    void operator()(const cause::timers&) const {}

    void operator()(const cause::message& why) const {
        append_text(out, "topic", why.topic);
        append_arguments(out, why.arguments);
    }

    void operator()(const cause::work_result& why) const {
        append_count(out, "number", why.number);
        if (why.value.empty()) return;
        const auto value = why.value.json();
        if (value.empty())
            append_key(out, "not_recorded") += "true";
        else
            append_key(out, "value").append(value, 1, value.size() - 2);
    }

    void operator()(const cause::work_failure& why) const {
        append_count(out, "number", why.number);
        if (why.why) append_text(out, "why", why.why->message);
    }

    void operator()(const cause::restart&) const {}

    void operator()(const cause::seen&) const {}

    void operator()(const cause::removal& why) const { append_text(out, "text", why.text); }

    void operator()(const cause::naming& why) const { append_text(out, "alias", why.alias); }

    void operator()(const cause::function&) const {}
};

/// The user who caused the change, or the owner of the conversation.
const principal& user_of(const any_cause& why, const conversation& before, const outcome& result) {
    const std::optional<principal>* by = nullptr;
    if (const auto* event = std::get_if<cause::user_event>(&why)) by = &event->by;
    if (const auto* navigation = std::get_if<cause::navigation>(&why)) by = &navigation->by;
    return by && *by ? **by : started_by(before, result).principal;
}

}  // namespace

std::optional<field_name> parse_field_name(std::string_view name) {
    field_name out;
    if (!name.starts_with('i')) return std::nullopt;
    const auto* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + 1, end, out.instance);
    if (error != std::errc() || stop == end || *stop != '-') return std::nullopt;
    out.field = std::string_view(stop + 1, end);
    return out;
}

std::string encode_event(
    const conversation& before,
    const any_cause& why,
    const environment& env,
    const outcome& result
) {
    std::string out;
    out.reserve(192);
    out += '{';
    append_text(out, "kind", std::visit([](const auto& each) { return each.kind; }, why));
    append_principal(out, user_of(why, before, result));
    if (env.clock_shift.count() != 0) append_count(out, "clock_shift", env.clock_shift.count());
    append_random(out, env);
    std::visit(record_writer{out, before, result}, why);
    if (result.verdict == verdict::ended)
        append_text(out, "last_page", static_html(result.patches.front().content));
    return out += '}';
}

namespace {

/// Makes a cause from its record.
class record_reader {
public:
    record_reader(checked_json record, const conversation& before)
        : record_(std::move(record)), before_(before) {}

    recorded_event read() {
        const auto kind = record_.at("kind");
        out_.cause = cause_of(kind);
        if (record_.has("clock_shift"))
            out_.clock_shift = std::chrono::milliseconds(record_.at("clock_shift").number());
        if (record_.has("random")) out_.random = record_.at("random").hex();
        if (record_.has("failed")) out_.is_typed_only = record_.at("failed").truth();
        if (record_.has("last_page")) out_.last_page = record_.at("last_page").text();
        return std::move(out_);
    }

private:
    any_cause cause_of(const checked_json& kind) {
        const auto name = kind.text();
        if (name == cause::visit::kind) return visit();
        if (name == cause::restored::kind) return restored();
        if (name == cause::user_event::kind) return user_event();
        if (name == cause::navigation::kind) return navigation();
        if (name == cause::timers::kind) return cause::timers{};
        if (name == cause::message::kind)
            return cause::message{record_.at("topic").text(), json_arguments()};
        if (name == cause::work_result::kind) return work_result();
        if (name == cause::work_failure::kind) return work_failure();
        if (name == cause::restart::kind) return cause::restart{};
        if (name == cause::seen::kind) return cause::seen{};
        if (name == cause::naming::kind) return cause::naming{record_.at("alias").text()};
        if (name == cause::removal::kind) return cause::removal{record_.at("text").text()};
        if (name != cause::function::kind) kind.refuse("is not a kind of event");
        out_.missing = "a function of the application made this change";
        return cause::function{};
    }

    cause::visit visit() {
        const auto component = record_.at("component");
        const auto* type = find_component(component.text());
        if (!type) throw unknown_component(component.text());
        if (!type->decode) component.refuse("is a flow, which cannot be stored");
        const auto state = record_.at("state");
        const detail::secret_form_scope masked(detail::secret_form::masked);
        out_.has_masked = type->has_secret;
        try {
            return {{type, type->decode(state.value())}};
        } catch (const std::exception& error) {
            state.refuse("does not fit the component: " + std::string(error.what()));
        }
    }

    cause::restored restored() {
        if (!record_.has("from")) {
            out_.missing = "the conversation continues a snapshot, which is not recorded";
            return {};
        }
        out_.missing = "the conversation continues a state of another conversation";
        return {{record_.at("from").text(), record_.at("head").count()}};
    }

    cause::user_event user_event() {
        event received;
        received.id = record_.at("id").hex();
        received.instance = record_.at("instance").count();
        received.name = record_.at("member").text();
        received.arguments = event_arguments(received);
        if (record_.has("fields")) received.form = fields();
        if (record_.has("page")) {
            const auto page = record_.at("page");
            received.page = submitted_page{page.at("step").count(), page.at("revision").count()};
        }
        return {std::move(received), user()};
    }

    /// The user who caused the change. The record names the owner in the same way, whose roles
    /// belong to the conversation.
    principal user() const {
        principal out(record_.at("principal").text());
        if (!record_.has("roles")) return out;
        const auto roles = record_.at("roles");
        for (std::size_t i = 0; i < roles.array().size(); ++i)
            out.roles.push_back(roles.at(i).text());
        return out;
    }

    /// A JSON array as text. A text that was not one when it was recorded is returned as it was.
    std::string json_arguments() const {
        const auto arguments = record_.at("arguments");
        if (arguments.value().is_string()) return arguments.text();
        return boost::json::serialize(arguments.array());
    }

    /// The same, with default values in place of the secret arguments.
    std::string event_arguments(const event& of) {
        const auto* target = before_.instances.find(of.instance);
        const auto* member = target ? target->type->find(of.name) : nullptr;
        const auto recorded = record_.at("arguments");
        if (!member || !member->default_arguments || !recorded.value().is_array())
            return json_arguments();
        out_.has_masked = true;
        auto arguments = recorded.array();
        const auto defaults = parse_arguments(member->default_arguments()).value();
        for (std::size_t i = 0; i < arguments.size() && i < defaults.size(); ++i)
            if (member->is_secret_argument(i)) arguments[i] = defaults[i];
        return boost::json::serialize(arguments);
    }

    std::vector<form_value> fields() {
        const auto all = record_.at("fields");
        std::vector<form_value> out;
        for (std::size_t i = 0; i < all.array().size(); ++i) {
            const auto pair = all.at(i);
            const auto value = pair.at(std::size_t{1});
            const bool is_masked = value.value().is_null();
            out_.has_masked = out_.has_masked || is_masked;
            out.push_back({pair.at(std::size_t{0}).text(), is_masked ? "" : value.text()});
        }
        return out;
    }

    cause::navigation navigation() const {
        cause::navigation out{.id = record_.at("id").hex(), .to = {}, .by = user()};
        if (record_.has("to")) out.to = record_.at("to").count();
        return out;
    }

    cause::work_result work_result() {
        cause::work_result out{.number = record_.at("number").count(), .value = {}};
        if (record_.has("not_recorded")) out_.missing = "the result of work has no JSON";
        const auto* member = receiver_of(out.number);
        if (!record_.has("value") || !member || !*member->decode_result) return out;
        const auto value = record_.at("value");
        out_.has_masked = member->secret_arguments != 0;
        try {
            out.value = (*member->decode_result)(value.value());
        } catch (const std::exception& error) {
            value.refuse("does not fit the member: " + std::string(error.what()));
        }
        return out;
    }

    /// The member that receives the result of a piece of work, or null.
    const member_handler* receiver_of(std::uint64_t number) const {
        for (const auto id : before_.waiting)
            for (const auto& each : before_.instances.at(id).waits->work)
                if (each.number == number) return each.then;
        return nullptr;
    }

    cause::work_failure work_failure() const {
        cause::work_failure out{.number = record_.at("number").count(), .why = {}};
        if (record_.has("why")) out.why = failure{record_.at("why").text()};
        return out;
    }

    const checked_json record_;
    const conversation& before_;
    recorded_event out_;
};

}  // namespace

recorded_event
decode_event(const boost::json::value& record, const conversation& before, std::string_view place) {
    return record_reader(checked_json(record, std::string(place)), before).read();
}

}  // namespace stube::kernel
