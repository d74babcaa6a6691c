// Reads a page: its visible content and the controls on it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kill_test {

/// Names and values in the order of the document.
using form = std::vector<std::pair<std::string, std::string>>;

/// An element of a page that sends an event.
struct control {
    std::string address;
    form values;  ///< sent in addition to the fields, such as the arguments
};

/// A whole page, or a part of a page from a response or from a message of the stream.
struct page {
    std::string conversation;  ///< empty in a part
    std::string stream;        ///< address of the event stream; empty in a part
    std::string title;         ///< text of the first h1
    std::string output;        ///< text of the first output
    std::string text;          ///< all text without tags
    std::vector<control> controls;
    std::map<std::string, std::string> fields;  ///< a check box is "on" or ""
    form terms;                                 ///< the entries of description lists
};

page read_page(std::string_view html);

/// The control of the member whose values contain `argument`. Throws std::runtime_error if the page
/// has no such control.
const control&
find_control(const page& shown, std::string_view member, std::string_view argument = "");

/// The content of the page on one line, for error messages.
std::string describe(const page& shown);

/// The body of a request that submits a form.
std::string url_encoded(const form& fields);

}  // namespace kill_test
