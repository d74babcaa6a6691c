#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <boost/json/array.hpp>

#include <algorithm>
#include <string_view>
#include <tuple>

/// Attributes that tie markup to members of the component.
namespace stube {

/// A string as a template argument.
template <std::size_t Size>
struct literal {
    char text[Size];

    constexpr literal(const char (&from)[Size]) { std::copy_n(from, Size, text); }

    constexpr std::string_view view() const { return {text, Size - 1}; }
};

template <literal Event, auto Member>
struct event_route;

/// An event with its arguments; stands among an element's attributes.
struct event_attribute {
    std::string_view event;
    std::string_view name;
    std::string arguments;  ///< JSON array, or empty
};

namespace detail {

std::string arguments_to_text(const boost::json::array& arguments);

template <literal Event>
inline constexpr auto event_name = Event;

template <literal Event, auto Member>
event_attribute make_event(const boost::json::array& arguments) {
    static_cast<void>(&known_as_event<Member>);
    return {event_name<Event>.view(), member_name<Member>(), arguments_to_text(arguments)};
}

template <>
inline constexpr bool is_attribute<event_attribute> = true;
template <literal Event, auto Member>
inline constexpr bool is_attribute<event_route<Event, Member>> = true;
template <>
inline constexpr bool sends_event<event_attribute> = true;
template <literal Event, auto Member>
inline constexpr bool sends_event<event_route<Event, Member>> = true;

}  // namespace detail

void write_attributes(markup& out, const event_attribute& route);

/// Sends a DOM event to a member: `button(on<"click", &counter::inc>, "+")`, and with arguments
/// `button(on<"click", &board::remove>(item.id), "✕")`. Arguments travel through the browser as
/// JSON: a user can change them, so the member must check them.
template <literal Event, auto Member>
struct event_route {
    template <class... Arguments>
    event_attribute operator()(const Arguments&... arguments) const {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            sizeof...(Arguments) == std::tuple_size_v<parameters>,
            "stube: this event has another number of arguments than its member takes."
        );
        return with(static_cast<parameters*>(nullptr), arguments...);
    }

    friend void write_attributes(markup& out, const event_route&) {
        static_assert(
            std::tuple_size_v<typename detail::member<Member>::arguments> == 0,
            "stube: the member takes arguments. Write on<\"event\", "
            "&component::member>(arguments...)."
        );
        write_attributes(out, detail::make_event<Event, Member>({}));
    }

private:
    template <class... Parameters, class... Arguments>
    static event_attribute with(std::tuple<Parameters...>*, const Arguments&... arguments) {
        static_assert(
            (std::is_convertible_v<const Arguments&, Parameters> && ...),
            "stube: an argument of this event has another type than the member's parameter."
        );
        boost::json::array list;
        (list.push_back(stube::encode(Parameters(arguments))), ...);
        return detail::make_event<Event, Member>(list);
    }
};

template <literal Event, auto Member>
inline constexpr event_route<Event, Member> on{};

enum class control_kind { input, check_box, text_area, select };

/// The name, value and state of a form control, and the link to its message.
struct bound_control {
    std::string_view name;  ///< member
    std::string text;       ///< what stands in the field
    std::string error;
    control_kind what = control_kind::input;

    bool names_id() const { return true; }
};

/// An attribute that holds an id made from the instance's and a word, so that two instances of a
/// component on one page do not meet: `own_id{"for", "name"}` writes `for="i7-name"`. All three are
/// literals.
struct own_id {
    std::string_view attribute;
    std::string_view name;
    std::string_view suffix = "";

    bool names_id() const { return attribute == "id"; }
};

namespace detail {
template <>
inline constexpr bool is_attribute<bound_control> = true;
template <>
inline constexpr bool is_attribute<own_id> = true;
}  // namespace detail

void write_attributes(markup& out, const bound_control& control);
void write_attributes(markup& out, const own_id& id);

/// Ties a control to a field: `input(bind<&guest::name>(*this))`. The labelled controls in
/// <stube/runtime/ui.hpp> do this and show the message too.
template <auto Member, class T>
bound_control bind(const T& self, control_kind what = control_kind::input) {
    const auto& target = self.*Member;
    return {detail::member_name<Member>(), target.text(), target.error(), what};
}

}  // namespace stube
