#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/markup.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// Attributes that bind markup to members of the component.
namespace stube {

/// A string as a template argument.
template <std::size_t Size>
struct literal {
    char text[Size];

    constexpr literal(const char (&from)[Size]) {
        for (std::size_t i = 0; i < Size; ++i)
            text[i] = from[i];
    }

    constexpr std::string_view view() const { return {text, Size - 1}; }
};

template <literal Event, auto Member, bool Above = false, class Type = decltype(Member)>
struct event_route;
struct event_attribute;

/// Modifiers of an event. They can be combined, one after the other:
///
///     input(on<"input", &board::search>.debounce(300ms), bind<&board::query>(*this)),
///     button(on<"click", &board::remove>(id).confirm("Delete " + text + "?"), "Delete"),
///     section(on<"keydown", &board::close>.key("Escape"), p("Escape closes this."))
///
/// Modifiers work in the browser only. The member receives an event like any other.
template <class Self>
struct modifiable_event {
    /// Sends the event after a pause of this length without further events. Typed text is sent
    /// once, after the pause.
    event_attribute debounce(std::chrono::milliseconds pause) const;

    /// Sends the first event at once, and then at most one within this time. The last event is
    /// always sent.
    event_attribute throttle(std::chrono::milliseconds pause) const;

    /// Sends the event only the first time, until the page shows this element with another event.
    event_attribute once() const;

    /// Prevents the default action of the browser, such as following a link or scrolling on a key.
    /// The submission of a form and the click on a link or a button in a form are always prevented.
    event_attribute prevent() const;

    /// Hides the event from the elements around this one.
    event_attribute stop() const;

    /// Sends the event for this key only, with exactly these modifiers: `.key("Enter")` is not sent
    /// for Shift+Enter. The name is the browser's ("Enter", "Escape", "ArrowDown", " ", "a").
    /// Modifiers are Control, Alt, Meta and Shift: `.key("Shift+Enter")`, `.key("Control+k")`. A
    /// character means itself, with any combination of Shift, Alt and AltGr that a keyboard needs
    /// for it: `.key("?")`, `.key("A")`. For several keys, write `.key("Enter").key(" ")`. Throws
    /// std::invalid_argument if browsers do not know the key, or if the event is not "keydown" or
    /// "keyup".
    event_attribute key(std::string_view name) const;

    /// Sends the event to a child of the component:
    ///
    ///     button(on<"click", &search::clear>.to(search_box), "Clear")
    event_attribute to(const auto& child) const;

    /// Shows this question first, and sends the event only if the user agrees.
    event_attribute confirm(std::string_view question) const;

private:
    friend Self;
    modifiable_event() = default;

    template <class Change>
    event_attribute changed(Change change) const;
};

/// An event with its arguments and modifiers, as an attribute of an element.
struct event_attribute : modifiable_event<event_attribute> {
    event_attribute(std::string_view dom_event, std::string_view member, std::string json)
        : event(dom_event), name(member), arguments(std::move(json)) {}

    std::string_view event;
    std::string_view name;
    std::string arguments;                  ///< JSON array, or empty
    event_modifiers modifiers;              ///< how it is sent
    std::uint64_t target = 0;               ///< instance with the member; 0: the one that renders
    const event_function* above = nullptr;  ///< the member of an instance above; else null

    event_attribute attribute() const { return *this; }
};

namespace detail {

template <literal Event>
inline constexpr auto event_name = Event;

template <literal Event, auto Member, bool Above, class Type = decltype(Member)>
event_attribute make_event(std::string arguments) {
    static_cast<void>(&known_as_event<Member>);
    event_attribute out(event_name<Event>.view(), member_name<Member>(), std::move(arguments));
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

void write_attributes(markup& out, const event_attribute& event);

/// Sends a DOM event to a member: `button(on<"click", &counter::inc>, "+")`, or with arguments
/// `button(on<"click", &board::remove>(item.id), "✕")`. Arguments travel through the browser as
/// JSON. A user can change them, so the member must check them.
template <literal Event, auto Member, bool Above, class Type>
struct event_route : modifiable_event<event_route<Event, Member, Above, Type>> {
    constexpr event_route() = default;

    template <class... Arguments>
    event_attribute operator()(const Arguments&... arguments) const {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            sizeof...(Arguments) == std::tuple_size_v<parameters>,
            "stube: this event has a different number of arguments than its member takes."
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

    friend void write_attributes(markup& out, const event_route& binding) {
        write_attributes(out, binding.attribute());
    }

private:
    template <class... Parameters, class... Arguments>
    static event_attribute with(std::tuple<Parameters...>*, const Arguments&... arguments) {
        static_assert(
            (std::is_convertible_v<const Arguments&, Parameters> && ...),
            "stube: an argument of this event has a different type than the member's parameter."
        );
        static_assert(
            !(detail::holds_secret<Parameters> || ...),
            "stube: the arguments of an event are in the page, so they cannot be secret. Read the "
            "secret from a field<transient<...>>, or let a behavior's module send it."
        );
        return detail::make_event<Event, Member, Above>(
            detail::arguments_text<Parameters...>(arguments...)
        );
    }
};

template <literal Event, auto Member>
inline constexpr event_route<Event, Member> on{};

/// Sends a DOM event to the nearest component above that has the member. Above a component are the
/// owner of its slot or list, or its caller, and then in turn the components above that one.
///
///     button(on_parent<"click", &board::remove>(number), "Remove")
template <literal Event, auto Member>
inline constexpr event_route<Event, Member, true> on_parent{};

// The modifiers are defined once for both forms of an event.

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

/// The name, value and state of a form control, and the link to its message. The kind `group` is
/// for the element around several controls of one field, which has only the link.
struct bound_control {
    std::string_view name;  ///< member
    std::string text;       ///< the text of the field; empty for a secret field
    std::string error;
    control_kind what = control_kind::input;
    bool is_list = false;
    std::vector<std::string> chosen = {};  ///< the texts of a list field
    bool is_secret = false;                ///< of a secret field, whose text is not in the page

    bool names_id() const { return what != control_kind::group; }

    bool holds(std::string_view choice) const;
};

/// One of several controls for one field.
struct bound_choice {
    std::string_view name;  ///< member
    std::string_view value;
    bool is_chosen;
    bool is_wrong;
};

/// An attribute whose value is an id, made of the instance's id and a name. So two instances of a
/// component on one page have different ids: `own_id{"for", "name"}` writes `for="i7-name"`, and
/// `own_id{"href", "name"}` writes a link to that id, `href="#i7-name"`. All members must be
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
inline constexpr bool is_attribute<bound_choice> = true;
template <>
inline constexpr bool is_attribute<own_id> = true;

template <class Pointer>
inline constexpr bool points_to_field = false;
template <class T, class C>
inline constexpr bool points_to_field<field<T> C::*> = true;
template <class Pointer>
inline constexpr bool points_to_secret_field = false;
template <class T, class C>
inline constexpr bool points_to_secret_field<field<T> C::*> = is_secret<T>;
}  // namespace detail

void write_attributes(markup& out, const bound_control& control);
void write_attributes(markup& out, const bound_choice& choice);
void write_attributes(markup& out, const own_id& id);

/// Binds a control to a field of the component that renders it: `input(bind<&guest::name>(*this))`.
/// The labelled controls in <stube/runtime/ui.hpp> do this, and they also show the message. The
/// input of a secret field has no value. Write `type("password")` beside it, as `ui::input_for`
/// does.
template <auto Member, class T>
bound_control bind(const T& self, control_kind kind = control_kind::input) {
    constexpr bool binds_field = detail::points_to_field<decltype(Member)>;
    constexpr bool is_component = requires { T::component; };
    static_assert(
        binds_field,
        "stube: this member is not a field. Only a field<...> receives input."
    );
    static_assert(
        !binds_field || is_component,
        "stube: this field does not belong to the component that renders it, so it would never "
        "receive input. Make it a data member of the component, and pass *this."
    );
    bound_control out{detail::member_name<Member>(), {}, {}, kind};
    if constexpr (binds_field && is_component) {
        const auto& target = detail::data_of(self, Member);
        out.error = target.error();
        if constexpr (detail::points_to_secret_field<decltype(Member)>) {
            out.is_secret = true;
        } else if constexpr (detail::is_list<typename std::decay_t<decltype(target)>::value_type>) {
            out.is_list = true;
            out.chosen = target.text();
        } else {
            out.text = target.text();
        }
    }
    return out;
}

/// Binds one of several controls to a field: a radio button, or a check box for a list.
///
///     label(input(type("radio"), bind_choice<&guest::bed>(*this, "twin")), "Twin beds")
///
/// Before the check boxes of a list, there must be an empty `input(type("hidden"), ...)` with the
/// name of the list. Otherwise a user cannot clear the last box. `ui::choices_for` does all of
/// this.
template <auto Member, class T>
bound_choice bind_choice(const T& self, std::string_view value) {
    const auto control = bind<Member>(self, control_kind::group);
    return {control.name, value, control.holds(value), control.is_list && !control.error.empty()};
}

}  // namespace stube
