#include <stube/runtime/component.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace stube {
namespace {

/// The catalogue of components. Each source that calls or mounts a component adds it before main()
/// begins. After that, the catalogue is only read.
struct catalogue {
    std::map<std::string_view, const component_type*> types;
    std::set<std::string> clashes;
};

catalogue& all_components() {
    static auto& components = *new catalogue;
    return components;
}

}  // namespace

std::string query_value(std::string_view text) {
    constexpr std::string_view plain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (plain.find(c) != plain.npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.append({'%', digits[byte / 16], digits[byte % 16]});
    }
    return out;
}

const member_handler* component_type::find(std::string_view member) const {
    auto found = std::ranges::find(handlers, member, &member_handler::name);
    return found == handlers.end() ? nullptr : &*found;
}

bool component_type::is_secret_field(std::string_view field) const {
    return std::ranges::find(secret_fields, field) != secret_fields.end();
}

const component_type* find_component(std::string_view name) {
    const auto& types = all_components().types;
    auto found = types.find(name);
    return found == types.end() ? nullptr : found->second;
}

std::vector<const component_type*> known_components() {
    std::vector<const component_type*> out;
    for (const auto& [name, type] : all_components().types)
        out.push_back(type);
    return out;
}

std::vector<std::string> clashing_components() {
    const auto& clashes = all_components().clashes;
    return {clashes.begin(), clashes.end()};
}

namespace detail {

bool make_known(const component_type& type) {
    if (!type.durable()) return true;  // never stored, so never looked up by name
    auto& [types, clashes] = all_components();
    const auto [entry, is_new] = types.emplace(type.name, &type);
    if (!is_new && entry->second != &type) clashes.insert(std::string(type.name));
    return true;
}

std::string encode_to_text(const boost::json::value& state) {
    return boost::json::serialize(state);
}

void check_argument_count(const boost::json::array& arguments, std::size_t wanted) {
    const std::size_t got = arguments.size();
    if (got != wanted) {
        throw bad_arguments(
            "expected " + std::to_string(wanted) + " arguments, got " + std::to_string(got)
        );
    }
}

const std::string* text_sent(std::span<const form_value> form, std::string_view name) {
    const std::string* last = nullptr;
    for (const auto& sent : form) {
        if (sent.name == name) last = &sent.value;
    }
    return last;
}

std::optional<std::vector<std::string>>
choices_sent(std::span<const form_value> form, std::string_view name) {
    std::optional<std::vector<std::string>> out;
    for (const auto& sent : form) {
        if (sent.name != name) continue;
        if (!out) out.emplace();
        if (!sent.value.empty()) out->push_back(sent.value);
    }
    return out;
}

namespace {

boost::json::value without(const boost::json::value& defaults, const boost::json::value& state) {
    if (!defaults.is_object() || !state.is_object()) return state;
    boost::json::object out;
    for (const auto& [name, value] : state.get_object()) {
        const auto* same = defaults.get_object().if_contains(name);
        if (!same) {
            out[name] = value;
        } else if (*same != value) {
            out[name] = without(*same, value);
        }
    }
    return out;
}

}  // namespace

std::string text_without(const boost::json::value& defaults, const boost::json::value& state) {
    return boost::json::serialize(without(defaults, state));
}

}  // namespace detail

}  // namespace stube
