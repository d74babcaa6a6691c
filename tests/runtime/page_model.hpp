#pragma once

#include "runtime/test_page.hpp"

#include <stube/runtime/kernel.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A page as a browser has it that saw the whole view once and patches from then on. What its
/// script does to the real page in JavaScript is done here to a small tree, so that a test can say
/// that patches lead to what the whole view shows.
class page_model {
public:
    /// Applies patches in their order. Those for elements that are not on the page do nothing.
    /// Throws std::logic_error for what no page could follow: a kept element that is not there, a
    /// place in a list before an element that is not in it.
    void apply(const std::vector<stube::patch>& patches);

    /// The page as text: equal for equal pages.
    std::string text() const;

    /// The step that the page was last told of; 1 before that.
    std::uint64_t step() const { return step_; }

private:
    using node = stube::test_page::node;
    using children = std::vector<std::unique_ptr<node>>;

    /// An element on the page: where it stands among the children of the one around it.
    struct place {
        children* around = nullptr;
        std::size_t at = 0;

        explicit operator bool() const { return around != nullptr; }

        std::unique_ptr<node>& one() const { return (*around)[at]; }
    };

    static place find(children& in, std::string_view id);
    place find(std::string_view id) { return find(all_, id); }

    void apply(const stube::patch& what);
    void replace(std::string_view id, const stube::markup& content);
    void insert(const stube::patch& what);
    void move(const stube::patch& what);
    void remove(std::string_view id);
    void take_kept(node& in);

    children all_;
    std::uint64_t step_ = 1;
};

/// What the whole view of a conversation looks like, for comparison with `page_model::text`.
std::string text_of_view(const stube::patch& view);
