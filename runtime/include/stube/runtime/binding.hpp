#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <boost/json/array.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// Attributes that tie markup to members of the component.
namespace stube {

/// A string as a template argument.
template <std::size_t Size>
struct literal {
    char text[Size];

    constexpr literal(const char (&from)[Size]) { std::copy_n(from, Size, text); }

    constexpr std::string_view view() const { return {text, Size - 1}; }
};

template <literal Event, auto Member, bool Above = false, class Type = decltype(Member)>
struct event_route;
struct event_attribute;

/// What both forms of an event can be told, one after the other:
///
///     input(on<"input", &board::search>.debounce(300ms), bind<&board::query>(*this)),
///     button(on<"click", &board::remove>(id).confirm("Delete " + text + "?"), "Delete"),
///     section(on<"keydown", &board::close>.key("Escape"), p("Escape closes this."))
///
/// They are the browser's business: what reaches the member is an event like any other.
template <class Self>
struct modifiable_event {
    /// Sends it when nothing has happened for this long: what is typed is sent once, after a pause.
    event_attribute debounce(std::chrono::milliseconds pause) const;

    /// Sends it at once, and then at most once within this time; the last one is sent in any case.
    event_attribute throttle(std::chrono::milliseconds pause) const;

    /// Sends it only the first time, until the page shows this element with another event.
    event_attribute once() const;

    /// Keeps the browser from what it would do by itself: following a link, scrolling on a key.
    /// Submitting a form and clicking a link or a button in a form are prevented anyway.
    event_attribute prevent() const;

    /// The elements around this one do not get to know of it.
    event_attribute stop() const;

    /// Only for this key, named as the browser names it ("Enter", "Escape", "ArrowDown", " ", "a"),
    /// and with these modifiers alone: `.key("Enter")` is not sent for Shift+Enter. Modifiers are
    /// Control, Alt, Meta and Shift: `.key("Shift+Enter")`, `.key("Control+k")`. A character means
    /// itself, whichever of Shift, Alt and AltGr a keyboard makes it with: `.key("?")`,
    /// `.key("A")`. Several keys: `.key("Enter").key(" ")`. Throws std::invalid_argument for what
    /// no browser calls a key, and unless the event is "keydown" or "keyup".
    event_attribute key(std::string_view name) const;

    /// Sends it to another instance of this conversation, a child:
    ///
    ///     button(on<"click", &search::clear>.to(search_box), "Clear")
    event_attribute to(const auto& child) const;

    /// Asks this question first, and sends the event only if the user agrees.
    event_attribute confirm(std::string_view question) const;

private:
    friend Self;
    modifiable_event() = default;

    template <class Change>
    event_attribute changed(Change change) const;
};

/// An event with its arguments; stands among an element's attributes.
struct event_attribute : modifiable_event<event_attribute> {
    event_attribute(std::string_view dom_event, std::string_view member, std::string json)
        : event(dom_event), name(member), arguments(std::move(json)) {}

    std::string_view event;
    std::string_view name;
    std::string arguments;                  ///< JSON array, or empty
    event_modifiers modifiers;              ///< how it is sent
    std::uint64_t target = 0;               ///< whose member it is; 0 for the one that renders it
    const event_function* above = nullptr;  ///< the member, if it is one of an instance above

    event_attribute attribute() const { return *this; }
};

namespace detail {

template <literal Event>
inline constexpr auto event_name = Event;

template <literal Event, auto Member, bool Above, class Type = decltype(Member)>
event_attribute make_event(const boost::json::array& arguments) {
    static_cast<void>(&known_as_event<Member>);
    event_attribute out(
        event_name<Event>.view(),
        member_name<Member>(),
        arguments_to_text(arguments)
    );
    if constexpr (Above) out.above = &event_target<Member>;
    return out;
}

template <>
inline constexpr bool is_attribute<event_attribute> = true;
template <literal Event, auto Member, bool Above>
inline constexpr bool is_attribute<event_route<Event, Member, Above>> = true;
template <>
inline constexpr bool sends_event<event_attribute> = true;
template <literal Event, auto Member, bool Above>
inline constexpr bool sends_event<event_route<Event, Member, Above>> = true;

}  // namespace detail

void write_attributes(markup& out, const event_attribute& route);

/// Sends a DOM event to a member: `button(on<"click", &counter::inc>, "+")`, and with arguments
/// `button(on<"click", &board::remove>(item.id), "✕")`. Arguments travel through the browser as
/// JSON: a user can change them, so the member must check them.
template <literal Event, auto Member, bool Above, class Type>
struct event_route : modifiable_event<event_route<Event, Member, Above, Type>> {
    constexpr event_route() = default;

    template <class... Arguments>
    event_attribute operator()(const Arguments&... arguments) const {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            sizeof...(Arguments) == std::tuple_size_v<parameters>,
            "stube: this event has another number of arguments than its member takes."
        );
        return with(static_cast<parameters*>(nullptr), arguments...);
    }

    event_attribute attribute() const {
        static_assert(
            std::tuple_size_v<typename detail::member<Member>::arguments> == 0,
            "stube: the member takes arguments. Write on<\"event\", "
            "&component::member>(arguments...)."
        );
        return detail::make_event<Event, Member, Above>({});
    }

    friend void write_attributes(markup& out, const event_route& route) {
        write_attributes(out, route.attribute());
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
        return detail::make_event<Event, Member, Above>(list);
    }
};

template <literal Event, auto Member>
inline constexpr event_route<Event, Member> on{};

/// Sends a DOM event to the nearest component above the one that renders it that has the member:
/// the one whose slot or list it stands in, the one that called it, or one of theirs.
///
///     button(on_parent<"click", &board::remove>(number), "Remove")
template <literal Event, auto Member>
inline constexpr event_route<Event, Member, true> on_parent{};

// The modifiers are written once, for both forms.

namespace detail {
void add_key(event_attribute& to, std::string_view name);
}

template <class Self>
template <class Change>
event_attribute modifiable_event<Self>::changed(Change change) const {
    event_attribute out = static_cast<const Self&>(*this).attribute();
    change(out);
    return out;
}

template <class Self>
event_attribute modifiable_event<Self>::to(const auto& child) const {
    return changed([&](event_attribute& to) { to.target = child.id(); });
}

template <class Self>
event_attribute modifiable_event<Self>::debounce(std::chrono::milliseconds pause) const {
    return changed([&](event_attribute& to) { to.modifiers.debounce = pause; });
}

template <class Self>
event_attribute modifiable_event<Self>::throttle(std::chrono::milliseconds pause) const {
    return changed([&](event_attribute& to) { to.modifiers.throttle = pause; });
}

template <class Self>
event_attribute modifiable_event<Self>::once() const {
    return changed([](event_attribute& to) { to.modifiers.once = true; });
}

template <class Self>
event_attribute modifiable_event<Self>::prevent() const {
    return changed([](event_attribute& to) { to.modifiers.prevent = true; });
}

template <class Self>
event_attribute modifiable_event<Self>::stop() const {
    return changed([](event_attribute& to) { to.modifiers.stop = true; });
}

template <class Self>
event_attribute modifiable_event<Self>::key(std::string_view name) const {
    return changed([&](event_attribute& to) { detail::add_key(to, name); });
}

template <class Self>
event_attribute modifiable_event<Self>::confirm(std::string_view question) const {
    return changed([&](event_attribute& to) { to.modifiers.question = question; });
}

enum class control_kind { input, check_box, text_area, select, group };

/// The name, value and state of a form control, and the link to its message. A group is what stands
/// around several controls of one field: it has only the link.
struct bound_control {
    std::string_view name;  ///< member
    std::string text;       ///< what stands in the field
    std::string error;
    control_kind what = control_kind::input;
    bool is_list = false;
    std::vector<std::string> chosen = {};  ///< what stands in the field of a list

    bool names_id() const { return what != control_kind::group; }

    bool holds(std::string_view choice) const {
        return is_list ? std::ranges::find(chosen, choice) != chosen.end() : text == choice;
    }
};

/// One of several controls of one field.
struct bound_choice {
    std::string_view name;  ///< member
    std::string_view value;
    bool is_chosen;
    bool is_wrong;
};

/// An attribute that holds an id made from the instance's and a word, so that two instances of a
/// component on one page do not meet: `own_id{"for", "name"}` writes `for="i7-name"`, and
/// `own_id{"href", "name"}` a link to it, `href="#i7-name"`. All three are literals.
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
inline constexpr bool is_attribute<bound_choice> = true;
template <>
inline constexpr bool is_attribute<own_id> = true;

template <class Pointer>
inline constexpr bool points_to_field = false;
template <class T, class C>
inline constexpr bool points_to_field<field<T> C::*> = true;
}  // namespace detail

void write_attributes(markup& out, const bound_control& control);
void write_attributes(markup& out, const bound_choice& choice);
void write_attributes(markup& out, const own_id& id);

/// Ties a control to a field of the component that renders it: `input(bind<&guest::name>(*this))`.
/// The labelled controls in <stube/runtime/ui.hpp> do this and show the message too.
template <auto Member, class T>
bound_control bind(const T& self, control_kind what = control_kind::input) {
    constexpr bool binds_field = detail::points_to_field<decltype(Member)>;
    constexpr bool is_component = requires { T::component; };
    static_assert(
        binds_field,
        "stube: this member is not a field. Only a field<...> takes what is typed."
    );
    static_assert(
        !binds_field || is_component,
        "stube: this field is not one of the component that renders it, so that it would never get "
        "what is typed. Make it a data member of the component, and pass *this."
    );
    bound_control out{detail::member_name<Member>(), {}, {}, what};
    if constexpr (binds_field && is_component) {
        const auto& target = detail::data_of(self, Member);
        out.error = target.error();
        if constexpr (detail::is_list<typename std::decay_t<decltype(target)>::value_type>) {
            out.is_list = true;
            out.chosen = target.text();
        } else {
            out.text = target.text();
        }
    }
    return out;
}

/// Ties one of several controls to a field: a radio button, or a check box of a list.
///
///     label(input(type("radio"), bind_choice<&guest::bed>(*this, "twin")), "Twin beds")
///
/// An empty `input(type("hidden"), ...)` of a list's name must stand before its check boxes, or
/// else nobody can untick the last one; `ui::choices_for` does all this.
template <auto Member, class T>
bound_choice bind_choice(const T& self, std::string_view value) {
    const auto control = bind<Member>(self, control_kind::group);
    return {control.name, value, control.holds(value), control.is_list && !control.error.empty()};
}

}  // namespace stube
