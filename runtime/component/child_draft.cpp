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
    for (const auto& each : from)
        insert(size(), each);
    has_changed_ = false;
}

const child* child_draft::find(std::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &found->second->value;
}

child_draft::node& child_draft::at(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end())
        throw std::invalid_argument("stube: the list has no child " + std::string(key));
    return *found->second;
}

void child_draft::insert(std::size_t position, child added) {
    if (by_key_.contains(added.key))
        throw std::invalid_argument("stube: the key " + added.key + " comes twice in a list");
    auto& one = nodes_.emplace_back(std::move(added), next_random(random_));
    by_key_.emplace(one.value.key, &one);
    put(position, one);
}

void child_draft::set(child wanted) {
    auto& there = at(wanted.key).value;
    take_place_of(there, wanted);
    // The index refers to the key: it stays where it is.
    there.id = wanted.id;
    there.fingerprint = wanted.fingerprint;
    there.fresh = std::move(wanted.fresh);
    has_changed_ = true;
}

void child_draft::move(std::string_view key, std::size_t position) {
    auto& one = at(key);
    take_out(one);
    put(position, one);
}

bool child_draft::erase(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return false;
    auto& one = *found->second;
    by_key_.erase(found);
    take_out(one);
    one.value = {};
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

// --- the tree

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

/// What is before a position, and the rest.
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

std::size_t child_draft::position_of(const node& one) {
    auto out = size_of(one.left);
    for (const auto* below = &one; below->parent; below = below->parent) {
        const auto& above = *below->parent;
        if (below == above.right) out += size_of(above.left) + 1;
    }
    return out;
}

void child_draft::put(std::size_t position, node& one) {
    const auto [before, rest] = split(root_, std::min(position, size()));
    root_ = join(join(before, &one), rest);
    root_->parent = nullptr;
    has_changed_ = true;
}

void child_draft::take_out(node& one) {
    const auto [before, rest] = split(root_, position_of(one));
    const auto [alone, behind] = split(rest, 1);
    root_ = join(before, behind);
    if (root_) root_->parent = nullptr;
    alone->parent = nullptr;
    has_changed_ = true;
}

}  // namespace stube::detail
