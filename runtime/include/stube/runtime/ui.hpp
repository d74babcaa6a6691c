#pragma once

#include <stube/runtime/binding.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/html.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Ready-made labelled controls that show their message, and dialogs.
///
///     markup render() const {
///         return form(
///             on<"submit", &signup::send>,
///             novalidate(),  // the server's messages, not the browser's
///             ui::error_summary(*this),
///             ui::input_for<&signup::name>(*this, "Name", autocomplete("name")),
///             ui::input_for<&signup::born>(*this, "Born on"),
///             ui::radio_for<&signup::meals>(*this, "Meals"),
///             ui::choices_for<&signup::days>(*this, "Days", days_on_offer()),
///             ui::check_box_for<&signup::agreed>(*this, "I agree"),
///             div(class_("actions"), button("Sign up"))
///         );
///     }
///
/// Attributes at the end of a call are set on the control.
namespace stube::ui {

/// One option to choose: its value, and the label that a user reads. A single text is both:
/// `ui::choices{"tea", {"juice", "Orange juice"}}`.
struct choice {
    std::string value;
    std::string label;

    choice() = default;

    choice(std::string value_text, std::string label_text)
        : value(std::move(value_text)), label(std::move(label_text)) {}

    template <std::convertible_to<std::string_view> Text>
    choice(const Text& both) : value(std::string_view(both)), label(value) {}

    friend bool operator==(const choice&, const choice&) = default;
};
BOOST_DESCRIBE_STRUCT(choice, (), (value, label))

using choices = std::vector<choice>;

namespace detail {

/// The label, the control and the message of one field, in a `div.field`.
markup labelled(const bound_control& control, std::string_view label, const markup& input);

/// The message of a field, or nothing.
markup message(const bound_control& control);

/// A hidden input with an empty value. A browser sends nothing for a box that is not ticked and for
/// an empty selection. The hidden value before the control shows that the control was on the page.
markup presence(const bound_control& control);

markup options(const bound_control& control, const choices& offered);

/// One labelled radio button or check box for each choice.
markup boxes(const bound_control& control, std::string_view type, const choices& offered);

struct message_of_field {
    std::string_view name;  ///< member
    std::string_view text;
};

markup error_summary(const std::vector<message_of_field>& messages, std::string_view title);

/// Converts "half_board" to words: "Half board".
std::string words_of(std::string_view enumerator);

template <class T>
struct chosen {
    using type = T;
};

template <class T>
struct chosen<std::optional<T>> {
    using type = T;
};

template <class T>
struct chosen<std::vector<T>> {
    using type = T;
};

template <class Pointer>
struct field_value {
    using type = void;
};

template <class T, class C>
struct field_value<field<T> C::*> {
    using type = T;
};

/// The value type of a field. It is void for a member that is not a field, which `bind` refuses.
template <auto Member>
using value_of = typename field_value<decltype(Member)>::type;

template <auto Member, class Type = decltype(Member)>
inline constexpr bool is_list = stube::detail::is_list<value_of<Member>>;

/// Refuses a control that would show the value of a secret field.
template <auto Member, class Type = decltype(Member)>
constexpr void check_not_secret() {
    static_assert(
        !stube::detail::points_to_secret_field<Type>,
        "stube: this control would show the value of a secret field. Write ui::input_for."
    );
}

template <class... Attributes>
concept all_attributes = (stube::detail::is_attribute<Attributes> && ...);

/// True if the part is the attribute with this name.
template <class T>
bool is_named(std::string_view name, const T& part) {
    if constexpr (std::same_as<T, html_attribute>) return part.name == name;
    return false;
}

/// The attribute with which an input is best for a T: the `type` of the browser's own controls for
/// dates and times, or the keyboard for numbers. It does not use `type="number"`, because such an
/// input does not send an entry that it cannot read.
template <class T>
std::optional<html_attribute> kind_of_input() {
    using namespace std::chrono;
    if constexpr (stube::detail::is_secret<T>) return html::type("password");
    using type = typename chosen<T>::type;
    if constexpr (std::same_as<type, year_month_day>) return html::type("date");
    if constexpr (std::same_as<type, minutes>) return html::type("time");
    if constexpr (std::same_as<type, local_time<minutes>>) return html::type("datetime-local");
    if constexpr (std::unsigned_integral<type> && !std::same_as<type, bool>)
        return html::inputmode("numeric");
    return std::nullopt;
}

}  // namespace detail

/// The enumerators of a described enum as choices, with the labels `label(enumerator)`.
template <stube::detail::described_enum E, std::invocable<E> Label>
choices choices_of(Label label) {
    choices out;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto described) {
        out.emplace_back(std::string(described.name), std::string(label(described.value)));
    });
    return out;
}

/// The enumerators of a described enum as choices, with labels from their names: `half_board` is
/// "Half board".
template <stube::detail::described_enum E>
choices choices_of() {
    return choices_of<E>([](E value) {
        return detail::words_of(boost::describe::enum_to_string(value, ""));
    });
}

namespace detail {

/// The choices of a field whose type determines them.
template <auto Member, class Type = decltype(Member)>
choices choices_by_type() {
    using type = typename chosen<value_of<Member>>::type;
    constexpr bool has_choices = stube::detail::described_enum<type>;
    static_assert(
        has_choices,
        "stube: the type of this field does not determine its choices. Give a list of choices, or "
        "make it a field of a described enum."
    );
    if constexpr (has_choices) {
        return choices_of<type>();
    } else {
        return {};
    }
}

}  // namespace detail

/// A labelled input: `ui::input_for<&guest::name>(*this, "Name", autocomplete("name"))`. Dates and
/// times get the browser's own controls, unless a `type(...)` is given. A secret field gets
/// `type("password")` and `autocomplete("off")`, unless others are given, such as
/// `autocomplete("current-password")`. Its value is never in the page. With another type, the
/// browser shows the typed text, and keeps it in the tab's `sessionStorage` until it is sent.
template <auto Member, class T, class... Attributes>
markup input_for(const T& self, std::string_view label, const Attributes&... attributes) {
    static_assert(
        !detail::is_list<Member>,
        "stube: one input cannot hold a list. Write ui::choices_for or ui::select_for."
    );
    auto control = bind<Member>(self);
    const bool has_type = (detail::is_named("type", attributes) || ...);
    auto kind = has_type ? std::nullopt : detail::kind_of_input<detail::value_of<Member>>();
    const bool may_complete =
        !control.is_secret || (detail::is_named("autocomplete", attributes) || ...);
    auto no_completion = when(!may_complete, html::autocomplete("off"));
    return detail::labelled(
        control,
        label,
        html::input(control, kind, no_completion, attributes...)
    );
}

/// A labelled input for text of several lines.
template <auto Member, class T, class... Attributes>
markup text_area_for(const T& self, std::string_view label, const Attributes&... attributes) {
    detail::check_not_secret<Member>();
    auto control = bind<Member>(self, control_kind::text_area);
    return detail::labelled(control, label, html::textarea(control, attributes..., control.text));
}

/// A labelled check box for a `field<bool>`.
template <auto Member, class T, class... Attributes>
markup check_box_for(const T& self, std::string_view label, const Attributes&... attributes) {
    detail::check_not_secret<Member>();
    auto control = bind<Member>(self, control_kind::check_box);
    return html::div(
        html::class_("field check"),
        detail::presence(control),
        html::input(html::type("checkbox"), control, attributes...),
        html::label(own_id{"for", control.name}, label),
        detail::message(control)
    );
}

/// A labelled selection: `ui::select_for<&guest::board>(*this, "Board", {{"half", "Half board"},
/// ...})`. It begins with an empty option while the field holds none of the choices. For the field
/// of a list, several options can be chosen.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup select_for(
    const T& self,
    std::string_view label,
    const choices& offered,
    const Attributes&... attributes
) {
    detail::check_not_secret<Member>();
    auto control = bind<Member>(self, control_kind::select);
    auto options = detail::options(control, offered);
    auto select = html::select(control, html::multiple(control.is_list), attributes..., options);
    if (control.is_list) select = detail::presence(control) + select;
    return detail::labelled(control, label, select);
}

/// A labelled selection whose choices are the enumerators of the field's described enum.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup select_for(const T& self, std::string_view label, const Attributes&... attributes) {
    return select_for<Member>(self, label, detail::choices_by_type<Member>(), attributes...);
}

/// Radio buttons under a heading: `ui::radio_for<&guest::bed>(*this, "Bed", {"single", "twin"})`.
/// Attributes are set on the fieldset around them.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup radio_for(
    const T& self,
    std::string_view legend,
    const choices& offered,
    const Attributes&... attributes
) {
    static_assert(
        !detail::is_list<Member>,
        "stube: only one of several radio buttons can be chosen. Write ui::choices_for for a list."
    );
    detail::check_not_secret<Member>();
    auto control = bind<Member>(self, control_kind::group);
    return html::fieldset(
        html::class_("field"),
        html::role("radiogroup"),
        control,
        attributes...,
        html::legend(legend),
        detail::boxes(control, "radio", offered),
        detail::message(control)
    );
}

/// Radio buttons whose choices are the enumerators of the field's described enum.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup radio_for(const T& self, std::string_view legend, const Attributes&... attributes) {
    return radio_for<Member>(self, legend, detail::choices_by_type<Member>(), attributes...);
}

/// Check boxes under a heading, for a `field<std::vector<...>>`. Any number of them can be chosen.
/// Attributes are set on the fieldset around them.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup choices_for(
    const T& self,
    std::string_view legend,
    const choices& offered,
    const Attributes&... attributes
) {
    static_assert(
        detail::is_list<Member>,
        "stube: several choices need a field<std::vector<...>>. Write ui::radio_for or "
        "ui::select_for for one."
    );
    auto control = bind<Member>(self, control_kind::group);
    return html::fieldset(
        html::class_("field"),
        control,
        attributes...,
        html::legend(legend),
        detail::presence(control),
        detail::boxes(control, "checkbox", offered),
        detail::message(control)
    );
}

/// Check boxes whose choices are the enumerators of a described enum.
template <auto Member, class T, class... Attributes>
    requires detail::all_attributes<Attributes...>
markup choices_for(const T& self, std::string_view legend, const Attributes&... attributes) {
    return choices_for<Member>(self, legend, detail::choices_by_type<Member>(), attributes...);
}

/// The messages of all fields of the component, each as a link to its field, or nothing if there
/// are no messages. Screen readers read the summary out when it appears. It shows messages without
/// the labels of their fields, so write messages that name the field ("Enter your name").
template <class T>
markup error_summary(const T& self, std::string_view title = "There is a problem") {
    std::vector<detail::message_of_field> messages;
    boost::mp11::mp_for_each<stube::detail::data_members<T>>([&](auto described) {
        const auto& value = stube::detail::data_of(self, described.pointer);
        if constexpr (stube::detail::is_field<std::decay_t<decltype(value)>>) {
            if (!value.error().empty()) messages.push_back({described.name, value.error()});
        }
    });
    return detail::error_summary(messages, title);
}

// --- Dialogs. A dialog is shown in the place of its caller, takes the focus, and answers.

/// Asks a question and answers true or false:
///
///     effects remove() { return call<ui::confirm>("Delete this?").then<&note::removed>(); }
///     effects burn() {
///         return call<ui::confirm>("Burn this?", "Burn", "Keep").then<&note::removed>();
///     }
///     void removed(bool yes) { is_gone = yes; }
struct confirm {
    static constexpr std::string_view component = "stube/confirm";
    using answer_type = bool;

    std::string question;
    std::string yes_label = "Yes";
    std::string no_label = "No";

    answers<bool> yes() { return answer(true); }

    answers<bool> no() { return answer(false); }

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(confirm, (), (question, yes_label, no_label, yes, no))

/// Asks for a line of text, with an optional proposal. Answers the text, or nullopt if the user has
/// cancelled:
///
///     effects rename() { return call<ui::prompt>("Its name?", name).then<&note::named>(); }
///     void named(const std::optional<std::string>& text) { name = text.value_or(name); }
struct prompt {
    static constexpr std::string_view component = "stube/prompt";
    using answer_type = std::optional<std::string>;

    std::string question;
    field<std::string> text = {};
    std::string ok_label = "OK";
    std::string cancel_label = "Cancel";
    std::string if_empty = "";  ///< message for an empty text; if empty, such a text is accepted

    answers<answer_type> ok();

    answers<answer_type> cancel() { return answer(std::nullopt); }

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(prompt, (), (question, text, ok_label, cancel_label, if_empty, ok, cancel))

/// Lets the user choose one of several options. Answers the value of that option, or nullopt if the
/// user has cancelled:
///
///     effects order() {
///         return call<ui::choose>("What to drink?", ui::choices{"Tea", {"oj", "Orange juice"}})
///             .then<&table::ordered>();
///     }
///     void ordered(const std::optional<std::string>& item) { drink = item.value_or("nothing"); }
struct choose {
    static constexpr std::string_view component = "stube/choose";
    using answer_type = std::optional<std::string>;

    std::string question;
    ui::choices offered;
    std::string cancel_label = "Cancel";

    /// A value that is not on offer changes nothing.
    answers<answer_type> pick(const std::string& value);

    answers<answer_type> cancel() { return answer(std::nullopt); }

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(choose, (), (question, offered, cancel_label, pick, cancel))

/// Shows a text until the user has confirmed it. Answers without a value:
///
///     effects save() { return call<ui::info>("Your changes are saved."); }
struct info {
    static constexpr std::string_view component = "stube/info";

    std::string text;
    std::string ok_label = "OK";

    answers<> ok() { return answer(); }

    markup render() const;
};
BOOST_DESCRIBE_STRUCT(info, (), (text, ok_label, ok))

}  // namespace stube::ui
