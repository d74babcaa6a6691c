#include "runtime/kernel/markup_check.hpp"

#include "runtime/kernel/static_html.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>

namespace stube::html_tree {
namespace {

using tags = std::initializer_list<std::string_view>;

bool is_tag(const node& of, tags any) {
    return std::ranges::find(any, of.tag) != any.end();
}

/// The nearest element around `of` that is one of `wanted`, unless one of `borders` comes first.
const node* nearest(const node& of, tags wanted, tags borders) {
    for (const auto* outer = of.parent; outer; outer = outer->parent) {
        if (is_tag(*outer, wanted)) return outer;
        if (is_tag(*outer, borders)) return nullptr;
    }
    return nullptr;
}

bool is_blank(const node& of) {
    return of.text.find_first_not_of(" \t\r\n\f") == of.text.npos;
}

/// The result of a rule for one node; empty if the node is in a valid place.
using finding = std::optional<misplacement>;

/// Elements that end an open paragraph.
const tags ends_paragraph{"address",    "article", "aside",  "blockquote", "center",  "dd",
                          "details",    "dialog",  "div",    "dl",         "dt",      "fieldset",
                          "figcaption", "figure",  "footer", "form",       "h1",      "h2",
                          "h3",         "h4",      "h5",     "h6",         "header",  "hgroup",
                          "hr",         "li",      "main",   "menu",       "nav",     "ol",
                          "p",          "pre",     "search", "section",    "summary", "table",
                          "ul"};

/// Inside one of these elements a parser ignores the open elements around it.
const tags borders{"caption", "html", "marquee", "object", "table", "td", "template", "th"};

const tags borders_of_paragraph{
    "button",
    "caption",
    "html",
    "marquee",
    "object",
    "table",
    "td",
    "template",
    "th"
};

finding in_paragraph(const node& inner) {
    if (!is_tag(inner, ends_paragraph)) return std::nullopt;
    const auto* around = nearest(inner, {"p"}, borders_of_paragraph);
    if (!around) return std::nullopt;
    return misplacement{&inner, around, "it ends the paragraph"};
}

finding in_same_kind(const node& inner) {
    if (inner.tag == "form") {
        // A form in a table is nested too.
        if (const auto* around = nearest(inner, {"form"}, {"template"}))
            return misplacement{&inner, around, "the inner form is dropped"};
    }
    if (inner.tag == "a") {
        static const tags ends{"caption", "marquee", "object", "td", "template", "th"};
        if (const auto* around = nearest(inner, {"a"}, ends))
            return misplacement{&inner, around, "the outer link ends where the inner one begins"};
    }
    if (inner.tag == "button" || inner.tag == "select") {
        if (const auto* around = nearest(inner, {inner.tag}, borders))
            return misplacement{&inner, around, "the outer one ends where the inner one begins"};
    }
    static const tags headings{"h1", "h2", "h3", "h4", "h5", "h6"};
    if (is_tag(inner, headings) && inner.parent && is_tag(*inner.parent, headings))
        return misplacement{&inner, inner.parent, "the outer one ends where the inner one begins"};
    return std::nullopt;
}

/// Some parsers drop other elements in a select and keep their text. Newer parsers keep both.
finding in_select(const node& inner) {
    if (inner.tag.empty() || is_tag(inner, {"script", "template"})) return std::nullopt;
    const auto& around = *inner.parent;
    bool may_be_here = true;
    if (around.tag == "select") may_be_here = is_tag(inner, {"hr", "optgroup", "option"});
    if (around.tag == "optgroup") may_be_here = inner.tag == "option";
    if (around.tag == "option") may_be_here = false;
    if (may_be_here) return std::nullopt;
    return misplacement{&inner, &around, "it is dropped, and its content stays"};
}

/// An item ends an open item, unless the inner item belongs to a nested list.
finding in_item(const node& inner) {
    static const tags items{"dd", "dt"};
    const bool is_item = inner.tag == "li" || is_tag(inner, items);
    if (!is_item) return std::nullopt;
    // The parser looks for an open item through these elements and through inline elements.
    static const tags passed{"", "address", "div", "p"};
    static const tags inline_elements{"a",      "abbr", "b",   "bdi",  "bdo",  "cite",  "code",
                                      "data",   "del",  "dfn", "em",   "i",    "ins",   "kbd",
                                      "label",  "mark", "q",   "s",    "samp", "small", "span",
                                      "strong", "sub",  "sup", "time", "u",    "var"};
    for (const auto* outer = inner.parent; outer; outer = outer->parent) {
        const bool is_same = inner.tag == "li" ? outer->tag == "li" : is_tag(*outer, items);
        if (is_same)
            return misplacement{&inner, outer, "the outer item ends where the inner one begins"};
        if (!is_tag(*outer, passed) && !is_tag(*outer, inline_elements)) return std::nullopt;
    }
    return std::nullopt;
}

bool is_interactive(const node& of) {
    if (of.tag == "a") return of.has("href");
    if (of.tag == "input") return of.get("type") != "hidden";
    return is_tag(of, {"button", "details", "select", "textarea"});
}

finding in_interactive(const node& inner) {
    if (!is_interactive(inner)) return std::nullopt;
    for (const auto* outer = inner.parent; outer; outer = outer->parent) {
        if (outer->tag == "button" || (outer->tag == "a" && outer->has("href"))) {
            return misplacement{
                &inner,
                outer,
                "a click on the inner one may reach the outer one, or neither"
            };
        }
        if (outer->tag == "template") return std::nullopt;
    }
    return std::nullopt;
}

/// The elements that a parser accepts in an element of a table.
const tags* content_of(std::string_view tag) {
    static const tags table{"caption", "colgroup", "col", "tbody", "thead", "tfoot", "tr"};
    static const tags rows{"tr"};
    static const tags cells{"td", "th"};
    static const tags columns{"col"};
    if (tag == "table") return &table;
    if (tag == "tbody" || tag == "thead" || tag == "tfoot") return &rows;
    if (tag == "tr") return &cells;
    if (tag == "colgroup") return &columns;
    return nullptr;
}

finding directly_in_table(const node& inner) {
    const auto* allowed = content_of(inner.parent->tag);
    if (!allowed || is_tag(inner, *allowed)) return std::nullopt;
    if (is_tag(inner, {"script", "style", "template"})) return std::nullopt;
    if (inner.tag.empty() && is_blank(inner)) return std::nullopt;
    if (inner.tag == "input" && inner.get("type") == "hidden") return std::nullopt;
    const bool is_cell = is_tag(inner, {"td", "th"});
    return misplacement{
        &inner,
        inner.parent,
        is_cell ? "a row is put around it" : "it is put before the table, or dropped"
    };
}

/// A part of a table that is not directly in its parent element.
finding outside_of_table(const node& inner) {
    const auto is_in = [&](tags any) { return is_tag(*inner.parent, any); };
    bool is_out = false;
    if (inner.tag == "tr") is_out = !is_in({"tbody", "thead", "tfoot", "table"});
    if (is_tag(inner, {"td", "th"})) is_out = !is_in({"tr"});
    if (is_tag(inner, {"caption", "colgroup", "tbody", "thead", "tfoot"}))
        is_out = !is_in({"table"});
    if (inner.tag == "col") is_out = !is_in({"colgroup", "table"});
    if (!is_out || is_in({"template"})) return std::nullopt;
    return misplacement{&inner, inner.parent, "it is dropped, and its content stays"};
}

finding check(const node& inner) {
    for (const auto rule :
         {directly_in_table,
          outside_of_table,
          in_paragraph,
          in_same_kind,
          in_select,
          in_item,
          in_interactive}) {
        if (auto found = rule(inner)) return found;
    }
    return std::nullopt;
}

std::string component_around(const node& item, const conversation& of) {
    const auto* element = is_instance(item) ? &item : instance_around(item);
    if (!element) return "the page";
    const auto id = element->get("id");
    instance_id number = 0;
    std::from_chars(id.data() + 1, id.data() + id.size(), number);
    const auto* one = of.instances.find(number);
    return one ? std::string(one->type->name) : std::string(id);
}

std::string name_of(const node& item) {
    if (!item.parent) return "page";
    return item.tag.empty() ? "text" : "<" + item.tag + ">";
}

}  // namespace

std::optional<misplacement> find_misplaced(const node& page) {
    for (const auto& child : page.children) {
        if (auto found = check(*child)) return found;
        if (auto found = find_misplaced(*child)) return found;
    }
    return std::nullopt;
}

std::string describe_misplaced(const node& page, const conversation& of) {
    const auto found = find_misplaced(page);
    if (!found) return {};
    const auto inner = component_around(*found->inner, of);
    const auto outer = component_around(*found->outer, of);
    std::string out =
        inner + " has " + name_of(*found->inner) + " in the " + name_of(*found->outer);
    if (outer != inner && found->outer->parent) out += " of " + outer;
    return out + ". Browsers change this: " + found->why;
}

}  // namespace stube::html_tree

namespace stube::kernel {

std::string check_page(const markup& view, const conversation& of) {
    return html_tree::describe_misplaced(*html_tree::parse(static_html(view)), of);
}

}  // namespace stube::kernel
