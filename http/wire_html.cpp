#include "http/wire_html.hpp"

#include "http/form.hpp"
#include "http/text.hpp"

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

}  // namespace

void html_wire::event(std::string& out, const hole& h) const {
    out.append(" hx-post=\"").append(base_path_).append("/stube/event/").append(conversation_);
    out += '/';
    append_number(out, h.instance);
    out.append("/").append(h.name).append("\"");
    if (h.event != default_event(h.element)) {
        out += " hx-trigger=\"";
        append_attribute(out, h.event);
        out += '"';
    }
    if (!h.text.empty()) append_arguments(out, h.text);
    if (h.element != "form") {
        out += " hx-include=\"#i";
        append_number(out, h.instance);
        out += '"';
    }
}

}  // namespace stube::http
