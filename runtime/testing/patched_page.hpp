#pragma once

#include "runtime/testing/test_page.hpp"

#include <stube/runtime/kernel.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stube::test_page {

using namespace kernel;

/// The page of a browser that received the whole view once, and only patches since. It changes a
/// small tree as the script (http/browser/stube-page.js) changes the real page. So a test detects a
/// missing patch.
class patched_page {
public:
    /// Applies one patch. Ignores notices, and patches for an element that is not on the page.
    /// Returns the elements that the patch has brought.
    ///
    /// Throws broken_invariant for a patch that no page could apply: it keeps an element that is
    /// not on the page, or inserts before an element that is not in the list.
    nodes apply(const patch& change);

    void apply(const std::vector<patch>& patches);

    /// A node without a tag, around the whole page.
    const node& root() const { return *root_; }

    /// The page as normalised HTML: equal pages have equal text.
    std::string html() const;

    /// The last step that a patch has set; 1 before that.
    std::uint64_t step() const { return step_; }

private:
    using children = std::vector<std::unique_ptr<node>>;

    /// The position of an element among the children of its parent. False if it was not found.
    struct place {
        node* parent = nullptr;
        std::size_t index = 0;

        explicit operator bool() const { return parent != nullptr; }

        std::unique_ptr<node>& element() const { return parent->children[index]; }

        /// Removes the element from the page.
        std::unique_ptr<node> take() const;
    };

    static place find(node& in, std::string_view id);
    place find(std::string_view id) { return find(*root_, id); }

    /// Inserts nodes before the child with the id of the instance, or at the end (0).
    static nodes put(children added, node& into, instance_id before);

    nodes show(const markup& content);
    nodes replace(std::string_view id, const markup& content);
    nodes insert(const patch& change);
    void move(const patch& change);
    void apply_command(const std::string& json);

    /// Replaces placeholders in new content by the elements of the page that they keep.
    void fill_placeholders(node& in);

    /// On the heap, because its children point to it.
    std::unique_ptr<node> root_ = std::make_unique<node>();
    std::uint64_t step_ = 1;
};

}  // namespace stube::test_page
