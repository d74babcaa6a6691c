#include "runtime/kernel/script_only.hpp"

#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace stube::kernel {
namespace {

/// The ways in which a page can reach a member.
struct ways {
    bool has_form_post = false;
    std::set<std::string_view> events;
};

using handler_name = std::pair<std::string_view, std::string_view>;  // component and name

std::string text_of(const handler_name& handler, const ways& reached_by) {
    std::string text(handler.first);
    text.append(": ").append(handler.second).append(" (");
    std::string_view separator;
    for (const auto event : reached_by.events) {
        text.append(separator).append(event);
        separator = ", ";
    }
    return text += ")";
}

}  // namespace

std::vector<std::string> script_only_events(const markup& view, const conversation& of) {
    std::map<handler_name, ways> by_handler;
    for (const auto& h : view.holes()) {
        if (h.what != hole::kind::event || h.event.empty()) continue;
        const auto* target = of.instances.find(h.instance);
        if (!target) continue;
        auto& known = by_handler[{target->type->name, h.name}];
        known.has_form_post = known.has_form_post || h.sent_by != hole::sender::none;
        known.events.insert(h.event);
    }
    std::vector<std::string> out;
    for (const auto& [handler, reached_by] : by_handler) {
        if (!reached_by.has_form_post) out.push_back(text_of(handler, reached_by));
    }
    return out;
}

}  // namespace stube::kernel
