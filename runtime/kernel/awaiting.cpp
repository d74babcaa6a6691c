#include <stube/runtime/awaiting.hpp>

#include <algorithm>

namespace stube::kernel {

namespace {

/// The audiences of all shown instances; empty if no component of the conversation has one.
std::vector<audience> shown_audiences(const conversation& in) {
    std::vector<audience> out;
    const bool has_any = std::ranges::any_of(in.shapes, [](const auto& counted) {
        return counted.first->waits_for != nullptr;
    });
    if (!has_any) return out;
    in.instances.each([&](const instance_ptr& each) {
        if (!in.is_shown(each->id)) return;
        if (auto found = audience_of(in, each->id)) out.push_back(*std::move(found));
    });
    return out;
}

}  // namespace

std::optional<audience> audience_of(const conversation& in, instance_id id) {
    while (id != 0) {
        const auto& one = in.instances.at(id);
        if (one.type->waits_for) return one.type->waits_for(one.state.get());
        id = one.caller;
    }
    return std::nullopt;
}

bool waits_for(const conversation& in, instance_id id, const principal& who) {
    const auto wanted = audience_of(in, id);
    return !wanted || wanted->includes(who, in.principal);
}

bool waits_for(const conversation& in, const principal& who) {
    const auto wanted = shown_audiences(in);
    if (wanted.empty()) return !who.is_anonymous() && who.name == in.principal.name;
    return std::ranges::any_of(wanted, [&](const audience& each) {
        return each.names(who, in.principal);
    });
}

std::vector<std::string> awaited_by(const conversation& in) {
    const auto wanted = shown_audiences(in);
    if (wanted.empty()) return audience::owner().texts(in.principal);
    std::vector<std::string> out;
    for (const auto& each : wanted) {
        const auto texts = each.texts(in.principal);
        out.insert(out.end(), texts.begin(), texts.end());
    }
    std::ranges::sort(out);
    const auto repeated = std::ranges::unique(out);
    out.erase(repeated.begin(), repeated.end());
    return out;
}

}  // namespace stube::kernel
