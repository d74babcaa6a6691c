#include "runtime/kernel/event_record.hpp"

#include "runtime/conversation/json_text.hpp"
#include "runtime/kernel/static_html.hpp"
#include "runtime/kernel/turn.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstddef>
#include <optional>

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

/// The instance and the field that the name of a form value contains, such as "i7-name".
struct field_name {
    instance_id instance = 0;
    std::string_view field;
};

std::optional<field_name> parse_field_name(std::string_view name) {
    field_name out;
    if (!name.starts_with('i')) return std::nullopt;
    const auto* end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + 1, end, out.instance);
    if (error != std::errc() || stop == end || *stop != '-') return std::nullopt;
    out.field = std::string_view(stop + 1, end);
    return out;
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
        append_text(out, "mount", result.next.mount);
        append_text(out, "component", why.root.type->name);
        append_key(out, "state") += why.root.type->encode(why.root.state.get());
    }

    void operator()(const cause::restored& why) const {
        append_text(out, "mount", result.next.mount);
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
const principal& user_of(const any_cause& why, const outcome& result) {
    const std::optional<principal>* by = nullptr;
    if (const auto* event = std::get_if<cause::user_event>(&why)) by = &event->by;
    if (const auto* navigation = std::get_if<cause::navigation>(&why)) by = &navigation->by;
    return by && *by ? **by : result.next.principal;
}

}  // namespace

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
    append_principal(out, user_of(why, result));
    if (env.clock_shift.count() != 0) append_count(out, "clock_shift", env.clock_shift.count());
    std::visit(record_writer{out, before, result}, why);
    if (result.verdict == verdict::ended)
        append_text(out, "last_page", static_html(result.patches.front().content));
    return out += '}';
}

}  // namespace stube::kernel
