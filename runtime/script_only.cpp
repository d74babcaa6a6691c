#include "runtime/script_only.hpp"

#include <map>
#include <set>
#include <utility>

namespace stube {

namespace test_page {
namespace {

constexpr std::string_view event_prefix = "data-on-";

struct ways {
    bool has_form_post = false;
    std::set<std::string> events;
};

using member = std::pair<std::string, std::string>;  // component and name

/// True for an event that HTML itself can send, see http/wire_html.hpp.
bool is_form_post(const node& from, std::string_view event) {
    if (from.tag == "form") return event == "submit";
    if (event != "click") return false;
    if (from.tag == "a") return !from.has("href");
    const auto type = from.get("type");
    if (from.tag == "button") return type != "reset";
    return from.tag == "input" && (type == "submit" || type == "button" || type == "image");
}

void add_events(const node& from, const conversation& of, std::map<member, ways>& all) {
    for (const auto& attribute : from.attributes) {
        const auto& name = attribute.name;
        if (!name.starts_with(event_prefix)) continue;
        const auto event = name.substr(event_prefix.size());
        const auto wired = event_of(from, event);
        const auto* target = wired ? of.instances.find(wired->instance) : nullptr;
        if (!target) continue;
        auto& known = all[{std::string(target->type->name), wired->name}];
        known.has_form_post = known.has_form_post || is_form_post(from, event);
        known.events.insert(event);
    }
    for (const auto& child : from.children)
        add_events(*child, of, all);
}

}  // namespace

std::vector<std::string> script_only_events(const node& page, const conversation& of) {
    std::map<member, ways> all;
    add_events(page, of, all);
    std::vector<std::string> out;
    for (const auto& [who, how] : all) {
        if (how.has_form_post) continue;
        std::string text = who.first + ": " + who.second + " (";
        std::string_view separator;
        for (const auto& event : how.events) {
            text.append(separator).append(event);
            separator = ", ";
        }
        out.push_back(text + ")");
    }
    return out;
}

}  // namespace test_page

std::vector<std::string> script_only_events(const conversation& of, const surroundings& world) {
    std::string html;
    write_markup(html, render_view(of, world).content, test_page::wire());
    return test_page::script_only_events(*test_page::parse(html), of);
}

}  // namespace stube
