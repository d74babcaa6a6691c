#include <stube/runtime/ui.hpp>

#include <algorithm>

namespace stube::ui {

using namespace html;

namespace detail {

markup labelled(const bound_control& control, std::string_view label_text, const markup& input) {
    return div(
        class_("field"),
        label(own_id{"for", control.name}, label_text),
        input,
        message(control)
    );
}

markup message(const bound_control& control) {
    if (control.error.empty()) return {};
    return p(class_("error"), own_id{"id", control.name, "-error"}, control.error);
}

markup presence(const bound_control& control) {
    return input(type("hidden"), own_id{"name", control.name}, value(""));
}

markup options(const bound_control& control, const choices& offered) {
    const bool holds_one =
        std::ranges::any_of(offered, [&](const choice& c) { return control.holds(c.value); });
    return fragment(
        when(!holds_one && !control.is_list, option(value(""), selected())),
        each(
            offered,
            [&](const choice& c) {
                return option(value(c.value), selected(control.holds(c.value)), c.label);
            }
        )
    );
}

markup boxes(const bound_control& control, std::string_view kind, const choices& offered) {
    const bool is_wrong = control.is_list && !control.error.empty();
    bool is_first = true;
    auto box = [&](const choice& c) {
        // The first box gets the field's id, because a link to the field must lead there.
        auto field_id = when(std::exchange(is_first, false), own_id{"id", control.name});
        bound_choice state{control.name, c.value, control.holds(c.value), is_wrong};
        return label(input(type(kind), field_id, state), c.label);
    };
    return div(class_("options"), each(offered, box));
}

markup error_summary(const std::vector<message_of_field>& messages, std::string_view title) {
    if (messages.empty()) return {};
    return div(
        class_("notice"),
        role("alert"),
        own_id{"aria-labelledby", "error-summary"},
        h2(own_id{"id", "error-summary"}, title),
        ul(each(
            messages,
            [](const message_of_field& m) { return li(a(own_id{"href", m.name}, m.text)); }
        ))
    );
}

std::string words_of(std::string_view enumerator) {
    // An enumerator for a reserved word ends with '_', such as `double_`.
    if (enumerator.ends_with('_')) enumerator.remove_suffix(1);
    std::string out(enumerator);
    std::ranges::replace(out, '_', ' ');
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z')
        out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
}

}  // namespace detail

namespace {

/// The card of all dialogs. Its accessible name is its question, and Escape leaves it.
template <class... Parts>
markup dialog_card(const event_attribute& on_escape, const Parts&... parts) {
    return section(
        class_("card"),
        role("dialog"),
        own_id{"aria-labelledby", "question"},
        on_escape,
        parts...
    );
}

template <auto Member>
event_attribute escape_to() {
    return on<"keydown", Member>.key("Escape");
}

constexpr own_id is_question{"id", "question"};

}  // namespace

// "No" has the focus, so that a return key that is held down does not confirm.
markup confirm::render() const {
    return dialog_card(
        escape_to<&confirm::no>(),
        h2(is_question, question),
        div(class_("actions"),
            button(on<"click", &confirm::yes>, yes_label),
            button(class_("secondary"), autofocus(), on<"click", &confirm::no>, no_label))
    );
}

answers<prompt::answer_type> prompt::ok() {
    if (!if_empty.empty() && !text.require(if_empty)) return {};
    return answer(text.value());
}

markup prompt::render() const {
    return dialog_card(
        escape_to<&prompt::cancel>(),
        form(
            on<"submit", &prompt::ok>,
            h2(is_question, label(own_id{"for", "text"}, question)),
            input(bind<&prompt::text>(*this), autofocus()),
            detail::message(bind<&prompt::text>(*this)),
            div(class_("actions"),
                button(ok_label),
                button(
                    type("button"),
                    class_("secondary"),
                    on<"click", &prompt::cancel>,
                    cancel_label
                ))
        )
    );
}

answers<choose::answer_type> choose::pick(const std::string& value) {
    if (std::ranges::find(offered, value, &choice::value) == offered.end()) return {};
    return answer(value);
}

markup choose::render() const {
    bool is_first = true;
    auto item = [&](const choice& c) {
        return li(button(
            class_("secondary"),
            autofocus(std::exchange(is_first, false)),
            on<"click", &choose::pick>(c.value),
            c.label
        ));
    };
    return dialog_card(
        escape_to<&choose::cancel>(),
        h2(is_question, question),
        ul(class_("options"), each(offered, item)),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &choose::cancel>, cancel_label))
    );
}

markup info::render() const {
    return dialog_card(
        escape_to<&info::ok>(),
        p(is_question, text),
        div(class_("actions"), button(autofocus(), on<"click", &info::ok>, ok_label))
    );
}

}  // namespace stube::ui
