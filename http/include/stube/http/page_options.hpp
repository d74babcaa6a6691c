#pragma once

#include <stube/runtime/markup.hpp>

#include <string>
#include <vector>

namespace stube {

/// The shell around a page: its title and the markup outside of the view.
struct page_options {
    std::string title = "stube";
    std::string lang = "en";  ///< of your texts; stube's own few messages are English
    /// Addresses on this server, "/...", without the base path. The content security policy of the
    /// pages blocks other servers. The sheets are read in this order, after stube's own sheet and
    /// those of the components.
    std::vector<std::string> stylesheets = {};
    /// Address of the icon, in the same form; empty for stube's own icon.
    std::string icon = {};
    /// Markup above the page, such as navigation or a name. Events in it have no effect.
    markup header = {};
    /// Address of the login page on this server, if only visitors with a principal may see the page
    /// (see `app::principal`). Others are redirected to it, with the address they wanted in
    /// `?next=`. Only for pages with a conversation.
    std::string login = {};
};

}  // namespace stube
