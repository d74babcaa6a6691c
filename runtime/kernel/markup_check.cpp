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

using place = std::optional<misplacement>;

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

place in_paragraph(const node& what) {
    if (!is_tag(what, ends_paragraph)) return std::nullopt;
    const auto* around = nearest(what, {"p"}, borders_of_paragraph);
    if (!around) return std::nullopt;
    return misplacement{&what, around, "it ends the paragraph"};
}

place in_its_like(const node& what) {
    if (what.tag == "form") {
        // A form in a table is nested too.
        if (const auto* around = nearest(what, {"form"}, {"template"}))
            return misplacement{&what, around, "the inner form is dropped"};
    }
    if (what.tag == "a") {
        static const tags ends{"caption", "marquee", "object", "td", "template", "th"};
        if (const auto* around = nearest(what, {"a"}, ends))
            return misplacement{&what, around, "the outer link ends where the inner one begins"};
    }
    if (what.tag == "button" || what.tag == "select") {
        if (const auto* around = nearest(what, {what.tag}, borders))
            return misplacement{&what, around, "the outer one ends where the inner one begins"};
    }
    static const tags headings{"h1", "h2", "h3", "h4", "h5", "h6"};
    if (is_tag(what, headings) && what.parent && is_tag(*what.parent, headings))
        return misplacement{&what, what.parent, "the outer one ends where the inner one begins"};
    return std::nullopt;
}

/// Some parsers drop other elements in a select and keep their text. Newer parsers keep both.
place in_select(const node& what) {
    if (what.tag.empty() || is_tag(what, {"script", "template"})) return std::nullopt;
    const auto& around = *what.parent;
    bool may_be_here = true;
    if (around.tag == "select") may_be_here = is_tag(what, {"hr", "optgroup", "option"});
    if (around.tag == "optgroup") may_be_here = what.tag == "option";
    if (around.tag == "option") may_be_here = false;
    if (may_be_here) return std::nullopt;
    return misplacement{&what, &around, "it is dropped, and its content stays"};
}

/// An item ends an open item, unless the inner item belongs to a nested list.
place in_item(const node& what) {
    static const tags items{"dd", "dt"};
    const bool is_item = what.tag == "li" || is_tag(what, items);
    if (!is_item) return std::nullopt;
    // The parser looks for an open item through these elements and through inline elements.
    static const tags passed{"", "address", "div", "p"};
    static const tags inline_elements{"a",      "abbr", "b",   "bdi",  "bdo",  "cite",  "code",
                                      "data",   "del",  "dfn", "em",   "i",    "ins",   "kbd",
                                      "label",  "mark", "q",   "s",    "samp", "small", "span",
                                      "strong", "sub",  "sup", "time", "u",    "var"};
    for (const auto* outer = what.parent; outer; outer = outer->parent) {
        const bool is_same = what.tag == "li" ? outer->tag == "li" : is_tag(*outer, items);
        if (is_same)
            return misplacement{&what, outer, "the outer item ends where the inner one begins"};
        if (!is_tag(*outer, passed) && !is_tag(*outer, inline_elements)) return std::nullopt;
    }
    return std::nullopt;
}

bool is_interactive(const node& of) {
    if (of.tag == "a") return of.has("href");
    if (of.tag == "input") return of.get("type") != "hidden";
    return is_tag(of, {"button", "details", "select", "textarea"});
}

place in_interactive(const node& what) {
    if (!is_interactive(what)) return std::nullopt;
    for (const auto* outer = what.parent; outer; outer = outer->parent) {
        if (outer->tag == "button" || (outer->tag == "a" && outer->has("href"))) {
            return misplacement{
                &what,
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

place directly_in_table(const node& what) {
    const auto* allowed = content_of(what.parent->tag);
    if (!allowed || is_tag(what, *allowed)) return std::nullopt;
    if (is_tag(what, {"script", "style", "template"})) return std::nullopt;
    if (what.tag.empty() && is_blank(what)) return std::nullopt;
    if (what.tag == "input" && what.get("type") == "hidden") return std::nullopt;
    const bool is_cell = is_tag(what, {"td", "th"});
    return misplacement{
        &what,
        what.parent,
        is_cell ? "a row is put around it" : "it is put before the table, or dropped"
    };
}

/// A part of a table that is not directly in its parent element.
place outside_of_table(const node& what) {
    const auto is_in = [&](tags any) { return is_tag(*what.parent, any); };
    bool is_out = false;
    if (what.tag == "tr") is_out = !is_in({"tbody", "thead", "tfoot", "table"});
    if (is_tag(what, {"td", "th"})) is_out = !is_in({"tr"});
    if (is_tag(what, {"caption", "colgroup", "tbody", "thead", "tfoot"}))
        is_out = !is_in({"table"});
    if (what.tag == "col") is_out = !is_in({"colgroup", "table"});
    if (!is_out || is_in({"template"})) return std::nullopt;
    return misplacement{&what, what.parent, "it is dropped, and its content stays"};
}

place check(const node& what) {
    for (const auto rule :
         {directly_in_table,
          outside_of_table,
          in_paragraph,
          in_its_like,
          in_select,
          in_item,
          in_interactive}) {
        if (auto found = rule(what)) return found;
    }
    return std::nullopt;
}

std::string component_around(const node& what, const conversation& of) {
    const auto* element = is_instance(what) ? &what : instance_around(what);
    if (!element) return "the page";
    const auto id = element->get("id");
    instance_id number = 0;
    std::from_chars(id.data() + 1, id.data() + id.size(), number);
    const auto* one = of.instances.find(number);
    return one ? std::string(one->type->name) : std::string(id);
}

std::string name_of(const node& what) {
    if (!what.parent) return "page";
    return what.tag.empty() ? "text" : "<" + what.tag + ">";
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
