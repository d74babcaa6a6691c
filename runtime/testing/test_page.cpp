#include "runtime/testing/test_page.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>

namespace stube::test_page {

using namespace kernel;
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

enum class gap { none, blank, line };

class text_writer {
public:
    void text(std::string_view from) {
        for (char c : from) {
            if (is_blank(c)) {
                leave(gap::blank);
            } else {
                put(c);
            }
        }
    }

    void leave(gap wanted) { pending_ = std::max(pending_, wanted); }

    std::string take() { return std::move(out_); }

private:
    void put(char c) {
        if (!out_.empty() && pending_ != gap::none) out_ += pending_ == gap::line ? '\n' : ' ';
        pending_ = gap::none;
        out_ += c;
    }

    std::string out_;
    gap pending_ = gap::none;
};

/// The gap between an element and its neighbours.
gap gap_around(std::string_view tag) {
    static const std::set<std::string_view> apart{
        "audio",
        "button",
        "img",
        "input",
        "label",
        "meter",
        "option",
        "output",
        "progress",
        "select",
        "td",
        "textarea",
        "th",
        "video"
    };
    static const std::set<std::string_view> in_line{"",     "a",     "abbr", "b",      "bdi", "bdo",
                                                    "cite", "code",  "data", "del",    "dfn", "em",
                                                    "i",    "ins",   "kbd",  "mark",   "q",   "s",
                                                    "samp", "small", "span", "strong", "sub", "sup",
                                                    "time", "u",     "var",  "wbr"};
    if (in_line.contains(tag)) return gap::none;
    return apart.contains(tag) ? gap::blank : gap::line;
}

bool hides_itself(const node& of) {
    static const std::set<std::string_view>
        never_shown{"head", "script", "style", "template", "title", "datalist"};
    if (never_shown.contains(of.tag) || of.has("hidden")) return true;
    if (of.tag == "dialog" && !of.has("open")) return true;
    if (of.tag == "input" && of.get("type") == "hidden") return true;
    const auto* around = of.parent;
    return around && around->tag == "details" && !around->has("open") && of.tag != "summary";
}

enum class reading { by_eye, aloud };

void write_text(text_writer& out, const node& of, reading how) {
    if (hides_itself(of) || of.tag == "textarea") return;
    if (how == reading::aloud && of.get("aria-hidden") == "true") return;
    const auto apart = gap_around(of.tag);
    out.leave(apart);
    if (how == reading::aloud && of.tag == "img") out.text(of.get("alt"));
    out.text(of.text);
    for (const auto& child : of.children)
        write_text(out, *child, how);
    out.leave(apart);
}

std::string read_text(const node& of, reading how) {
    text_writer out;
    if (!of.text.empty()) out.text(of.text);
    for (const auto& child : of.children)
        write_text(out, *child, how);
    return out.take();
}

std::string joined_blanks(std::string_view text) {
    text_writer out;
    out.text(text);
    return out.take();
}

const node* by_id(const node& page, std::string_view id) {
    auto found = find_all(page, [&](const node& each) { return each.get("id") == id; });
    return found.empty() ? nullptr : found.front();
}

std::string texts_of_ids(const node& page, std::string_view ids) {
    std::string out;
    while (!ids.empty()) {
        const auto end = std::min(ids.find(' '), ids.size());
        const auto* each = by_id(page, ids.substr(0, end));
        if (each) out.append(" ").append(read_text(*each, reading::aloud));
        ids.remove_prefix(std::min(end + 1, ids.size()));
    }
    return joined_blanks(out);
}

bool is_button(const node& of) {
    static const std::set<std::string_view> types{"submit", "button", "reset", "image"};
    return of.tag == "button" || (of.tag == "input" && types.contains(of.get("type")));
}

std::string label_of(const node& page, const node& control) {
    const auto id = control.get("id");
    auto labels = find_all(page, [&](const node& each) {
        return each.tag == "label" && !id.empty() && each.get("for") == id;
    });
    const auto* around = ancestor(control, [](const node& each) { return each.tag == "label"; });
    if (around) labels.push_back(around);
    std::string out;
    for (const auto* each : labels)
        out.append(" ").append(read_text(*each, reading::aloud));
    return joined_blanks(out);
}

std::string content_name(const node& page, const node& of) {
    if (is_control(of)) return label_of(page, of);
    if (of.tag == "input") return joined_blanks(of.has("value") ? of.get("value") : "Submit");
    return read_text(of, reading::aloud);
}

}  // namespace

std::string visible_text(const node& of) {
    return read_text(of, reading::by_eye);
}

std::string accessible_name(const node& page, const node& of) {
    if (auto named = texts_of_ids(page, of.get("aria-labelledby")); !named.empty()) return named;
    if (auto named = joined_blanks(of.get("aria-label")); !named.empty()) return named;
    if (auto named = content_name(page, of); !named.empty()) return named;
    return joined_blanks(of.get("title"));
}

bool is_hidden(const node& of) {
    return hides_itself(of) || ancestor(of, hides_itself) != nullptr;
}

bool is_disabled(const node& of) {
    if (of.has("disabled")) return true;
    return ancestor(of, [](const node& each) {
               return each.tag == "fieldset" && each.has("disabled");
           }) != nullptr;
}

void wire::event(std::string& out, const hole& h) const {
    if (h.event.empty()) {
        out.append("i").append(std::to_string(h.instance)).append(".").append(h.name);
        return;
    }
    markup attribute;
    attribute.append_unescaped(" data-on-");
    attribute.append_unescaped(h.event);
    attribute.append_unescaped("=\"");
    attribute.append_attribute_value("i" + std::to_string(h.instance) + "." + std::string(h.name));
    if (!h.text.empty()) attribute.append_attribute_value("(" + h.text + ")");
    attribute.append_unescaped("\"");
    if (h.modifiers && !h.modifiers->keys.empty()) {
        const auto keys = boost::json::serialize(boost::json::value_from(h.modifiers->keys));
        detail::append_attribute(attribute, {"data-keys", keys});
    }
    if (h.modifiers && !h.modifiers->question.empty()) {
        detail::append_attribute(attribute, {"data-confirm", h.modifiers->question});
    }
    out += attribute.text();
}

std::optional<wired_event> event_of(const node& of, std::string_view on) {
    const auto* wired = of.find("data-on-" + lowered(on));
    if (!wired) return std::nullopt;
    std::string_view text = *wired;
    wired_event out;
    const auto dot = text.find('.');
    std::from_chars(text.data() + 1, text.data() + dot, out.instance);
    text.remove_prefix(dot + 1);
    const auto open = std::min(text.find('('), text.size());
    out.name = text.substr(0, open);
    if (open < text.size()) out.arguments = text.substr(open + 1, text.size() - open - 2);
    if (const auto* keys = of.find("data-keys")) {
        out.keys = boost::json::value_to<std::vector<std::string>>(boost::json::parse(*keys));
    }
    out.question = of.get("data-confirm");
    return out;
}

const node* submitted_form(const node& button) {
    const auto type = button.get("type");
    const bool submits = button.tag == "button"
                             ? type.empty() || type == "submit"
                             : button.tag == "input" && (type == "submit" || type == "image");
    if (!submits) return nullptr;
    return ancestor(button, [](const node& each) { return each.tag == "form"; });
}

bool is_control(const node& of) {
    return of.tag == "select" || of.tag == "textarea" || (of.tag == "input" && !is_button(of));
}

bool is_check_box(const node& of) {
    return of.tag == "input" && of.get("type") == "checkbox";
}

bool is_radio(const node& of) {
    return of.tag == "input" && of.get("type") == "radio";
}

bool is_list(const node& of) {
    return of.tag == "select" && of.has("multiple");
}

nodes options_of(const node& select) {
    return find_all(select, [](const node& each) { return each.tag == "option"; });
}

std::string value_of_option(const node& option) {
    return option.has("value") ? std::string(option.get("value")) : visible_text(option);
}

}  // namespace stube::test_page
