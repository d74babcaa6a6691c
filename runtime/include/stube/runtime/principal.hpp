#pragma once

#include <boost/describe/class.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Users, and the declaration for whom a component waits.
namespace stube {

/// A user of the application, as `app::principal` names the sender of a request. An empty name is
/// an anonymous visitor.
struct principal {
    std::string name;
    std::vector<std::string> roles;  ///< such as "approver"; the application defines them

    principal() = default;

    principal(std::string user_name, std::vector<std::string> user_roles = {})
        : name(std::move(user_name)), roles(std::move(user_roles)) {}

    principal(const char* user_name) : name(user_name) {}

    bool is_anonymous() const { return name.empty(); }

    bool has_role(std::string_view role) const;

    bool operator==(const principal&) const = default;
};
BOOST_DESCRIBE_STRUCT(principal, (), (name, roles))

/// The users for whom a component waits:
///
///     audience waits_for() const { return audience::user(deputy) | audience::role("manager"); }
///
/// It is a value with one text for each member: "role:manager", "user:ada", "owner" or "anyone".
class audience {
public:
    static audience role(std::string_view name);
    static audience user(std::string_view name);

    /// The user whose conversation it is, or the anonymous visitor.
    static audience owner();

    /// Everybody who may act on the conversation, see `app::access`.
    static audience anyone();

    friend audience operator|(audience left, const audience& right);

    /// `owner` is the user whose conversation it is.
    bool includes(const principal& who, const principal& owner) const;

    /// True if the user is included as a user, by a role or as the owner, and not only because
    /// anyone is.
    bool names(const principal& who, const principal& owner) const;

    /// The texts, in which "owner" is replaced by the user's text. Without the texts that name
    /// nobody: "anyone", and "owner" for an anonymous visitor.
    std::vector<std::string> texts(const principal& owner) const;

private:
    explicit audience(std::string text) : texts_{std::move(text)} {}

    std::vector<std::string> texts_;
};

/// True if a text of an audience ("role:approver", "user:ada") names the user.
bool is_named_by(std::string_view text, const principal& who);

/// The texts that name the user, one for the name and one for each role. An anonymous visitor has
/// only those of the roles.
std::vector<std::string> texts_naming(const principal& who);

}  // namespace stube
