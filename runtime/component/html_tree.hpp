#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A parser for the HTML that this library writes, for development and tests.
namespace stube::html_tree {

struct node_attribute {
    std::string name;  ///< lower case
    std::string value;
    bool is_bare = false;  ///< written without a value
};

/// An element, or text if the tag is empty.
struct node {
    std::string tag;  ///< lower case
    std::string text;
    std::vector<node_attribute> attributes;
    std::vector<std::unique_ptr<node>> children;
    const node* parent = nullptr;

    const std::string* find(std::string_view attribute) const;

    bool has(std::string_view attribute) const { return find(attribute) != nullptr; }

    /// The attribute's value, or an empty text without the attribute.
    std::string_view get(std::string_view attribute) const;
};

using nodes = std::vector<const node*>;

/// Parses HTML into a node without a tag. Accepts any text, because raw_html() can contain any, and
/// never throws because of the text.
std::unique_ptr<node> parse(std::string_view html);

/// Appends a node in the form that the library writes.
void write_html(std::string& out, const node& from);

/// The elements below `from` for which `wanted` is true, in the order of the page.
nodes find_all(const node& from, const std::function<bool(const node&)>& wanted);

/// The nearest element around `of` for which `wanted` is true, or null.
const node* ancestor(const node& of, const std::function<bool(const node&)>& wanted);

/// True for the element of an instance, whose id is "i" and a number.
bool is_instance(const node& of);

/// The element of the instance that rendered `of`, or null.
const node* instance_around(const node& of);

}  // namespace stube::html_tree
