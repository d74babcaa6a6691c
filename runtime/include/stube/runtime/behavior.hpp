#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where a component's markup meets code of the browser: a drawing, a map, an editor, whatever HTML
/// alone cannot do.
///
/// A behavior is an ES module that the application gives to the site under a name,
/// `site.behavior("demo/sketch", text)`, and that its markup puts on elements:
///
///     div(behavior("demo/sketch", {{"color", "teal"}, {"pen-width", 3}}).event<&sketch::drawn>(),
///         preserve())
///
/// The module's default export holds up to three functions, which the page calls exactly once for
/// each time an element appears, outlives a patch, and leaves:
///
/// ```js
/// export default {
///   mount(el, ctx) {},    // the element is on the page
///   patched(el, ctx) {},  // a patch of the part that it stands in, or of what is in it
///   unmount(el, ctx) {},  // the element has left the page
/// };
/// ```
///
/// An element that is only moved, in a list say, neither leaves nor appears. A page that is closed
/// or reloaded calls nothing. What a function throws goes to the console and stops nothing else.
/// `ctx` is the same object for all three, to keep things in:
///
/// ```js
/// ctx.el             // the element
/// ctx.args           // {color: "teal", penWidth: "3"}: always as it stands now
/// ctx.send("drawn")  // sends an event as a click would, with the same retries and in the same
///                    // order; arguments follow. A promise, true if the server took it
/// ctx.signal         // an AbortSignal that fires when the element leaves, for
///                    // addEventListener and fetch
/// ```
///
/// Only members that are named by `.event<>` can be sent to, and they are members of the component
/// in whose markup the element stands. Their arguments come from the browser: a user can change
/// them, so the member must check them.
namespace stube {

/// One argument of a behavior, as text. Small values: they are part of the page.
struct behavior_argument {
    std::string_view name;
    std::string value;

    behavior_argument(std::string_view of, std::string_view text) : name(of), value(text) {}
    behavior_argument(std::string_view of, const char* text) : name(of), value(text) {}
    behavior_argument(std::string_view of, std::same_as<bool> auto yes)
        : name(of), value(yes ? "true" : "false") {}
    behavior_argument(std::string_view of, detail::number_like auto number)
        : name(of), value(as_text(number)) {}

private:
    static std::string as_text(std::integral auto number) { return std::to_string(number); }

    static std::string as_text(double number);
};

/// An attribute that gives its element a behavior. An element has one; a second one goes on an
/// element around it.
class behavior {
public:
    /// `name` is made of letters, digits, '-' and '_', with '/' between its parts; an argument's
    /// name of lower-case letters, digits and '-', and reaches the module in camel case. Throws
    /// std::invalid_argument for others.
    explicit behavior(
        std::string_view name,
        std::initializer_list<behavior_argument> arguments = {}
    );

    /// Lets the module send events to this member.
    template <auto Member, class Type = decltype(Member)>
    behavior event() && {
        static_cast<void>(&detail::known_as_event<Member>);
        members_.push_back(detail::member_name<Member>());
        return std::move(*this);
    }

    friend void write_attributes(markup& out, const behavior& what);

private:
    std::string name_;
    std::vector<std::pair<std::string, std::string>> arguments_;
    std::vector<std::string_view> members_;
};

/// True for what can name a behavior.
bool is_behavior_name(std::string_view name);

/// See `preserve`.
struct preserved_children {};

void write_attributes(markup& out, const preserved_children&);

/// An attribute: later patches change the element's attributes but leave alone what is in it, which
/// belongs to a behavior from the first paint on. The element's own attributes stay the server's: a
/// module that wants some of its own puts them on an element inside.
///
/// A patch never takes such an element for another one: it goes on as long as the same place is
/// rendered, and longer if it has an id, which then finds it wherever it is rendered in the
/// component.
inline preserved_children preserve() {
    return {};
}

namespace detail {
template <>
inline constexpr bool is_attribute<behavior> = true;
template <>
inline constexpr bool is_attribute<preserved_children> = true;
}  // namespace detail

}  // namespace stube
