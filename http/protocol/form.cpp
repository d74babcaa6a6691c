#include "http/protocol/form.hpp"

#include "http/protocol/text.hpp"

#include <utility>

namespace stube::http {

bool read_form(
    std::string_view body,
    std::size_t max_fields,
    std::vector<form_value>& form,
    std::string& arguments
) {
    std::size_t fields = 0;
    while (!body.empty()) {
        auto value = take_until(body, '&');
        if (value.empty()) continue;
        if (++fields > max_fields) return false;
        const auto name = take_until(value, '=');
        form_value read;
        if (!append_decoded(read.name, name, true) || !append_decoded(read.value, value, true))
            return false;
        if (!is_utf8(read.name) || !is_utf8(read.value)) return false;
        if (read.name == arguments_field) {
            arguments = std::move(read.value);
        } else {
            form.push_back(std::move(read));
        }
    }
    return true;
}

}  // namespace stube::http
