#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/markup.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The page of a `test_conversation`: a small reader for the HTML that this library writes, and
/// what a user and a browser see in it.
namespace stube::test_page {

struct node_attribute {
    std::string name;  ///< lower case
    std::string value;
    bool is_bare = false;  ///< written without a value
};

/// An element, or text when it has no tag.
struct node {
    std::string tag;  ///< lower case
    std::string text;
    std::vector<node_attribute> attributes;
    std::vector<std::unique_ptr<node>> children;
    const node* parent = nullptr;

    const std::string* find(std::string_view attribute) const;

    bool has(std::string_view attribute) const { return find(attribute) != nullptr; }

    /// The attribute's value, empty without it.
    std::string_view get(std::string_view attribute) const;
};

using nodes = std::vector<const node*>;

/// Reads HTML into a node without a tag. Forgives what raw_html() may bring, and throws nothing.
std::unique_ptr<node> parse(std::string_view html);

/// Appends a node as the library writes it.
void write_html(std::string& out, const node& from);

/// Elements below `from` that are wanted, in the order of the page.
nodes find_all(const node& from, const std::function<bool(const node&)>& wanted);

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

/// The element of an instance: its id is "i" and a number.
bool is_instance(const node& of);

/// The element of the instance that rendered `of`; null outside of any.
const node* instance_around(const node& of);

/// What the user has entered, over what the page says: until it is sent and the page is told what
/// came of it.
class entries {
public:
    void enter(const node& control, std::string value);
    void check(const node& box, bool yes);
    /// An option of a selection of several.
    void choose(const node& option, bool yes);

    std::string value(const node& control) const;
    bool is_checked(const node& box) const;
    bool is_chosen(const node& option) const;

    /// The controls below `from` as a browser sends them.
    std::vector<form_value> form_below(const node& from) const;

    /// What stands in the controls below `from` has been sent.
    void send_below(const node& from);

    /// The page was given `fresh`: what it says of controls counts where nothing was entered since.
    void take_words(const node& fresh);

    void keep_only(const node& page);

private:
    using key = std::pair<std::string, std::string>;

    struct entry {
        std::string value;
        bool is_sent = false;
    };

    static key key_of(const node& control);
    static key key_of_option(const node& option);
    /// Of a selection of several each option is entered by itself.
    static std::vector<key> keys_of(const node& control);

    const std::string* find(const key& at) const;

    std::map<key, entry> values_;
};

}  // namespace stube::test_page
