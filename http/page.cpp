#include "http/page.hpp"

#include "http/assets.hpp"
#include "http/text.hpp"
#include "http/wire_html.hpp"

#include <algorithm>
#include <set>

namespace stube::http {

namespace {

/// The address of an embedded file, or nothing if the library was built without it.
std::string address_of(std::string_view name, std::string_view base_path) {
    const auto all = assets();
    const auto found = std::ranges::find(all, name, &asset::name);
    if (found == all.end()) return {};
    return std::string(base_path).append("/stube/assets/").append(found->hashed_name);
}

/// An address of the application: "/" begins one of this server.
std::string with_base(const std::string& address, std::string_view base_path) {
    const bool is_ours = address.starts_with('/') && !address.starts_with("//");
    return is_ours ? std::string(base_path) + address : address;
}

void append_stylesheet(std::string& out, std::string_view address) {
    if (address.empty()) return;
    out += "<link rel=\"stylesheet\" href=\"";
    append_attribute(out, address);
    out += "\">";
}

void append_script(std::string& out, std::string_view address) {
    if (address.empty()) return;
    out += "<script src=\"";
    append_attribute(out, address);
    out += "\"></script>";
}

}  // namespace

std::string component_styles(std::span<const component_type* const> known) {
    std::string out;
    for (const auto* each : known) {
        if (each->styles.empty()) continue;
        out += "[data-stube-component=\"";
        for (const char c : each->name) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out.append("\"] {\n").append(each->styles).append("\n}\n");
    }
    return out;
}

std::string make_component_head(
    std::span<const component_type* const> known,
    std::string_view styles,
    std::string_view base_path
) {
    std::string out;
    append_stylesheet(out, styles);
    std::set<std::string_view> seen;
    for (const auto* each : known) {
        for (const auto module : each->modules) {
            if (!seen.insert(module).second) continue;
            out += "<script type=\"module\" src=\"";
            append_attribute(out, with_base(std::string(module), base_path));
            out += "\"></script>";
        }
    }
    return out;
}

std::string
make_page_head(const page_options& options, std::string_view base_path, std::string_view more) {
    std::string out = "<!doctype html><html lang=\"";
    append_attribute(out, options.lang);
    out += "\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
           "<meta name=\"htmx-config\" "
           "content='{\"includeIndicatorCSS\":false,\"history\":false}'><title>";
    append_element_text(out, options.title);
    out += "</title>";
    append_stylesheet(out, address_of("stube.css", base_path));
    out += more;
    for (const auto& each : options.stylesheets) {
        append_stylesheet(out, with_base(each, base_path));
    }
    out += "<link rel=\"icon\" href=\"";
    append_attribute(
        out,
        options.icon.empty() ? address_of("icon.svg", base_path)
                             : with_base(options.icon, base_path)
    );
    out += "\"></head><body>";
    if (options.header.empty()) return out;
    out += "<header>";
    write_markup(out, options.header, no_wire());
    return out += "</header>";
}

// Not deferred, and at the end: htmx starts itself at DOMContentLoaded, and if it starts before a
// deferred hx-sse or stube.js has run, the stream is never opened and events carry no id.
std::string make_scripts(std::string_view base_path) {
    std::string out;
    for (const auto* name :
         {"htmx.min.js",
          "hx-sse.min.js",
          "stube.js",
          "stube-page.js",
          "stube-history.js",
          "stube-behaviors.js",
          "stube-events.js"}) {
        append_script(out, address_of(name, base_path));
    }
    return out;
}

void append_live_body(std::string& out, const live_body& what) {
    out.append("<div id=\"stube-stream\" data-conversation=\"").append(what.conversation);
    out += "\" data-step=\"";
    append_number(out, what.step);
    out += "\" data-heartbeat=\"";
    append_number(out, static_cast<std::uint64_t>(what.heartbeat.count()));
    out.append("\" hx-sse:connect=\"").append(what.base_path).append("/stube/stream/");
    out.append(what.conversation).append("?rev=");
    append_number(out, what.revision);
    out += "\" hx-sse:close=\"stube-end\" hx-swap=\"none\"></div>"
           "<div id=\"stube\" hx-swap:inherited=\"none\" hx-target:inherited=\"#stube-view\" "
           "hx-sync:inherited=\"#stube:queue all\">"
           "<div id=\"stube-notice\" aria-live=\"polite\"></div><main id=\"stube-view\" "
           "tabindex=\"-1\">";
    out.append(what.view).append("</main></div>");
    if (!what.commands.empty()) {
        out.append("<template id=\"stube-first\">").append(what.commands).append("</template>");
    }
    out.append("<noscript><p>This page needs JavaScript.</p></noscript>")
        .append(what.scripts)
        .append("</body></html>\n");
}

void append_plain_body(std::string& out, std::string_view content) {
    out.append("<main id=\"stube-view\" tabindex=\"-1\">")
        .append(content)
        .append("</main></body></html>\n");
}

}  // namespace stube::http
