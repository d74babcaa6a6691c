#include "page.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace kill_test {

namespace {

constexpr std::string_view blanks = " \t\r\n";

struct tag {
    std::string_view name;  ///< begins with a slash in an end tag
    std::map<std::string_view, std::string> attributes;
    std::size_t begin = 0;
    std::size_t end = 0;  ///< the position after its ">"
};

std::string unescaped(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, char>, 5> entities{
        {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&amp;", '&'}}
    };
    std::string out;
    while (!text.empty()) {
        const auto found = std::ranges::find_if(entities, [&](const auto& each) {
            return text.starts_with(each.first);
        });
        if (found != entities.end()) {
            out += found->second;
            text.remove_prefix(found->first.size());
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

std::size_t skip_blanks(std::string_view html, std::size_t at) {
    return std::min(html.find_first_not_of(blanks, at), html.size());
}

/// Reads one attribute into `into`. Returns the position of the next one.
std::size_t read_attribute(std::string_view html, std::size_t at, tag& into) {
    const auto name_end = std::min(html.find_first_of(" \t\r\n=>", at), html.size());
    const auto name = html.substr(at, name_end - at);
    if (name_end == html.size() || html[name_end] != '=') {
        into.attributes.emplace(name, "");
        return skip_blanks(html, name_end);
    }
    const auto from = std::min(name_end + 1, html.size() - 1);
    const char quote = html[from];
    if (quote != '"' && quote != '\'') throw std::runtime_error("an attribute without quotes");
    const auto to = html.find(quote, from + 1);
    if (to == html.npos) throw std::runtime_error("an attribute without an end");
    into.attributes.emplace(name, unescaped(html.substr(from + 1, to - from - 1)));
    return skip_blanks(html, to + 1);
}

/// The first tag at or after `at`. Its name is empty at the end of the document.
tag next_tag(std::string_view html, std::size_t at) {
    tag read;
    read.begin = std::min(html.find('<', at), html.size());
    read.end = html.size();
    if (read.begin == html.size()) return read;
    const auto name_end = std::min(html.find_first_of(" \t\r\n>", read.begin), html.size());
    read.name = html.substr(read.begin + 1, name_end - read.begin - 1);
    for (at = skip_blanks(html, name_end); at < html.size() && html[at] != '>';) {
        at = read_attribute(html, at, read);
    }
    if (at == html.size()) throw std::runtime_error("a tag without an end");
    read.end = at + 1;
    return read;
}

/// The text from the position `from` up to the next tag with the name `until`.
std::string text_until(std::string_view html, std::size_t from, std::string_view until) {
    std::string text;
    while (from < html.size()) {
        const auto next = next_tag(html, from);
        text += unescaped(html.substr(from, next.begin - from));
        if (next.name == until || next.name.empty()) break;
        from = next.end;
    }
    return text;
}

/// The arguments of an event, from a button's value or from `data-stube-args`.
form values_of(const tag& of) {
    const std::string field = "stube-args";
    const auto name = of.attributes.find("name");
    const bool is_value = name != of.attributes.end() && name->second == field;
    const auto json = of.attributes.find(is_value ? "value" : "data-stube-args");
    return json == of.attributes.end() ? form() : form{{field, json->second}};
}

/// "arrival" for "i3-arrival".
std::string_view field_of(std::string_view name) {
    const auto dash = name.find('-');
    return name.starts_with('i') && dash != name.npos ? name.substr(dash + 1) : name;
}

void read_field(const tag& input, page& into) {
    const auto name = input.attributes.find("name");
    if (name == input.attributes.end()) return;
    const auto type = input.attributes.find("type");
    const bool is_box = type != input.attributes.end() && type->second == "checkbox";
    const auto value = input.attributes.find("value");
    auto& shown = into.fields[std::string(field_of(name->second))];
    if (is_box) {
        shown = input.attributes.contains("checked") ? "on" : "";
    } else {
        shown = value == input.attributes.end() ? "" : value->second;
    }
}

void read_tag(std::string_view html, const tag& one, page& into) {
    const auto attribute = [&](std::string_view name) {
        const auto found = one.attributes.find(name);
        return found == one.attributes.end() ? std::string() : found->second;
    };
    if (const auto id = attribute("data-conversation"); !id.empty()) into.conversation = id;
    if (const auto at = attribute("data-stream"); !at.empty()) into.stream = at;
    for (const auto* name : {"action", "formaction", "data-stube-action"}) {
        const auto at = attribute(name);
        if (at.find("/stube/event/") != at.npos)
            into.controls.push_back({at.substr(0, at.find('?')), values_of(one)});
    }
    if (one.name == "input") read_field(one, into);
    if (one.name == "h1" && into.title.empty()) into.title = text_until(html, one.end, "/h1");
    if (one.name == "output" && into.output.empty()) {
        into.output = text_until(html, one.end, "/output");
    }
    if (one.name == "dt") into.terms.emplace_back(text_until(html, one.end, "/dt"), "");
    if (one.name == "dd" && !into.terms.empty()) {
        into.terms.back().second = text_until(html, one.end, "/dd");
    }
}

}  // namespace

page read_page(std::string_view html) {
    page shown;
    for (auto one = next_tag(html, 0); !one.name.empty(); one = next_tag(html, one.end)) {
        read_tag(html, one, shown);
    }
    shown.text = text_until(html, 0, "");
    return shown;
}

const control& find_control(const page& shown, std::string_view member, std::string_view argument) {
    std::string ending("/");
    ending.append(member);
    for (const auto& each : shown.controls) {
        const auto fits = [&](const auto& value) {
            return value.second.find(argument) != std::string::npos;
        };
        if (!each.address.ends_with(ending)) continue;
        if (argument.empty() || std::ranges::any_of(each.values, fits)) return each;
    }
    throw std::runtime_error(
        "no control " + std::string(member) + " " + std::string(argument) + " on " + describe(shown)
    );
}

std::string describe(const page& shown) {
    std::string out = "the page \"" + shown.title + "\"";
    if (!shown.output.empty()) out += " output=" + shown.output;
    for (const auto& [name, value] : shown.fields)
        out += " " + name + "=\"" + value + "\"";
    for (const auto& [term, entry] : shown.terms)
        out += " " + term + ": \"" + entry + "\"";
    return out + " in all: " + shown.text.substr(0, 300);
}

std::string url_encoded(const form& fields) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    const auto append = [&](std::string_view text) {
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                  (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
            if (is_plain) {
                out += c;
            } else if (c == ' ') {
                out += '+';
            } else {
                out.append("%").append(1, hex[byte >> 4]).append(1, hex[byte & 15]);
            }
        }
    };
    for (const auto& [name, value] : fields) {
        if (!out.empty()) out += '&';
        append(name);
        out += '=';
        append(value);
    }
    return out;
}

}  // namespace kill_test
