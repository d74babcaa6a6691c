#pragma once

#include <stube/runtime/principal.hpp>

#include <boost/describe/enum.hpp>

#include <functional>
#include <string_view>

/// The application's rule for conversations of other users.
namespace stube {

/// The purpose for which somebody wants to use a conversation of another user.
enum class access_purpose {
    see,    ///< its page, also by an alias
    act,    ///< its events, and Back
    find,   ///< its line in the result of a search, or its alias
    audit,  ///< its history
    fork,   ///< a new conversation with its state
};
BOOST_DESCRIBE_ENUM(access_purpose, see, act, find, audit, fork)

/// The question to the rule. Valid during the call.
struct access_request {
    access_purpose purpose;
    const principal& who;
    std::string_view conversation;  ///< its id
    const principal& owner;         ///< the user who began the conversation
    std::string_view mount;         ///< the path at which it began, with the base path
    bool waits_for_visitor;         ///< a component on its page waits for `who`
};

/// Returns true to allow the access. An exception means false, and is logged.
using access_rule = std::function<bool(const access_request&)>;

}  // namespace stube
