#include "runtime/component/child_draft.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>

namespace stube::detail {
namespace {

/// SplitMix64: https://prng.di.unimi.it/splitmix64.c
std::uint64_t next_random(std::uint64_t& state) {
    std::uint64_t out = (state += 0x9e3779b97f4a7c15);
    out = (out ^ (out >> 30)) * 0xbf58476d1ce4e5b9;
    out = (out ^ (out >> 27)) * 0x94d049bb133111eb;
    return out ^ (out >> 31);
}

}  // namespace

void take_place_of(const child& before, child& wanted) {
    wanted.id = before.id;
    if (wanted.fingerprint == before.fingerprint && wanted.fingerprint != 0)
        wanted.fresh = before.fresh;
}

child_draft::child_draft(const std::vector<child>& from) {
    by_key_.reserve(from.size());
    for (const auto& original : from)
        insert(size(), original);
    has_changed_ = false;
}

const child* child_draft::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &found->second->value;
}

child_draft::node& child_draft::node_of(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end())
        throw std::invalid_argument("stube: the list has no child " + std::string(key));
    return *found->second;
}

void child_draft::insert(std::size_t position, child added) {
    if (by_key_.contains(added.key))
        throw std::invalid_argument("stube: the key " + added.key + " occurs twice in a list");
    auto& item = nodes_.emplace_back(std::move(added), next_random(random_));
    by_key_.emplace(item.value.key, &item);
    put(position, item);
}

void child_draft::set(child wanted) {
    auto& present = node_of(wanted.key).value;
    take_place_of(present, wanted);
    // The key stays as it is, because the index refers to its characters.
    present.id = wanted.id;
    present.fingerprint = wanted.fingerprint;
    present.fresh = std::move(wanted.fresh);
    has_changed_ = true;
}

void child_draft::move(std::string_view key, std::size_t position) {
    auto& item = node_of(key);
    take_out(item);
    put(position, item);
}

bool child_draft::erase(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return false;
    auto& item = *found->second;
    by_key_.erase(found);
    take_out(item);
    item.value = {};
    return true;
}

std::vector<child> child_draft::in_order() const {
    std::vector<child> out;
    out.reserve(size());
    const std::function<void(const node*)> add = [&](const node* tree) {
        if (!tree) return;
        add(tree->left);
        out.push_back(tree->value);
        add(tree->right);
    };
    add(root_);
    return out;
}

// --- The tree.

void child_draft::update(node& top) {
    top.size = size_of(top.left) + 1 + size_of(top.right);
    if (top.left) top.left->parent = &top;
    if (top.right) top.right->parent = &top;
}

child_draft::node* child_draft::join(node* left, node* right) {
    if (!left) return right;
    if (!right) return left;
    if (left->priority > right->priority) {
        left->right = join(left->right, right);
        update(*left);
        return left;
    }
    right->left = join(left, right->left);
    update(*right);
    return right;
}

/// Splits a tree into the nodes before a position and the other ones.
std::pair<child_draft::node*, child_draft::node*>
child_draft::split(node* tree, std::size_t position) {
    if (!tree) return {};
    if (position <= size_of(tree->left)) {
        const auto [before, rest] = split(tree->left, position);
        tree->left = rest;
        update(*tree);
        return {before, tree};
    }
    const auto [before, rest] = split(tree->right, position - size_of(tree->left) - 1);
    tree->right = before;
    update(*tree);
    return {tree, rest};
}

std::size_t child_draft::position_of(const node& item) {
    auto out = size_of(item.left);
    for (const auto* below = &item; below->parent; below = below->parent) {
        const auto& above = *below->parent;
        if (below == above.right) out += size_of(above.left) + 1;
    }
    return out;
}

void child_draft::put(std::size_t position, node& item) {
    const auto [before, rest] = split(root_, std::min(position, size()));
    root_ = join(join(before, &item), rest);
    root_->parent = nullptr;
    has_changed_ = true;
}

void child_draft::take_out(node& item) {
    const auto [before, rest] = split(root_, position_of(item));
    const auto [alone, behind] = split(rest, 1);
    root_ = join(before, behind);
    if (root_) root_->parent = nullptr;
    alone->parent = nullptr;
    has_changed_ = true;
}

}  // namespace stube::detail
