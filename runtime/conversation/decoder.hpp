#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/store.hpp>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Reads conversations back from their stored form (stored_form.hpp).
namespace stube::kernel {

/// The content of a stored conversation's head that the live runtime needs until the conversation
/// is used and decoded.
struct stored_head {
    std::string owner;
    time_point touched;
    bool is_used = false;  ///< the conversation has received an event
    bool waits = false;    ///< for a timer, a message or work, so it may run at any time
    bool unseen = false;   ///< see `conversation::unseen`
    bool kept = false;     ///< marked as worth keeping
    /// The components of the conversation, with the versions of their shapes.
    std::vector<std::pair<std::string, int>> shapes;
};

/// Throws `decode_error`.
stored_head read_head(const storage::record& from);

/// The components and versions that the parts of a record name. Throws `decode_error`.
std::set<std::pair<std::string, int>> stored_shapes(const storage::record& of);

/// The component at the root of the page, from the parts of a conversation. Throws `decode_error`.
std::string stored_root(const std::vector<storage::part>& of);

/// Throws `unknown_component` or `newer_shape` if `decode_conversation` would, because another
/// release has written the conversation.
void check_shapes(const stored_head& of);

/// The placeholder that was stored instead of a conversation that could not be kept.
struct tombstone {
    std::string owner;
    std::string mount;
    time_point touched;
};

/// Throws `decode_error`.
tombstone decode_tombstone(const storage::record& from);

/// A stored component that this program does not have. Its conversation is kept for the release
/// that has it.
class unknown_component : public decode_error {
public:
    explicit unknown_component(std::string component);

    const std::string& component() const { return component_; }

private:
    std::string component_;
};

/// A stored component whose state has a newer version than the component in this program.
class newer_shape : public decode_error {
public:
    newer_shape(std::string component, int stored, int known);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< the version in the store
    int known() const { return known_; }    ///< the version in this program

private:
    std::string component_;
    int stored_;
    int known_;
};

/// A stored state that is damaged, does not fit the members of its component, or cannot be
/// migrated.
class bad_state : public decode_error {
public:
    bad_state(std::string component, int stored, int known, const std::string& why);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< the version in the store

private:
    std::string component_;
    int stored_;
};

/// Reads a stored conversation and migrates states of older versions. Throws `newer_shape` or
/// `unknown_component` if another release has written the conversation, and another `decode_error`
/// if it is damaged or does not fit the components.
conversation decode_conversation(const storage::record& from);

/// Brings a conversation to the state after an archived commit: decodes the written parts, and
/// erases the instances of the dropped ones. Begins with an empty conversation for a whole list of
/// parts. `about` is the one of the head. The result can be read and not continued: it has neither
/// history nor timers, subscriptions and work, and its instances have no members that receive
/// answers. Throws like `decode_conversation`; then `to` is between both states.
void apply_commit(
    conversation& to,
    std::string_view about,
    const std::vector<storage::part>& written,
    const std::vector<std::string>& dropped
);

/// True if the conversation has received an event up to the head with this `about`.
bool is_used(std::string_view about);

}  // namespace stube::kernel
