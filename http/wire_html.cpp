#include "http/wire_html.hpp"

#include "http/form.hpp"
#include "http/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <chrono>

namespace stube::http {

namespace {

/// JSON text as a JSON string, in an attribute between single quotes.
void append_arguments(std::string& out, std::string_view json) {
    out.append(" hx-vals='{\"").append(arguments_field).append("\":\"");
    for (const char c : json) {
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\'':
            out += "&#39;";
            break;
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        default:
            out += c;
        }
    }
    out += "\"}'";
}

/// The event that htmx listens for by itself. An input's depends on its type, which is not known
/// here.
std::string_view default_event(std::string_view element) {
    if (element == "form") return "submit";
    if (element == "select" || element == "textarea") return "change";
    return element == "input" ? "" : "click";
}

/// True if stube.js must look at the DOM event itself before htmx may hear of it.
bool is_guarded(const event_modifiers& how) {
    return !how.keys.empty() || how.prevent || how.stop;
}

void append_pause(std::string& out, std::string_view word, std::chrono::milliseconds pause) {
    if (pause.count() <= 0) return;
    out.append(" ").append(word).append(":");
    append_number(out, static_cast<std::uint64_t>(pause.count()));
    out += "ms";
}

void append_trigger(std::string& out, const hole& h, const event_modifiers& how) {
    std::string trigger(h.event);
    if (is_guarded(how)) trigger.insert(0, "stube:");
    append_pause(trigger, "delay", how.debounce);
    append_pause(trigger, "throttle", how.throttle);
    if (trigger == default_event(h.element)) return;
    out += " hx-trigger=\"";
    append_attribute(out, trigger);
    out += '"';
}

void append_modifiers(std::string& out, const hole& h, const event_modifiers& how) {
    const auto add = [&](std::string_view name, std::string_view value) {
        out.append(" data-stube-").append(name).append("=\"");
        append_attribute(out, value);
        out += '"';
    };
    if (is_guarded(how)) add("on", h.event);
    if (!how.keys.empty()) add("keys", boost::json::serialize(boost::json::value_from(how.keys)));
    if (how.prevent) out += " data-stube-prevent";
    if (how.stop) out += " data-stube-stop";
    if (how.once) out += " data-stube-once";
    if (!how.question.empty()) add("confirm", how.question);
}

}  // namespace

void html_wire::address(std::string& out, const hole& h) const {
    out.append(base_path_).append("/stube/event/").append(conversation_);
    out += '/';
    append_number(out, h.instance);
    out.append("/").append(h.name);
}

void html_wire::event(std::string& out, const hole& h) const {
    if (h.event.empty()) return address(out, h);
    out += " hx-post=\"";
    address(out, h);
    out += '"';
    static const event_modifiers none;
    const auto& how = h.modifiers ? *h.modifiers : none;
    append_trigger(out, h, how);
    if (!h.text.empty()) append_arguments(out, h.text);
    if (h.element != "form") {
        out += " hx-include=\"#i";
        append_number(out, h.instance);
        out += '"';
    }
    append_modifiers(out, h, how);
}

}  // namespace stube::http
