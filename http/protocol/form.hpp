#pragma once

#include <stube/runtime/component.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// The form field that contains the arguments of an event. The hyphen prevents a conflict with a
/// field of a component, because it is not valid in a C++ name.
inline constexpr std::string_view arguments_field = "stube-args";

/// The form field that contains the ticket of the page, for submissions without scripts.
inline constexpr std::string_view ticket_field = "stube";

/// Reads a body of application/x-www-form-urlencoded. Returns false if the body is malformed, has
/// more than `max_fields` fields, or is not UTF-8 after decoding.
bool read_form(
    std::string_view body,
    std::size_t max_fields,
    std::vector<form_value>& form,
    std::string& arguments
);

}  // namespace stube::http
