#pragma once

#include <stube/runtime/component.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// The form field in which the arguments of an event travel. A hyphen, so that it is no C++ name
/// and cannot meet a field of a component.
inline constexpr std::string_view arguments_field = "stube-args";

/// The one in which a submission without scripts says which page it comes from.
inline constexpr std::string_view ticket_field = "stube";

/// Reads a body of application/x-www-form-urlencoded. False if it is none, has more than
/// `max_fields` fields, or anything in it is not UTF-8 after decoding.
bool read_form(
    std::string_view body,
    std::size_t max_fields,
    std::vector<form_value>& form,
    std::string& arguments
);

}  // namespace stube::http
