#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stube::http {

/// A path of an application, whose segments can be parameters: "/claims/{id}/lines". A parameter
/// matches one segment that is not empty. A text that is not in braces matches itself.
class path_pattern {
public:
    /// Throws std::invalid_argument for a path without "/" at the beginning, for characters that
    /// end a path in an address, for a parameter that is only a part of a segment, for a name that
    /// is not made of letters, digits and "_", and for two parameters with one name.
    explicit path_pattern(std::string text);

    const std::string& text() const { return text_; }

    bool has_parameters() const;

    bool matches(std::string_view path) const;

    /// The value of a parameter in a path that matches; std::nullopt without such a parameter.
    std::optional<std::string_view> value(std::string_view name, std::string_view path) const;

    /// True if some path matches both, and for neither of them every such path would do: it cannot
    /// be said which one is meant.
    bool conflicts_with(const path_pattern& other) const;

    /// True if this one is tried before the other: it has a text where the other one has the first
    /// parameter.
    bool is_before(const path_pattern& other) const;

private:
    struct segment {
        std::string text;  ///< or the name of the parameter
        bool is_parameter = false;
    };

    std::string text_;
    std::vector<segment> segments_;
};

}  // namespace stube::http
