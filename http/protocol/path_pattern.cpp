#include "http/protocol/path_pattern.hpp"

#include "http/protocol/text.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace stube::http {

namespace {

constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

[[noreturn]] void refuse(std::string_view why, const std::string& path) {
    throw std::invalid_argument("stube: " + std::string(why) + ": " + path);
}

bool is_name(std::string_view text) {
    return !text.empty() && text.find_first_not_of(name_characters) == text.npos;
}

}  // namespace

path_pattern::path_pattern(std::string text) : text_(std::move(text)) {
    if (!text_.starts_with('/') || text_.find_first_of("?#\"'<>\r\n") != text_.npos)
        refuse("a path must begin with \"/\" and have no query", text_);
    std::string_view rest = std::string_view(text_).substr(1);
    for (bool is_last = false; !is_last;) {
        is_last = rest.find('/') == rest.npos;
        auto one = take_until(rest, '/');
        const bool is_parameter = one.starts_with('{') && one.ends_with('}');
        if (is_parameter) one = one.substr(1, one.size() - 2);
        if (is_parameter ? !is_name(one) : one.find_first_of("{}") != one.npos)
            refuse("a parameter of a path is a whole segment, such as \"{id}\"", text_);
        const bool is_known = std::ranges::any_of(segments_, [&](const segment& each) {
            return is_parameter && each.is_parameter && each.text == one;
        });
        if (is_known) refuse("two parameters of a path have one name", text_);
        segments_.push_back({std::string(one), is_parameter});
    }
}

bool path_pattern::has_parameters() const {
    return std::ranges::any_of(segments_, &segment::is_parameter);
}

bool path_pattern::matches(std::string_view path) const {
    if (!path.starts_with('/')) return false;
    path.remove_prefix(1);
    for (std::size_t at = 0; at < segments_.size(); ++at) {
        const bool is_last = path.find('/') == path.npos;
        const auto one = take_until(path, '/');
        const auto& wanted = segments_[at];
        if (wanted.is_parameter ? one.empty() : one != wanted.text) return false;
        if (is_last) return at + 1 == segments_.size();
    }
    return false;
}

std::optional<std::string_view>
path_pattern::value(std::string_view name, std::string_view path) const {
    path.remove_prefix(1);
    for (const auto& each : segments_) {
        const auto one = take_until(path, '/');
        if (each.is_parameter && each.text == name) return one;
    }
    return std::nullopt;
}

bool path_pattern::conflicts_with(const path_pattern& other) const {
    if (segments_.size() != other.segments_.size()) return false;
    bool is_narrower = false;
    bool is_wider = false;
    for (std::size_t at = 0; at < segments_.size(); ++at) {
        const auto& mine = segments_[at];
        const auto& theirs = other.segments_[at];
        const bool has_same_kind = mine.is_parameter == theirs.is_parameter;
        if (has_same_kind && !mine.is_parameter && mine.text != theirs.text) return false;
        const auto& text = mine.is_parameter ? theirs.text : mine.text;
        if (!has_same_kind && text.empty()) return false;  // a parameter is not empty
        is_narrower = is_narrower || (!has_same_kind && theirs.is_parameter);
        is_wider = is_wider || (!has_same_kind && mine.is_parameter);
    }
    return is_narrower == is_wider;
}

bool path_pattern::is_before(const path_pattern& other) const {
    return std::ranges::lexicographical_compare(
        segments_,
        other.segments_,
        {},
        &segment::is_parameter,
        &segment::is_parameter
    );
}

}  // namespace stube::http
