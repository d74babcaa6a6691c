// What a test needs to know of a page: what it shows, and what can be done on it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kill_test {

/// Name and value, in the order of the document.
using form = std::vector<std::pair<std::string, std::string>>;

/// Something on a page that sends an event.
struct control {
    std::string address;
    form values;  ///< what it sends besides the fields, such as the arguments
};

/// A whole page, or what an answer or a message of the stream puts in place of a part of one.
struct page {
    std::string conversation;  ///< empty in a part
    std::string stream;        ///< address of the event stream; empty in a part
    std::string title;         ///< text of the first h1
    std::string output;        ///< text of the first output
    std::string text;          ///< all of it, without tags
    std::vector<control> controls;
    std::map<std::string, std::string> fields;  ///< a check box is "on" or ""
    form terms;                                 ///< the entries of description lists
};

page read_page(std::string_view html);

/// The control of that member whose values contain `argument`. Throws std::runtime_error if there
/// is none.
const control&
find_control(const page& shown, std::string_view member, std::string_view argument = "");

/// For evidence: what the page shows, on one line.
std::string describe(const page& shown);

/// The body of a request that submits a form.
std::string url_encoded(const form& fields);

}  // namespace kill_test
