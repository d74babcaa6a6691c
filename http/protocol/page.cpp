#include "http/protocol/page.hpp"

#include "http/protocol/assets.hpp"
#include "http/protocol/text.hpp"
#include "http/protocol/wire_html.hpp"
#include "http/protocol/wire_patches.hpp"

#include <stube/runtime/deliveries.hpp>

#include <algorithm>
#include <set>

namespace stube::http {

namespace {

/// Adds the base path to an address of the application if the address is on this server ("/...").
std::string with_base(const std::string& address, std::string_view base_path) {
    const bool is_ours = address.starts_with('/') && !address.starts_with("//");
    return is_ours ? std::string(base_path) + address : address;
}

void append_script(std::string& out, std::string_view address) {
    if (address.empty()) return;
    out += "<script src=\"";
    append_attribute(out, address);
    out += "\"></script>";
}

}  // namespace

std::string asset_address(std::string_view name, std::string_view base_path) {
    const auto all = assets();
    const auto found = std::ranges::find(all, name, &asset::name);
    if (found == all.end()) return {};
    return std::string(base_path).append("/stube/assets/").append(found->hashed_name);
}

void append_stylesheet(std::string& out, std::string_view address) {
    if (address.empty()) return;
    out += "<link rel=\"stylesheet\" href=\"";
    append_attribute(out, address);
    out += "\">";
}

std::string framed_page_headers() {
    std::string out(page_headers);
    constexpr std::string_view never = "frame-ancestors 'none'";
    return out.replace(out.find(never), never.size(), "frame-ancestors 'self'");
}

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
    append_stylesheet(out, asset_address("stube.css", base_path));
    out += more;
    for (const auto& each : options.stylesheets) {
        append_stylesheet(out, with_base(each, base_path));
    }
    out += "<link rel=\"icon\" href=\"";
    append_attribute(
        out,
        options.icon.empty() ? asset_address("icon.svg", base_path)
                             : with_base(options.icon, base_path)
    );
    out += "\"></head><body>";
    if (options.header.empty()) return out;
    out += "<header>";
    write_markup(out, options.header, no_wire());
    return out += "</header>";
}

// One file for all scripts: if one of several could not be fetched, the others would intercept
// events that it should send. Without the file the browser submits forms by itself. The element is
// the last one of the page, so that the script finds all others.
std::string make_scripts(std::string_view base_path) {
    std::string out;
    append_script(out, asset_address("stube.js", base_path));
    return out;
}

namespace {

/// Writes the element from which stube.js reads the address of the stream and the revision shown.
void append_stream(std::string& out, const page_settings& settings, const conversation& shown) {
    out.append("<div id=\"stube-stream\" data-conversation=\"").append(shown.id);
    out += "\" data-step=\"";
    append_number(out, shown.step);
    out += "\" data-heartbeat=\"";
    append_number(out, static_cast<std::uint64_t>(settings.heartbeat.count()));
    out.append("\" data-stream=\"").append(settings.base_path).append("/stube/stream/");
    out.append(shown.id).append("?rev=");
    append_number(out, shown.revision);
    out += "\"></div>";
}

/// Writes the elements that submit controls outside of every form. A return key in such a control
/// presses the first submit button of its form: the button written here, which submits the view's
/// form, or a disabled one, so that nothing happens.
void append_loose_form(std::string& out, const loose_form& loose, std::string_view ticket) {
    if (loose.kind == loose_form_kind::of_view) {
        out += "<button class=\"stube-enter\" tabindex=\"-1\" aria-hidden=\"true\" form=\"";
        append_attribute(out, loose.id);
        out += "\"></button>";
    }
    if (loose.kind == loose_form_kind::of_shell) {
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

/// Makes the page reload itself in a browser without scripts, so that it shows the end of
/// background work.
void add_refresh(std::string& head) {
    constexpr std::string_view refresh =
        "<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>";
    head.insert(head.find("</head>"), refresh);
}

void append_notices(
    std::string& out,
    std::span<const kernel::patch> patches,
    const markup_wire& wire
) {
    for (const auto& each : patches) {
        if (each.kind == kernel::patch_kind::notice) write_markup(out, each.content, wire);
    }
}

/// Commands have the same form as in a patch; stube-page.js carries them out.
void append_commands(
    std::string& out,
    std::span<const kernel::patch> patches,
    const markup_wire& wire
) {
    if (std::ranges::find(patches, kernel::patch_kind::command, &kernel::patch::kind) ==
        patches.end())
        return;
    out += "<template id=\"stube-first\">";
    for (const auto& each : patches) {
        if (each.kind == kernel::patch_kind::command) append_partial(out, each, wire);
    }
    out += "</template>";
}

}  // namespace

// The element of the stream is outside of #stube-view, because patches change the latter.
void append_live_page(
    std::string& page,
    const page_settings& settings,
    const conversation& shown,
    std::span<const kernel::patch> patches,
    std::string_view ticket
) {
    static const markup nothing;
    const auto found = std::ranges::find(patches, kernel::patch_kind::view, &kernel::patch::kind);
    const auto& view = found == patches.end() ? nothing : found->content;
    const auto loose = choose_loose_form(view);
    const page_wire wire(settings.base_path, shown.id, loose, ticket);
    const bool is_working = !kernel::unfinished_work(shown).empty();
    // A reload would discard the text that the user is typing.
    const bool reloads = is_working && !takes_input(view);
    if (reloads) add_refresh(page);
    append_stream(page, settings, shown);
    append_loose_form(page, loose, ticket);
    page += "<div id=\"stube\"><div id=\"stube-notice\" aria-live=\"polite\">";
    append_notices(page, patches, wire);
    page += "</div><main id=\"stube-view\" tabindex=\"-1\">";
    write_markup(page, view, wire);
    page += "</main></div>";
    append_commands(page, patches, wire);
    if (view.text().find(" data-stube-behavior=") != std::string_view::npos)
        page += "<noscript><p>Parts of this page need JavaScript.</p></noscript>";
    if (is_working && !reloads)
        page += "<noscript><p><a href=\"\">Show the result</a></p></noscript>";
    page.append(settings.scripts).append("</body></html>\n");
}

std::string
page_address(std::string_view base_path, const conversation& shown, std::string_view step) {
    std::string address = shown.mount;
    if (is_local_address(shown.url)) {
        const bool has_base = shown.url.starts_with(std::string(base_path) + "/");
        address = has_base ? shown.url : with_base(shown.url, base_path);
    }
    const auto fragment = address.find('#');
    std::string named = address.find('?') < fragment ? "&c=" : "?c=";
    named.append(shown.id).append(".").append(step);
    return address.insert(std::min(fragment, address.size()), named);
}

std::string bare_address_cookie(std::string_view base_path, std::string_view path) {
    std::string name(base_path);
    name += path;
    std::ranges::replace_if(
        name,
        [](char c) {
            return !((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
        },
        '_'
    );
    return name.insert(0, "stube_last");
}

void append_plain_body(std::string& out, std::string_view content) {
    out.append("<main id=\"stube-view\" tabindex=\"-1\">")
        .append(content)
        .append("</main></body></html>\n");
}

}  // namespace stube::http
