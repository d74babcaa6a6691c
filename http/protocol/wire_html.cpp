#include "http/protocol/wire_html.hpp"

#include "http/protocol/form.hpp"
#include "http/protocol/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>

#include <algorithm>
#include <chrono>

namespace stube::http {

namespace {

using sender = hole::sender;

/// Appends JSON text as an attribute value between single quotes.
void append_json_value(std::string& out, std::string_view json) {
    out += '\'';
    for (const char c : json) {
        switch (c) {
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
    out += '\'';
}

/// The event that stube-events.js uses if the element has no data-stube-on.
std::string_view default_event(const hole& h) {
    if (h.element == "form") return "submit";
    if (h.element == "select" || h.element == "textarea") return "change";
    return h.element == "input" && h.sent_by != sender::input_button ? "change" : "click";
}

std::string_view address_attribute(sender by) {
    switch (by) {
    case sender::form:
        return " method=\"post\" action=\"";
    case sender::button:
    case sender::input_button:
        return " formaction=\"";
    case sender::link:
        return " href=\"";
    case sender::none:
        break;
    }
    return " data-stube-action=\"";
}

void append_arguments(std::string& out, const hole& h) {
    if (h.text.empty()) return;
    if (h.sent_by == sender::button) {
        out.append(" name=\"").append(arguments_field).append("\" value=");
    } else {
        out += " data-stube-args=";
    }
    append_json_value(out, h.text);
}

void append_pause(std::string& out, std::string_view word, std::chrono::milliseconds pause) {
    if (pause.count() <= 0) return;
    out.append(" data-stube-").append(word).append("=\"");
    append_number(out, static_cast<std::uint64_t>(pause.count()));
    out += '"';
}

void append_modifiers(std::string& out, const event_modifiers& modifiers) {
    append_pause(out, "delay", modifiers.debounce);
    append_pause(out, "throttle", modifiers.throttle);
    if (!modifiers.keys.empty()) {
        out += " data-stube-keys=";
        append_json_value(out, boost::json::serialize(boost::json::value_from(modifiers.keys)));
    }
    if (modifiers.prevent) out += " data-stube-prevent";
    if (modifiers.stop) out += " data-stube-stop";
    if (modifiers.once) out += " data-stube-once";
    if (modifiers.question.empty()) return;
    out += " data-stube-confirm=\"";
    append_attribute(out, modifiers.question);
    out += '"';
}

}  // namespace

void html_wire::append_address(std::string& out, const hole& h) const {
    out.append(base_path_).append("/stube/event/").append(conversation_);
    out += '/';
    append_number(out, h.instance);
    out.append("/").append(h.name);
}

void html_wire::event(std::string& out, const hole& h) const {
    if (h.event.empty()) return append_address(out, h);
    out += address_attribute(h.sent_by);
    append_address(out, h);
    append_query(out, h);
    out += '"';
    append_arguments(out, h);
    // The browser's checks are for submitting the form; a button with its own event skips them.
    if (h.in_form && h.is_button()) out += " formnovalidate";
    if (h.event != default_event(h)) {
        out += " data-stube-on=\"";
        append_attribute(out, h.event);
        out += '"';
    }
    if (h.modifiers) append_modifiers(out, *h.modifiers);
}

namespace {

/// The start tag around offset `at` of `text`. Attribute values escape angle brackets.
std::string_view tag_around(std::string_view text, std::size_t at) {
    const auto begin = text.rfind('<', at);
    return text.substr(begin, text.find('>', at) - begin);
}

bool is_loose(const hole& h) {
    return h.what == hole::kind::owner ||
           (h.what == hole::kind::event && h.is_button() && !h.in_form);
}

}  // namespace

loose_form choose_loose_form(const markup& view) {
    const auto holes = view.holes();
    if (std::ranges::none_of(holes, is_loose)) return {};
    const auto starts_form = [](const hole& h) { return h.what == hole::kind::form_start; };
    loose_form out{loose_form_kind::of_shell, std::string(loose_form::default_id)};
    if (std::ranges::count_if(holes, starts_form) != 1) return out;
    const auto form = std::ranges::find(holes, sender::form, &hole::sent_by);
    out.kind = loose_form_kind::of_view;
    const auto id = attribute_in(tag_around(view.text(), form->at), "id");
    out.writes_id = !id;
    if (id) out.id = *id;
    return out;
}

void page_wire::event(std::string& out, const hole& h) const {
    html_wire::event(out, h);
    if (h.sent_by == sender::form && loose_.writes_id) {
        out += " id=\"";
        append_attribute(out, loose_.id);
        out += '"';
    }
    if (h.is_button() && !h.in_form) owner(out, h);
}

void page_wire::append_query(std::string& out, const hole& h) const {
    if (h.sent_by == sender::none) return;
    std::string_view separator = "?";
    const auto add = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        out.append(separator).append(name).append("=").append(query_value(value));
        separator = "&amp;";
    };
    if (h.modifiers) add("ask", h.modifiers->question);
    const bool holds_arguments = h.sent_by == sender::button || h.sent_by == sender::form;
    if (!holds_arguments) add("args", h.text);
}

void page_wire::owner(std::string& out, const hole& /*h*/) const {
    out += " form=\"";
    append_attribute(out, loose_.id);
    out += '"';
}

void page_wire::form_start(std::string& out, const hole& h) const {
    append_ticket(out, ticket_);
    if (h.text.empty()) return;
    out.append("<input type=\"hidden\" name=\"").append(arguments_field).append("-");
    append_number(out, h.instance);
    out.append("-").append(h.name).append("\" value=");
    append_json_value(out, h.text);
    out += '>';
}

void append_ticket(std::string& out, std::string_view ticket) {
    out.append("<input type=\"hidden\" name=\"").append(ticket_field).append("\" value=\"");
    out.append(ticket).append("\">");
}

}  // namespace stube::http
