#include <stube/runtime/ui.hpp>

namespace stube::ui {

using namespace html;

namespace detail {

markup labelled(const bound_control& control, std::string_view label_text, const markup& input) {
    return div(
        class_("field"),
        label(own_id{"for", control.name}, label_text),
        input,
        when(
            !control.error.empty(),
            [&] {
                return p(class_("error"), own_id{"id", control.name, "-error"}, control.error);
            }
        )
    );
}

}  // namespace detail

markup confirm::render() const {
    return section(
        class_("card"),
        role("group"),
        own_id{"aria-labelledby", "question"},
        h2(own_id{"id", "question"}, question),
        div(class_("actions"),
            button(on<"click", &confirm::yes>, yes_label),
            button(class_("secondary"), on<"click", &confirm::no>, no_label))
    );
}

}  // namespace stube::ui
