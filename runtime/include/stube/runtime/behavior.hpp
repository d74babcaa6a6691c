#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Connects an element of a component to code in the browser, for a drawing, a map, an editor or
/// anything else that HTML alone cannot do.
///
/// A behavior is an ES module that the application gives to the site under a name,
/// `site.behavior("demo/sketch", text)`. Markup attaches it to elements:
///
///     div(behavior("demo/sketch", {{"color", "teal"}, {"pen-width", 3}}).event<&sketch::drawn>(),
///         preserve())
///
/// The module's default export has up to three functions. The page calls each of them exactly once
/// each time an element appears, outlives a patch, or leaves:
///
/// ```js
/// export default {
///   mount(el, ctx) {},    // the element is on the page
///   patched(el, ctx) {},  // a patch was applied around the element or inside it
///   unmount(el, ctx) {},  // the element has left the page
/// };
/// ```
///
/// An element that only moves, such as in a list, neither leaves nor appears. Closing or reloading
/// the page calls none of the functions. An exception from a function goes to the console and stops
/// nothing else. All three calls get the same object `ctx`, which can hold the module's own data:
///
/// ```js
/// ctx.el             // the element
/// ctx.args           // {color: "teal", penWidth: "3"}: the current arguments
/// ctx.send("drawn")  // sends an event as a click would, with the same retries and in the same
///                    // order; arguments follow the name. Returns a promise of true if the
///                    // server has accepted the event, else of false
/// ctx.signal         // an AbortSignal that is aborted when the element leaves, for
///                    // addEventListener and fetch
/// ```
///
/// A module can send to the members that `.event<>` names and to no others. They are members of the
/// component that renders the element. Their arguments come from the browser: a user can change
/// them, so the member must check them.
namespace stube {

/// One argument of a behavior, as text. Keep values small: they are part of the page.
struct behavior_argument {
    std::string_view name;
    std::string value;

    behavior_argument(std::string_view argument_name, std::string_view text)
        : name(argument_name), value(text) {}
    behavior_argument(std::string_view argument_name, const char* text)
        : name(argument_name), value(text) {}
    behavior_argument(std::string_view argument_name, std::same_as<bool> auto yes)
        : name(argument_name), value(yes ? "true" : "false") {}
    behavior_argument(std::string_view argument_name, detail::number_like auto number)
        : name(argument_name), value(as_text(number)) {}

private:
    static std::string as_text(std::integral auto number) { return std::to_string(number); }

    static std::string as_text(double number);
};

/// An attribute that gives its element a behavior. An element can have one behavior. Put a second
/// one on an element around it.
class behavior {
public:
    /// `name` consists of letters, digits, '-' and '_', with '/' between its parts. The name of an
    /// argument begins with a lower-case letter and consists of lower-case letters, digits and '-';
    /// the module sees it in camel case. Throws std::invalid_argument for other names.
    explicit behavior(
        std::string_view name,
        std::initializer_list<behavior_argument> arguments = {}
    );

    /// Allows the module to send events to this member.
    template <auto Member, class Type = decltype(Member)>
    behavior event() && {
        static_cast<void>(&detail::known_as_event<Member>);
        members_.push_back(detail::member_name<Member>());
        return std::move(*this);
    }

    friend void write_attributes(markup& out, const behavior& from);

private:
    std::string name_;
    std::vector<std::pair<std::string, std::string>> arguments_;
    std::vector<std::string_view> members_;
};

/// True if `name` is valid for a behavior.
bool is_behavior_name(std::string_view name);

/// The type of the attribute `preserve()`.
struct preserved_children {};

void write_attributes(markup& out, const preserved_children&);

/// An attribute that protects the content of its element. Later patches change the attributes of
/// the element, but not its content, which belongs to a behavior from the first paint on. The
/// server keeps setting the attributes, so a module that needs its own attributes must put them on
/// an element inside.
///
/// A patch never reuses such an element for a different one. The element lives as long as it is
/// rendered in the same place. With an id, it lives as long as it is rendered anywhere in the
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
