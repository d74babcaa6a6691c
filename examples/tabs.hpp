#pragma once

#include "counter.hpp"

#include <optional>
#include <string>

namespace gallery {

/// A text field. The browser sends the text when the user leaves the field.
struct notepad {
    static constexpr std::string_view component = "gallery/notepad";

    stube::field<std::string> text;

    /// The event has filled `text` already.
    void typed() {}

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(notepad, (), (text, typed))

/// Asks for a drink with a dialog in its own place. An open dialog is still there when the user
/// comes back to the tab.
struct order {
    static constexpr std::string_view component = "gallery/order";

    std::string drink;

    stube::effects ask();
    void chosen(const std::optional<std::string>& what);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(order, (), (drink, ask, chosen))

/// Three components, one of which is shown. The hidden ones keep their state.
struct tabs {
    static constexpr std::string_view component = "gallery/tabs";
    static constexpr std::string_view styles = R"(
        & > [role=tablist] { display: flex; gap: .25rem; border-bottom: 1px solid var(--line); }
        & [role=tab] { border-color: transparent; border-radius: var(--round) var(--round) 0 0;
            background: none; color: var(--soft); }
        & [role=tab]:hover { border-color: transparent; background: var(--accent-soft); }
        & [role=tab][aria-selected=true] { border-bottom: 3px solid var(--accent);
            color: var(--ink); }
        & > [role=tabpanel] { padding-top: 1.5rem; }
    )";

    int shown = 0;
    stube::slot<counter> first;
    stube::slot<notepad> second;
    stube::slot<order> third;

    /// Selects a tab and moves the focus to it.
    stube::effects show(int which);
    stube::effects next();
    stube::effects previous();

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(tabs, (), (shown, first, second, third, show, next, previous))

}  // namespace gallery
