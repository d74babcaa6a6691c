#include "store/json_text.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <cstdint>
#include <cstring>

namespace stube {
namespace {

/// Length of the well-formed UTF-8 sequence at `at`, 0 if there is none. Surrogates, overlong forms
/// and what lies above U+10FFFF are not well-formed.
std::size_t sequence_length(const unsigned char* at, std::size_t left) {
    unsigned char first = at[0];
    if (first < 0x80) return 1;
    std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || left < length) return 0;
    unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < low || at[1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return length;
}

/// Walks over JSON text that is known to be valid; stays inside the text even if it is not.
class walker {
public:
    explicit walker(std::string_view text) : text_(text) {}

    /// Skips white space; true and past it if `wanted` comes next.
    bool take(char wanted) {
        skip_space();
        if (at_ >= text_.size() || text_[at_] != wanted) return false;
        ++at_;
        return true;
    }

    /// The string that comes next, without its quotes.
    std::optional<std::string_view> string() {
        if (!take('"')) return std::nullopt;
        std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != '"')
            at_ += text_[at_] == '\\' ? 2 : 1;
        if (at_ >= text_.size()) return std::nullopt;
        return text_.substr(begin, at_++ - begin);
    }

    /// The bytes of the value that comes next.
    std::optional<std::string_view> value() {
        skip_space();
        std::size_t begin = at_;
        std::size_t depth = 0;
        while (at_ < text_.size()) {
            char c = text_[at_];
            if (depth == 0 && at_ > begin && (c == ',' || c == '}' || c == ']')) break;
            if (c == '"') {
                if (!string()) return std::nullopt;
                continue;
            }
            if (c == '{' || c == '[')
                ++depth;
            else if ((c == '}' || c == ']') && depth > 0)
                --depth;
            ++at_;
        }
        return without_space_at_the_end(text_.substr(begin, at_ - begin));
    }

private:
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

    static std::string_view without_space_at_the_end(std::string_view text) {
        while (!text.empty() && is_space(text.back()))
            text.remove_suffix(1);
        return text;
    }

    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_]))
            ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

bool is_utf8(std::string_view text) {
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
        // Most text is ASCII: take eight characters at a time while it is.
        std::uint64_t eight = 0;
        if (left >= sizeof eight) {
            std::memcpy(&eight, at, sizeof eight);
            if ((eight & 0x8080808080808080u) == 0) {
                at += sizeof eight;
                left -= sizeof eight;
                continue;
            }
        }
        std::size_t length = sequence_length(at, left);
        if (length == 0) return false;
        at += length;
        left -= length;
    }
    return true;
}

bool is_json(std::string_view text, std::size_t deepest) {
    unsigned char first_memory[4096];
    boost::json::monotonic_resource memory(first_memory, sizeof first_memory);
    boost::json::parse_options options;
    options.max_depth = deepest;
    boost::json::error_code error;
    boost::json::parse({text.data(), text.size()}, error, &memory, options);
    return !error;
}

std::optional<std::vector<json_member>> json_members(std::string_view text) {
    walker walk(text);
    if (!walk.take('{')) return std::nullopt;
    std::vector<json_member> members;
    if (walk.take('}')) return members;
    do {
        auto name = walk.string();
        if (!name || !walk.take(':')) return std::nullopt;
        auto value = walk.value();
        if (!value) return std::nullopt;
        members.emplace_back(*name, *value);
    } while (walk.take(','));
    if (!walk.take('}')) return std::nullopt;
    return members;
}

}  // namespace stube
