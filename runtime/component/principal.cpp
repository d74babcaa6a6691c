#include <stube/runtime/principal.hpp>

#include <algorithm>

namespace stube {

namespace {

constexpr std::string_view role_prefix = "role:";
constexpr std::string_view user_prefix = "user:";
constexpr std::string_view owner_text = "owner";
constexpr std::string_view anyone_text = "anyone";

std::string joined(std::string_view prefix, std::string_view name) {
    return std::string(prefix).append(name);
}

bool is_named(std::string_view text, const principal& who, const principal& owner) {
    if (text == anyone_text) return false;
    if (text == owner_text) return who.name == owner.name;
    return is_named_by(text, who);
}

}  // namespace

bool principal::has_role(std::string_view role) const {
    return std::ranges::find(roles, role) != roles.end();
}

bool is_named_by(std::string_view text, const principal& who) {
    if (text.starts_with(role_prefix)) return who.has_role(text.substr(role_prefix.size()));
    return text.starts_with(user_prefix) && !who.is_anonymous() &&
           text.substr(user_prefix.size()) == who.name;
}

std::vector<std::string> texts_naming(const principal& who) {
    std::vector<std::string> out;
    if (!who.is_anonymous()) out.push_back(joined(user_prefix, who.name));
    for (const auto& role : who.roles)
        out.push_back(joined(role_prefix, role));
    return out;
}

audience audience::role(std::string_view name) {
    return audience(joined(role_prefix, name));
}

audience audience::user(std::string_view name) {
    return audience(joined(user_prefix, name));
}

audience audience::owner() {
    return audience(std::string(owner_text));
}

audience audience::anyone() {
    return audience(std::string(anyone_text));
}

audience operator|(audience left, const audience& right) {
    left.texts_.insert(left.texts_.end(), right.texts_.begin(), right.texts_.end());
    return left;
}

bool audience::includes(const principal& who, const principal& owner) const {
    return names(who, owner) || std::ranges::find(texts_, anyone_text) != texts_.end();
}

bool audience::names(const principal& who, const principal& owner) const {
    return std::ranges::any_of(texts_, [&](const std::string& text) {
        return is_named(text, who, owner);
    });
}

std::vector<std::string> audience::texts(const principal& owner) const {
    std::vector<std::string> out;
    for (const auto& text : texts_) {
        if (text == anyone_text) continue;
        if (text != owner_text)
            out.push_back(text);
        else if (!owner.is_anonymous())
            out.push_back(joined(user_prefix, owner.name));
    }
    return out;
}

}  // namespace stube
