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

/// A page as a browser has it that saw the whole view once and patches from then on. What its
/// script (http/browser/stube-page.js) does to the real page is done here to a small tree, so that
/// what a patch does not bring is not on the page.
class patched_page {
public:
    /// Applies one patch; notices are somebody else's. One for an element that is not on the page
    /// does nothing. Returns the elements that it has brought.
    ///
    /// Throws std::logic_error for what no page could follow: a kept element that is not there, a
    /// place in a list before an element that is not in it.
    nodes apply(const patch& what);

    void apply(const std::vector<patch>& patches);

    /// A node without a tag around it all.
    const node& root() const { return *root_; }

    /// As the library would write it: equal for equal pages.
    std::string html() const;

    /// The step that the page was last told of; 1 before that.
    std::uint64_t step() const { return step_; }

private:
    using children = std::vector<std::unique_ptr<node>>;

    /// An element on the page: where it stands among the children of the one around it.
    struct place {
        node* around = nullptr;
        std::size_t at = 0;

        explicit operator bool() const { return around != nullptr; }

        std::unique_ptr<node>& one() const { return around->children[at]; }

        std::unique_ptr<node> take() const;
    };

    static place find(node& in, std::string_view id);
    place find(std::string_view id) { return find(*root_, id); }

    /// Before the child with the id of the instance, or at the end (0).
    static nodes put(children what, node& into, instance_id before);

    nodes show(const markup& content);
    nodes replace(std::string_view id, const markup& content);
    nodes insert(const patch& what);
    void move(const patch& what);
    void take_command(const std::string& json);
    void take_kept(node& in);

    std::unique_ptr<node> root_ = std::make_unique<node>();  ///< its children point to it
    std::uint64_t step_ = 1;
};

}  // namespace stube::test_page
