#pragma once

#include "runtime/testing/test_page.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace stube::test_page {

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
