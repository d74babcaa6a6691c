// Searches sources for temporaries that g++ 12 destroys twice in a full expression with co_await
// and that no type can detect: conditions with ?:, braces, and lambdas with captures by value.
//
//     check_awaits [--except name.cpp] folder-or-file...
//
// It reads tokens without types, so it takes every brace in such an expression for an aggregate.
// Where that is wrong, a name on the line before is harmless.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct token {
    std::string text;
    int line;
};

using tokens = std::vector<token>;

bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The end of the comment or quoted text that begins at `at`, or `at` if neither begins there.
std::size_t end_of_skipped(std::string_view in, std::size_t at) {
    auto behind = [&](std::string_view end, std::size_t from) {
        const auto found = in.find(end, from);
        return found == in.npos ? in.size() : found + end.size();
    };
    const auto rest = in.substr(at);
    if (rest.starts_with("//") || rest.starts_with("#")) return behind("\n", at) - 1;
    if (rest.starts_with("/*")) return behind("*/", at + 2);
    if (rest.starts_with("R\"")) {
        const auto open = in.find('(', at);
        return behind(")" + std::string(in.substr(at + 2, open - at - 2)) + "\"", open);
    }
    const bool is_digit_mark = at > 0 && is_name(in[at - 1]);
    if (in[at] != '"' && (in[at] != '\'' || is_digit_mark)) return at;
    for (auto end = at + 1; end < in.size(); ++end) {
        if (in[end] == '\\') {
            ++end;
        } else if (in[end] == in[at]) {
            return end + 1;
        }
    }
    return in.size();
}

tokens read_tokens(std::string_view in) {
    tokens out;
    int line = 1;
    for (std::size_t at = 0; at < in.size();) {
        const auto behind = end_of_skipped(in, at);
        auto end = behind;
        if (behind > at) {
            if (in[at] == '"' || in[at] == 'R') out.push_back({"\"", line});
        } else if (is_name(in[at])) {
            while (end < in.size() && is_name(in[end]))
                ++end;
            out.push_back({std::string(in.substr(at, end - at)), line});
        } else {
            ++end;
            if (std::isspace(static_cast<unsigned char>(in[at])) == 0)
                out.push_back({std::string(1, in[at]), line});
        }
        line += static_cast<int>(std::count(
            in.begin() + static_cast<std::ptrdiff_t>(at),
            in.begin() + static_cast<std::ptrdiff_t>(end),
            '\n'
        ));
        at = end;
    }
    return out;
}

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> these) {
    return std::ranges::find(these, text) != these.end();
}

/// True if the brace at `at` begins a value and not a block.
bool begins_value(const tokens& in, std::size_t at) {
    const auto& before = in[at - 1].text;
    if (is_one_of(before, {"else", "do", "try", "const", "noexcept", "mutable", "override"}))
        return false;
    return is_name(before[0]) || is_one_of(before, {">", "(", ",", "="});
}

/// The beginning of the full expression that contains the token at `at`.
std::size_t begin_of_expression(const tokens& in, std::size_t at) {
    int depth = 0;
    while (at > 0) {
        const auto& text = in[at - 1].text;
        if (is_one_of(text, {")", "]", "}"})) {
            if (text == "}" && depth == 0) return at;
            ++depth;
        } else if (is_one_of(text, {"(", "[", "{"})) {
            const bool is_outer = depth == 0;
            if (is_outer && text == "(" && at > 1 &&
                is_one_of(in[at - 2].text, {"if", "while", "switch", "for"}))
                return at;
            if (is_outer && text == "{" && !begins_value(in, at - 1)) return at;
            if (!is_outer) --depth;
        } else if (text == ";" && depth == 0) {
            return at;
        }
        --at;
    }
    return at;
}

/// The bracket that closes the one at `at`.
std::size_t closing(const tokens& in, std::size_t at) {
    int depth = 0;
    for (; at < in.size(); ++at) {
        if (is_one_of(in[at].text, {"(", "[", "{"})) ++depth;
        if (is_one_of(in[at].text, {")", "]", "}"}) && --depth == 0) return at;
    }
    return at;
}

/// True if the bracket at `at` begins a lambda, and not a subscript or a structured binding.
bool begins_lambda(const tokens& in, std::size_t at) {
    return is_one_of(in[at - 1].text, {"(", ",", "=", "{", "co_await", "return", "&", "?", ":"});
}

/// The mistake in the full expression that begins at `at`, or null.
const char* mistake_in(const tokens& in, std::size_t at) {
    int depth = 0;
    for (; at < in.size(); ++at) {
        const auto& text = in[at].text;
        if (depth == 0 && (text == ";" || text == ")" || text == "}")) return nullptr;
        if (text == "?") return "a condition with ?:";
        if (text == "[" && begins_lambda(in, at)) {
            if (in[at + 1].text != "]" && in[at + 1].text != "&") return "a lambda with captures";
            while (in[at].text != "{")
                ++at;
            at = closing(in, at);
        } else if (text == "{") {
            if (begins_value(in, at)) return "braces";
            return nullptr;
        } else if (text == "(" || text == "[") {
            ++depth;
        } else if (text == ")" || text == "]") {
            --depth;
        }
    }
    return nullptr;
}

int check(const fs::path& file) {
    std::ifstream source(file);
    const std::string text{std::istreambuf_iterator<char>(source), {}};
    const auto all = read_tokens(text);
    int wrong = 0;
    for (std::size_t at = 0; at < all.size(); ++at) {
        if (all[at].text != "co_await") continue;
        const auto* mistake = mistake_in(all, begin_of_expression(all, at));
        if (!mistake) continue;
        ++wrong;
        std::printf(
            "%s:%d: %s in one expression with co_await: give it a name on the line before\n",
            file.c_str(),
            all[at].line,
            mistake
        );
    }
    return wrong;
}

bool is_source(const fs::path& file) {
    return file.extension() == ".cpp" || file.extension() == ".hpp";
}

}  // namespace

int main(int count, char** words) {
    std::vector<fs::path> files;
    std::vector<std::string> exceptions;
    for (int at = 1; at < count; ++at) {
        const std::string word = words[at];
        if (word == "--except" && at + 1 < count) {
            exceptions.emplace_back(words[++at]);
        } else if (fs::is_directory(word)) {
            for (const auto& each : fs::recursive_directory_iterator(word)) {
                if (is_source(each.path())) files.push_back(each.path());
            }
        } else {
            files.emplace_back(word);
        }
    }
    int wrong = 0;
    for (const auto& each : files) {
        if (std::ranges::find(exceptions, each.filename().string()) == exceptions.end())
            wrong += check(each);
    }
    std::printf("%zu sources read\n", files.size());
    return wrong == 0 && !files.empty() ? 0 : 1;
}
