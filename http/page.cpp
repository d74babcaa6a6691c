#include "http/page.hpp"

#include "http/assets.hpp"
#include "http/text.hpp"
#include "http/wire_html.hpp"
#include "http/wire_patches.hpp"

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

// One file: a script that could not be fetched would leave the others to do half of what they are
// for. Without it the browser submits forms by itself. At the end, where the page is there already.
std::string make_scripts(std::string_view base_path) {
    std::string out;
    append_script(out, address_of("stube.js", base_path));
    return out;
}

namespace {

/// For stube.js: where the stream is, and what the page shows.
void append_stream(std::string& out, const site& of, const conversation& shown) {
    out.append("<div id=\"stube-stream\" data-conversation=\"").append(shown.id);
    out += "\" data-step=\"";
    append_number(out, shown.step);
    out += "\" data-heartbeat=\"";
    append_number(out, static_cast<std::uint64_t>(of.limits().heartbeat.count()));
    out.append("\" data-stream=\"").append(of.base_path()).append("/stube/stream/");
    out.append(shown.id).append("?rev=");
    append_number(out, shown.revision);
    out += "\"></div>";
}

/// What submits the controls outside of every form. A return key in one of them presses the first
/// submit button: that of the view's form, or one that is disabled, which does nothing.
void append_loose_form(std::string& out, const loose_form& loose, std::string_view ticket) {
    if (loose.what == loose_form::kind::of_view) {
        out += "<button class=\"stube-enter\" tabindex=\"-1\" aria-hidden=\"true\" form=\"";
        append_attribute(out, loose.id);
        out += "\"></button>";
    }
    if (loose.what == loose_form::kind::of_shell) {
        out.append("<form id=\"").append(loose.id).append("\" method=\"post\" hidden>");
        out += "<button disabled></button>";
        append_ticket(out, ticket);
        out += "</form>";
    }
}

bool takes_input(const markup& view) {
    return std::ranges::any_of(view.holes(), [](const hole& h) {
        return h.what == hole::kind::owner || h.what == hole::kind::form_start;
    });
}

/// Where scripts do not run nobody tells the page that work is done: it looks by itself, unless
/// that would take away what somebody types.
void append_refresh(std::string& head, std::string& body, const markup& view) {
    if (takes_input(view)) {
        body += "<noscript><p><a href=\"\">Show the result</a></p></noscript>";
    } else {
        constexpr std::string_view refresh =
            "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>";
        head.insert(head.find("</head>"), refresh);
    }
}

}  // namespace

// The stream's element stands outside of what is morphed.
void append_live_page(
    std::string& head,
    const site& of,
    const conversation& shown,
    std::span<const patch> patches,
    std::string_view ticket
) {
    static const markup nothing;
    const auto found = std::ranges::find(patches, patch::kind::view, &patch::what);
    const auto& content = found == patches.end() ? nothing : found->content;
    const auto loose = choose_loose_form(content);
    const page_wire wire(of.base_path(), shown.id, loose, ticket);
    std::string view, notices, commands;
    write_markup(view, content, wire);
    for (const auto& each : patches) {
        if (each.what == patch::kind::notice) write_markup(notices, each.content, wire);
        if (each.what == patch::kind::command) append_partial(commands, each, wire);
    }
    std::string body;
    append_stream(body, of, shown);
    append_loose_form(body, loose, ticket);
    body.append("<div id=\"stube\"><div id=\"stube-notice\" aria-live=\"polite\">").append(notices);
    body += "</div><main id=\"stube-view\" tabindex=\"-1\">";
    body.append(view).append("</main></div>");
    if (!commands.empty())
        body.append("<template id=\"stube-first\">").append(commands).append("</template>");
    if (view.find(" data-stube-behavior=") != view.npos)
        body += "<noscript><p>Parts of this page need JavaScript.</p></noscript>";
    if (!unfinished_work(shown).empty()) append_refresh(head, body, content);
    head.append(body).append(of.scripts()).append("</body></html>\n");
}

void append_plain_body(std::string& out, std::string_view content) {
    out.append("<main id=\"stube-view\" tabindex=\"-1\">")
        .append(content)
        .append("</main></body></html>\n");
}

}  // namespace stube::http
