#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/store.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

/// Reads conversations back from their stored form (stored_form.hpp).
namespace stube::kernel {

/// What the head of a stored conversation says: enough to keep it until it is used.
struct stored_head {
    std::string owner;
    time_point touched;
    bool is_used = false;  ///< it had an event
    bool waits = false;    ///< for a timer, a message or work: somebody may call it at any time
    bool unseen = false;   ///< what it waits for has not begun, see `conversation::unseen`
    bool kept = false;     ///< worth keeping
    /// The components that it consists of, with the versions of their shapes.
    std::vector<std::pair<std::string, int>> shapes;
};

/// Throws `decode_error`.
stored_head read_head(const storage::record& from);

/// The components and versions that its parts say they are of, each once. Throws `decode_error`.
std::set<std::pair<std::string, int>> stored_shapes(const storage::record& of);

/// Throws what `decode_conversation` would if another release has written it: `unknown_component`
/// or `newer_shape`.
void check_shapes(const stored_head& of);

/// A mark that was stored in place of a conversation that could not be kept.
struct lost_conversation {
    std::string owner;
    std::string mount;
    time_point touched;
};

/// Reads the head of a mark. Throws `decode_error`.
lost_conversation decode_mark(const storage::record& from);

/// A stored component that another release of the program knows and this one does not. Its
/// conversation is kept for the release that does.
class unknown_component : public decode_error {
public:
    explicit unknown_component(std::string component);

    const std::string& component() const { return component_; }

private:
    std::string component_;
};

/// A stored component whose state has a newer shape than this program knows.
class newer_shape : public decode_error {
public:
    newer_shape(std::string component, int stored, int known);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< its version in the store
    int known() const { return known_; }    ///< the one that this program has

private:
    std::string component_;
    int stored_;
    int known_;
};

/// The state of a component that is damaged, does not fit its members, or cannot be migrated.
class bad_state : public decode_error {
public:
    bad_state(std::string component, int stored, int known, const std::string& why);

    const std::string& component() const { return component_; }
    int stored() const { return stored_; }  ///< its version in the store

private:
    std::string component_;
    int stored_;
};

/// Reads a stored conversation back, what is of an older shape migrated. Throws `newer_shape` or
/// `unknown_component` if another release has written it, and another `decode_error` if this
/// program cannot read it for any other reason: it is damaged, or does not fit the components.
conversation decode_conversation(const storage::record& from);

}  // namespace stube::kernel
