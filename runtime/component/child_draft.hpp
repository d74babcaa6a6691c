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
/// cost the logarithm of its size at most; in the shared array each change would copy the whole
/// list.
///
/// It is a treap: a search tree by position, balanced by random priorities (Seidel and Aragon,
/// "Randomized search trees", 1996), with an index of its nodes by key.
class child_draft {
public:
    explicit child_draft(const std::vector<child>& from);
    child_draft(const child_draft&) = delete;
    child_draft& operator=(const child_draft&) = delete;

    std::size_t size() const { return size_of(root_); }

    /// False while it holds what it was made from.
    bool has_changed() const { return has_changed_; }

    /// Null if there is none with this key.
    const child* find(std::string_view key) const;

    /// Before the child at `position`, or at the end. Throws std::invalid_argument if the key is
    /// there already.
    void insert(std::size_t position, child added);

    // These throw std::invalid_argument if there is no such child.
    void set(child wanted);
    void move(std::string_view key, std::size_t position);

    /// False if there is none.
    bool erase(std::string_view key);

    std::vector<child> in_order() const;

private:
    struct node {
        child value;
        std::uint64_t priority;  ///< that of no node above it is lower
        node* left = nullptr;
        node* right = nullptr;
        node* parent = nullptr;
        std::size_t size = 1;  ///< of the tree below it, with itself
    };

    static std::size_t size_of(const node* tree) { return tree ? tree->size : 0; }

    static void update(node& top);
    static node* join(node* left, node* right);
    static std::pair<node*, node*> split(node* tree, std::size_t position);
    static std::size_t position_of(const node& one);

    node& at(std::string_view key);
    void put(std::size_t position, node& one);
    void take_out(node& one);

    std::deque<node> nodes_;  ///< and those that were erased, until the end
    std::unordered_map<std::string_view, node*> by_key_;
    node* root_ = nullptr;
    std::uint64_t random_ = 0;
    bool has_changed_ = false;
};

/// `wanted` takes the place of a child with the same key and gets its id. If both are made from the
/// same state, the child stays as it is.
void take_place_of(const child& before, child& wanted);

}  // namespace stube::detail
