#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A tree of the HTML that this library writes, for development and tests.
namespace stube::html_tree {

struct node_attribute {
    std::string name;  ///< lower case
    std::string value;
    bool is_bare = false;  ///< written without a value
};

/// An element, or text when it has no tag.
struct node {
    std::string tag;  ///< lower case
    std::string text;
    std::vector<node_attribute> attributes;
    std::vector<std::unique_ptr<node>> children;
    const node* parent = nullptr;

    const std::string* find(std::string_view attribute) const;

    bool has(std::string_view attribute) const { return find(attribute) != nullptr; }

    /// The attribute's value, empty without it.
    std::string_view get(std::string_view attribute) const;
};

using nodes = std::vector<const node*>;

/// Reads HTML into a node without a tag. Forgives what raw_html() may bring, and throws nothing.
std::unique_ptr<node> parse(std::string_view html);

/// Appends a node as the library writes it.
void write_html(std::string& out, const node& from);

/// Elements below `from` that are wanted, in the order of the page.
nodes find_all(const node& from, const std::function<bool(const node&)>& wanted);

/// The nearest element around `of` that is wanted; null if there is none.
const node* ancestor(const node& of, const std::function<bool(const node&)>& wanted);

/// The element of an instance: its id is "i" and a number.
bool is_instance(const node& of);

/// The element of the instance that rendered `of`; null outside of any.
const node* instance_around(const node& of);

}  // namespace stube::html_tree
