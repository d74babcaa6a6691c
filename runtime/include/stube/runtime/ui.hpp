#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/route.hpp>

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/algorithm.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Ready-made pieces: labelled controls that show their message, and stock dialogs.
namespace stube::ui {

namespace detail {

/// Label, control and message of one field, in a `div.field`.
markup labelled(const bound_control& control, std::string_view label, const markup& input);

}  // namespace detail

/// A labelled input of a field: `ui::input_for<&guest::name>(*this, "Name", autocomplete("name"))`.
template <auto Member, class T, class... Attributes>
markup input_for(const T& self, std::string_view label, const Attributes&... attributes) {
    auto control = bind<Member>(self);
    return detail::labelled(control, label, html::input(control, attributes...));
}

/// A labelled box for text of several lines.
template <auto Member, class T, class... Attributes>
markup text_area_for(const T& self, std::string_view label, const Attributes&... attributes) {
    auto control = bind<Member>(self, control_kind::text_area);
    return detail::labelled(control, label, html::textarea(control, attributes..., control.text));
}

/// A labelled check box of a `field<bool>`. A browser sends nothing for an empty one; the hidden
/// input before it says that it was there.
template <auto Member, class T, class... Attributes>
markup check_box_for(const T& self, std::string_view label, const Attributes&... attributes) {
    auto control = bind<Member>(self, control_kind::check_box);
    return html::div(
        html::class_("field check"),
        html::input(html::type("hidden"), html::name(control.name), html::value("")),
        html::input(html::type("checkbox"), control, attributes...),
        html::label(own_id{"for", control.name}, label)
    );
}

/// A choice and the word a user reads for it.
using choice = std::pair<std::string, std::string>;

/// A labelled selection: `ui::select_for<&guest::board>(*this, "Board", {{"half", "Half board"},
/// ...})`.
template <auto Member, class T, class... Attributes>
markup select_for(
    const T& self,
    std::string_view label,
    const std::vector<choice>& choices,
    const Attributes&... attributes
) {
    auto control = bind<Member>(self, control_kind::select);
    auto options = each(choices, [&](const choice& c) {
        return html::option(
            html::value(c.first),
            html::selected(c.first == control.text),
            c.second
        );
    });
    return detail::labelled(control, label, html::select(control, attributes..., options));
}

/// Asks a question and answers true or false.
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

}  // namespace stube::ui
