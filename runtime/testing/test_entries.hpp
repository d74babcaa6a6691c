#pragma once

#include "runtime/testing/test_page.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace stube::test_page {

/// The values that the user has entered. They take precedence over the values in the page's HTML
/// until they are sent and a patch brings the control again.
class entries {
public:
    void enter(const node& control, std::string value);
    void check(const node& box, bool yes);
    /// Chooses an option of a selection of several.
    void choose(const node& option, bool yes);

    std::string value(const node& control) const;
    bool is_checked(const node& box) const;
    bool is_chosen(const node& option) const;

    /// The controls below `from` as a browser sends them.
    std::vector<form_value> form_below(const node& from) const;

    /// Marks the values of the controls below `from` as sent.
    void mark_sent(const node& from);

    /// A patch has brought `fresh`. The values that it brings replace the values that were sent.
    void drop_sent(const node& fresh);

    /// Drops the values of controls that are not on the page.
    void keep_only(const node& page);

private:
    using key = std::pair<std::string, std::string>;

    struct entry {
        std::string value;
        bool is_sent = false;
    };

    static key key_of(const node& control);
    static key key_of_option(const node& option);
    /// One key, or one for each option of a selection of several.
    static std::vector<key> keys_of(const node& control);

    /// Null if the user has not entered a value.
    const std::string* find(const key& of) const;

    std::map<key, entry> values_;
};

}  // namespace stube::test_page
