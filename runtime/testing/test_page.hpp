#pragma once

#include "runtime/component/html_tree.hpp"

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/markup.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The page of a `test_conversation`: its text, names and controls, as a user has them.
namespace stube::test_page {

using namespace kernel;

using namespace html_tree;

/// What can be read: without hidden parts and without what stands in controls.
std::string visible_text(const node& of);

/// How a screen reader calls a control.
std::string accessible_name(const node& page, const node& of);

/// Hidden, or inside something hidden.
bool is_hidden(const node& of);

/// Disabled, or inside a disabled fieldset.
bool is_disabled(const node& of);

/// Writes events as `data-on-click="i2.remove([7])"`, with `data-keys='["Enter"]'` and
/// `data-confirm="Sure?"` where they have any. Pauses and the like are the browser's own business.
class wire final : public markup_wire {
public:
    void event(std::string& out, const hole& h) const override;
};

struct wired_event {
    instance_id instance = 0;
    std::string name;
    std::string arguments;
    std::vector<std::string> keys;  ///< those that send it; empty for any
    std::string question;           ///< asked before it is sent; empty for none
};

/// The event that a node sends on the DOM event `on`.
std::optional<wired_event> event_of(const node& of, std::string_view on);

/// The form that a click on this button submits, or null.
const node* submitted_form(const node& button);

/// A form control that holds a value: no buttons.
bool is_control(const node& of);
bool is_check_box(const node& of);
bool is_radio(const node& of);

/// A selection of which several options can be chosen.
bool is_list(const node& of);

nodes options_of(const node& select);
std::string value_of_option(const node& option);

}  // namespace stube::test_page
