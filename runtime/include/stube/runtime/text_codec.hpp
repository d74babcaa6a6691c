#pragma once

#include <boost/describe/enum.hpp>
#include <boost/describe/enum_from_string.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <charconv>
#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// Conversion between values and the text that people type and browsers send.
namespace stube {

namespace detail {

template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

std::string_view trimmed(std::string_view text);

}  // namespace detail

/// Converts text to a value and back, for the types of fields. `message` is shown for text that
/// `parse` does not accept. Specialise it for a type of your own:
///
///     template <>
///     struct stube::text_codec<euros> {
///         static constexpr std::string_view message = "Enter an amount, such as 12.50";
///         static std::optional<euros> parse(std::string_view text);  // nullopt: not an amount
///         static std::string print(const euros& amount);
///     };
template <class T>
struct text_codec;

/// Text, unchanged.
template <>
struct text_codec<std::string> {
    static constexpr std::string_view message = "Fill this in";

    static std::optional<std::string> parse(std::string_view text) { return std::string(text); }

    static std::string print(const std::string& value) { return value; }
};

/// A check box: "on" or "".
template <>
struct text_codec<bool> {
    static constexpr std::string_view message = "Tick this box";

    static std::optional<bool> parse(std::string_view text) {
        return text == "on" || text == "true";
    }

    static std::string print(bool value) { return value ? "on" : ""; }
};

template <class T>
    requires std::is_arithmetic_v<T>
struct text_codec<T> {
    static constexpr std::string_view message =
        std::integral<T> ? "Enter a whole number" : "Enter a number";

    static std::optional<T> parse(std::string_view text) {
        text = detail::trimmed(text);
        T value{};
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
        // "nan" and "inf" would pass as numbers and slip through comparisons with limits.
        if constexpr (std::floating_point<T>) {
            using limits = std::numeric_limits<T>;
            const bool is_finite = limits::lowest() <= value && value <= limits::max();
            if (!is_finite) return std::nullopt;
        }
        return value;
    }

    static std::string print(T value) {
        char buffer[64];
        auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
        return std::string(buffer, error == std::errc() ? end : buffer);
    }
};

/// A date in the form that browsers send: 2026-12-01.
template <>
struct text_codec<std::chrono::year_month_day> {
    static constexpr std::string_view message = "Enter a date";

    static std::optional<std::chrono::year_month_day> parse(std::string_view text);
    static std::string print(std::chrono::year_month_day value);
};

/// A time of day in the form that browsers send, as minutes since midnight: 14:30.
template <>
struct text_codec<std::chrono::minutes> {
    static constexpr std::string_view message = "Enter a time";

    static std::optional<std::chrono::minutes> parse(std::string_view text);
    static std::string print(std::chrono::minutes since_midnight);
};

/// A date and a time in the user's time zone, whichever that is: 2026-12-01T14:30.
template <>
struct text_codec<std::chrono::local_time<std::chrono::minutes>> {
    static constexpr std::string_view message = "Enter a date and a time";

    static std::optional<std::chrono::local_time<std::chrono::minutes>> parse(std::string_view text
    );
    static std::string print(std::chrono::local_time<std::chrono::minutes> value);
};

/// A described enum, as the names of its enumerators.
template <detail::described_enum T>
struct text_codec<T> {
    static constexpr std::string_view message = "Choose one of these";

    static std::optional<T> parse(std::string_view text) {
        T value{};
        if (!boost::describe::enum_from_string(std::string(text).c_str(), value))
            return std::nullopt;
        return value;
    }

    static std::string print(T value) { return boost::describe::enum_to_string(value, ""); }
};

/// An empty text is nullopt. Any other text must be a T.
template <class T>
struct text_codec<std::optional<T>> {
    static constexpr std::string_view message = text_codec<T>::message;

    static std::optional<std::optional<T>> parse(std::string_view text) {
        // Constructed in place, because g++ 12 warns that the move of an empty optional uses an
        // uninitialised value.
        if (detail::trimmed(text).empty()) return std::optional<std::optional<T>>(std::in_place);
        auto value = text_codec<T>::parse(text);
        if (!value) return std::nullopt;
        return std::optional<std::optional<T>>(std::in_place, std::move(*value));
    }

    static std::string print(const std::optional<T>& value) {
        return value ? text_codec<T>::print(*value) : std::string();
    }
};

/// A question that can be unanswered, unlike a check box: "yes", "no" or "".
template <>
struct text_codec<std::optional<bool>> {
    static constexpr std::string_view message = "Choose yes or no";

    static std::optional<std::optional<bool>> parse(std::string_view text);
    static std::string print(std::optional<bool> value);
};

}  // namespace stube
