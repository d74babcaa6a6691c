#include "runtime/component/html_tree.hpp"

#include <stube/runtime/markup.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <utility>

namespace stube::html_tree {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::array<std::string_view, Size>& words) {
    return std::ranges::find(words, word) != words.end();
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
    auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        tail(6), tail(0);
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        tail(12), tail(6), tail(0);
    }
}

/// Appends the character of the reference `name` (without & and ;). Returns false if it is
/// unknown.
bool append_reference(std::string& out, std::string_view name) {
    static const std::map<std::string_view, std::string_view> known{
        {"amp", "&"},
        {"lt", "<"},
        {"gt", ">"},
        {"quot", "\""},
        {"apos", "'"},
        {"nbsp", "\xC2\xA0"},
    };
    if (auto found = known.find(name); found != known.end()) {
        out += found->second;
        return true;
    }
    if (name.size() < 2 || name[0] != '#') return false;
    const bool is_hex = lower(name[1]) == 'x';
    name.remove_prefix(is_hex ? 2 : 1);
    std::uint32_t c = 0;
    auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), c, is_hex ? 16 : 10);
    if (name.empty() || error != std::errc() || end != name.data() + name.size()) return false;
    append_utf8(out, c);
    return true;
}

std::string decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto ampersand = text.find('&');
        out += text.substr(0, ampersand);
        if (ampersand == text.npos) break;
        text.remove_prefix(ampersand);
        const auto end = text.find(';');
        if (end != text.npos && append_reference(out, text.substr(1, end - 1))) {
            text.remove_prefix(end + 1);
        } else {
            out += '&';
            text.remove_prefix(1);
        }
    }
    return out;
}

constexpr std::array<std::string_view, 14> void_elements{
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "param",
    "source",
    "track",
    "wbr"
};

/// Elements whose content is text up to their end tag.
constexpr std::array<std::string_view, 4> text_elements{"script", "style", "textarea", "title"};

class reader {
public:
    explicit reader(std::string_view html) : rest_(html), page_(std::make_unique<node>()) {
        open_.push_back(page_.get());
    }

    std::unique_ptr<node> read() {
        while (!rest_.empty())
            read_next();
        return std::move(page_);
    }

private:
    void read_next() {
        if (rest_.starts_with("<!--")) {
            take_through("-->");
        } else if (rest_.starts_with("<!") || rest_.starts_with("<?")) {
            take_through(">");
        } else if (rest_.starts_with("</")) {
            close(rest_.substr(2));
        } else if (rest_.size() > 1 && rest_[0] == '<' && is_letter(rest_[1])) {
            read_element();
        } else {
            add_text(take_to(rest_.find('<', 1)));
        }
    }

    std::string_view take_to(std::size_t end) {
        auto taken = rest_.substr(0, end);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// Takes the text up to `delimiter` and drops the delimiter.
    std::string_view take_through(std::string_view delimiter) {
        auto taken = take_to(rest_.find(delimiter));
        rest_.remove_prefix(std::min(delimiter.size(), rest_.size()));
        return taken;
    }

    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_[0]))
            rest_.remove_prefix(1);
    }

    node& add(node made) {
        made.parent = open_.back();
        open_.back()->children.push_back(std::make_unique<node>(std::move(made)));
        return *open_.back()->children.back();
    }

    void add_text(std::string_view text) {
        node made;
        made.text = decoded(text);
        add(std::move(made));
    }

    void close(std::string_view from) {
        const auto tag = lowered(from.substr(0, from.find_first_of(" \t\r\n/>")));
        take_through(">");
        auto found = std::ranges::find(open_.rbegin(), open_.rend(), tag, &node::tag);
        if (!tag.empty() && found != open_.rend()) open_.erase(found.base() - 1, open_.end());
    }

    void read_element() {
        rest_.remove_prefix(1);
        node made;
        made.tag = lowered(take_to(rest_.find_first_of(" \t\r\n/>")));
        while (read_attribute(made)) {
        }
        take_through(">");
        auto& element = add(std::move(made));
        if (is_one_of(element.tag, void_elements)) return;
        open_.push_back(&element);
        if (is_one_of(element.tag, text_elements)) read_text_content();
    }

    bool read_attribute(node& of) {
        while (!rest_.empty() && (is_blank(rest_[0]) || rest_[0] == '/'))
            rest_.remove_prefix(1);
        if (rest_.empty() || rest_[0] == '>') return false;
        auto name = lowered(take_to(rest_.find_first_of(" \t\r\n/>=", 1)));
        skip_blanks();
        std::string value;
        const bool is_bare = !rest_.starts_with('=');
        if (!is_bare) {
            rest_.remove_prefix(1);
            skip_blanks();
            value = decoded(take_value());
        }
        if (!of.has(name)) of.attributes.push_back({std::move(name), std::move(value), is_bare});
        return true;
    }

    std::string_view take_value() {
        if (!rest_.starts_with('"') && !rest_.starts_with('\'')) {
            return take_to(rest_.find_first_of(" \t\r\n>"));
        }
        const auto quote = rest_.substr(0, 1);
        rest_.remove_prefix(1);
        return take_through(quote);
    }

    void read_text_content() {
        const auto end = "</" + open_.back()->tag;
        auto text = take_to(rest_.find(end));
        if (open_.back()->tag == "textarea" && text.starts_with('\n')) text.remove_prefix(1);
        if (!text.empty()) add_text(text);
    }

    std::string_view rest_;
    std::unique_ptr<node> page_;
    std::vector<node*> open_;
};

bool is_instance_id(std::string_view id) {
    return id.size() > 1 && id[0] == 'i' &&
           std::ranges::all_of(id.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const std::string* node::find(std::string_view attribute) const {
    auto found = std::ranges::find(attributes, attribute, &node_attribute::name);
    return found == attributes.end() ? nullptr : &found->value;
}

std::string_view node::get(std::string_view attribute) const {
    const auto* found = find(attribute);
    return found ? std::string_view(*found) : std::string_view();
}

std::unique_ptr<node> parse(std::string_view html) {
    return reader(html).read();
}

namespace {

void write_text(std::string& out, const std::string& text) {
    markup escaped;
    escaped.append_text(text);
    out += escaped.text();
}

}  // namespace

void write_html(std::string& out, const node& from) {
    if (from.tag.empty()) return write_text(out, from.text);
    markup tag;
    tag.append_unescaped("<" + from.tag);
    for (const auto& [name, value, is_bare] : from.attributes) {
        tag.append_unescaped(" " + name);
        if (is_bare) continue;
        tag.append_unescaped("=\"");
        tag.append_attribute_value(value);
        tag.append_unescaped("\"");
    }
    out.append(tag.text()).append(">");
    if (is_one_of(from.tag, void_elements)) return;
    if (from.tag == "textarea") out += '\n';
    for (const auto& child : from.children)
        write_html(out, *child);
    out.append("</").append(from.tag).append(">");
}

nodes find_all(const node& from, const std::function<bool(const node&)>& wanted) {
    nodes out;
    for (const auto& child : from.children) {
        if (child->tag.empty()) continue;
        if (wanted(*child)) out.push_back(child.get());
        auto below = find_all(*child, wanted);
        out.insert(out.end(), below.begin(), below.end());
    }
    return out;
}

const node* ancestor(const node& of, const std::function<bool(const node&)>& wanted) {
    const auto* above = of.parent;
    while (above && !wanted(*above))
        above = above->parent;
    return above;
}

bool is_instance(const node& of) {
    return is_instance_id(of.get("id"));
}

const node* instance_around(const node& of) {
    return ancestor(of, is_instance);
}

}  // namespace stube::html_tree
