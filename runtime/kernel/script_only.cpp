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

std::string text_of(const handler_name& who, const ways& how) {
    std::string text(who.first);
    text.append(": ").append(who.second).append(" (");
    std::string_view separator;
    for (const auto event : how.events) {
        text.append(separator).append(event);
        separator = ", ";
    }
    return text += ")";
}

}  // namespace

std::vector<std::string> script_only_events(const markup& view, const conversation& of) {
    std::map<handler_name, ways> all;
    for (const auto& h : view.holes()) {
        if (h.what != hole::kind::event || h.event.empty()) continue;
        const auto* target = of.instances.find(h.instance);
        if (!target) continue;
        auto& known = all[{target->type->name, h.name}];
        known.has_form_post = known.has_form_post || h.sent_by != hole::sender::none;
        known.events.insert(h.event);
    }
    std::vector<std::string> out;
    for (const auto& [who, how] : all) {
        if (!how.has_form_post) out.push_back(text_of(who, how));
    }
    return out;
}

}  // namespace stube::kernel
