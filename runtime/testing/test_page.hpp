#pragma once

#include "runtime/component/html_tree.hpp"

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/markup.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Reads the page of a `test_conversation` as a user does: its text, labels and controls.
namespace stube::test_page {

using namespace kernel;

using namespace html_tree;

/// The text that a user can read, without hidden parts and without the values of controls.
std::string visible_text(const node& of);

/// The name by which a screen reader announces a control.
std::string accessible_name(const node& page, const node& of);

/// True if the node is hidden, or inside a hidden element.
bool is_hidden(const node& of);

/// True if the node is disabled, or inside a disabled fieldset.
bool is_disabled(const node& of);

/// Writes event bindings as `data-on-click="i2.remove([7])"`, with `data-keys='["Enter"]'` and
/// `data-confirm="Sure?"` if they have those modifiers. Debounce and throttle are left out, because
/// only a browser applies them.
class wire final : public markup_wire {
public:
    void event(std::string& out, const hole& h) const override;
};

struct wired_event {
    instance_id instance = 0;
    std::string name;
    std::string arguments;
    std::vector<std::string> keys;  ///< the keys that send the event; empty for any key
    std::string question;           ///< the question before the event is sent; may be empty
};

/// The event that a node sends on the DOM event `on`, if it has such a binding.
std::optional<wired_event> event_of(const node& of, std::string_view on);

/// The form that a click on this button submits, or null.
const node* submitted_form(const node& button);

/// True for a form control that has a value, false for buttons.
bool is_control(const node& of);
bool is_check_box(const node& of);
bool is_radio(const node& of);

/// True for a selection of several options.
bool is_list(const node& of);

nodes options_of(const node& select);
std::string value_of_option(const node& option);

}  // namespace stube::test_page
