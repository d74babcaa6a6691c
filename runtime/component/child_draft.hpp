#pragma once

#include <stube/runtime/slot.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stube::detail {

/// A list of children while a handler changes it. A change at any position and a look-up by key
/// take logarithmic time at most. In the shared array, each change would copy the whole list.
///
/// It is a treap: a search tree by position, balanced by random priorities (Seidel and Aragon,
/// "Randomized search trees", 1996), with an index of its nodes by key.
class child_draft {
public:
    explicit child_draft(const std::vector<child>& from);
    child_draft(const child_draft&) = delete;
    child_draft& operator=(const child_draft&) = delete;

    std::size_t size() const { return size_of(root_); }

    /// False until the first change.
    bool has_changed() const { return has_changed_; }

    /// The child with this key, or null.
    const child* find(std::string_view key) const;

    /// Inserts a child before the one at `position`, or at the end. Throws std::invalid_argument if
    /// the key is in the list already.
    void insert(std::size_t position, child added);

    // These throw std::invalid_argument if the list does not contain the key.
    void set(child wanted);
    void move(std::string_view key, std::size_t position);

    /// Removes the child with this key. Returns false if the list does not contain the key.
    bool erase(std::string_view key);

    std::vector<child> in_order() const;

private:
    struct node {
        child value;
        std::uint64_t priority;  ///< nodes above have the same or a higher one
        node* left = nullptr;
        node* right = nullptr;
        node* parent = nullptr;
        std::size_t size = 1;  ///< number of nodes in this subtree
    };

    static std::size_t size_of(const node* tree) { return tree ? tree->size : 0; }

    static void update(node& top);
    static node* join(node* left, node* right);
    static std::pair<node*, node*> split(node* tree, std::size_t position);
    static std::size_t position_of(const node& item);

    node& node_of(std::string_view key);
    void put(std::size_t position, node& item);
    void take_out(node& item);

    std::deque<node> nodes_;  ///< includes erased nodes
    std::unordered_map<std::string_view, node*> by_key_;
    node* root_ = nullptr;
    std::uint64_t random_ = 0;
    bool has_changed_ = false;
};

/// Gives `wanted` the id of `before`, which has the same key. If both have the same initial state,
/// `wanted` keeps the present state of `before` as well.
void take_place_of(const child& before, child& wanted);

}  // namespace stube::detail
