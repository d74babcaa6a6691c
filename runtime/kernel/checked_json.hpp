#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// Reads JSON that comes from outside of the process. An error names the place in the document.
namespace stube::kernel {

/// A value in a JSON document, with its place such as `heads[3].event`. The document must outlive
/// it. Every member function throws `decode_error` if the value does not have the wanted kind.
class checked_json {
public:
    checked_json(const boost::json::value& value, std::string place)
        : value_(&value), place_(std::move(place)) {}

    const boost::json::value& value() const { return *value_; }

    const std::string& place() const { return place_; }

    const boost::json::object& object() const;
    const boost::json::array& array() const;
    std::string text() const;
    std::uint64_t count() const;
    std::int64_t number() const;
    bool truth() const;

    /// 16 hexadecimal digits.
    std::uint64_t hex() const;

    bool has(std::string_view member) const { return object().contains(member); }

    /// A member of an object. Throws if it is absent.
    checked_json at(std::string_view member) const;

    /// An element of an array. Throws if it is absent.
    checked_json at(std::size_t index) const;

    /// Throws decode_error: "<place> <problem>".
    [[noreturn]] void refuse(std::string_view problem) const;

private:
    const boost::json::value* value_;
    std::string place_;
};

/// Parses a JSON text, which errors call `place`. Throws `decode_error`.
boost::json::value parse_checked(std::string_view text, std::string_view place);

}  // namespace stube::kernel
