#include "runtime/kernel/checked_json.hpp"

#include "runtime/conversation/stored_form.hpp"

#include <stube/runtime/codec.hpp>

#include <boost/json/parse.hpp>

#include <charconv>

namespace stube::kernel {

void checked_json::refuse(std::string_view problem) const {
    throw decode_error(place_ + ' ' + std::string(problem));
}

const boost::json::object& checked_json::object() const {
    if (const auto* found = value_->if_object()) return *found;
    refuse("is not an object");
}

const boost::json::array& checked_json::array() const {
    if (const auto* found = value_->if_array()) return *found;
    refuse("is not an array");
}

std::string checked_json::text() const {
    if (const auto* found = value_->if_string()) return std::string(*found);
    refuse("is not a text");
}

std::uint64_t checked_json::count() const {
    boost::system::error_code error;
    const auto found = value_->to_number<std::uint64_t>(error);
    if (error || value_->is_double()) refuse("is not a number from 0 on");
    return found;
}

std::int64_t checked_json::number() const {
    boost::system::error_code error;
    const auto found = value_->to_number<std::int64_t>(error);
    if (error || value_->is_double()) refuse("is not a whole number");
    return found;
}

bool checked_json::truth() const {
    if (const auto* found = value_->if_bool()) return *found;
    refuse("is neither true nor false");
}

std::uint64_t checked_json::hex() const {
    const auto digits = text();
    std::uint64_t out = 0;
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, out, 16);
    if (digits.size() != 16 || error != std::errc() || stop != end)
        refuse("is not a text of 16 hexadecimal digits");
    return out;
}

checked_json checked_json::at(std::string_view member) const {
    const auto* found = object().if_contains(member);
    auto place = place_ + '.' + std::string(member);
    if (!found) throw decode_error(place + " is absent");
    return {*found, std::move(place)};
}

checked_json checked_json::at(std::size_t index) const {
    auto place = place_ + '[' + std::to_string(index) + ']';
    if (index >= array().size()) throw decode_error(place + " is absent");
    return {array()[index], std::move(place)};
}

boost::json::value parse_checked(std::string_view text, std::string_view place) {
    boost::system::error_code error;
    boost::json::parse_options options;
    options.max_depth = deepest_json;
    auto parsed = boost::json::parse(text, error, {}, options);
    if (error) throw decode_error(std::string(place) + " is not valid JSON: " + error.message());
    return parsed;
}

}  // namespace stube::kernel
