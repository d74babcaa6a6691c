#pragma once

#include <stube/runtime/codec.hpp>

#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Two-way form fields: what the user typed, the value it stands for, and the message when it
/// stands for none.
namespace stube {

/// Thrown by `field::value()` when what was entered is no value. A handler need not catch it: the
/// kernel undoes the handler and shows the message at the field.
class invalid_field : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Text to value and back, for the types a field can hold. Specialise it for a type of your own:
/// `static std::optional<T> parse(std::string_view)` (nothing when the text is no T),
/// `static std::string print(const T&)`, and `message`, which tells a user what to enter.
template <class T>
struct text_codec;

/// Text as it was typed.
template <>
struct text_codec<std::string> {
    static constexpr std::string_view message = "";

    static std::optional<std::string> parse(std::string_view text) { return std::string(text); }

    static std::string print(const std::string& value) { return value; }
};

/// A check box: "on" or "".
template <>
struct text_codec<bool> {
    static constexpr std::string_view message = "";

    static std::optional<bool> parse(std::string_view text) {
        return text == "on" || text == "true";
    }

    static std::string print(bool value) { return value ? "on" : ""; }
};

namespace detail {
std::string_view trimmed(std::string_view text);
}

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
        // "nan" and "inf" would pass for numbers, and slip through comparisons with limits.
        if constexpr (std::floating_point<T>) {
            if (!std::isfinite(value)) return std::nullopt;
        }
        return value;
    }

    static std::string print(T value) {
        char buffer[64];
        auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
        return std::string(buffer, error == std::errc() ? end : buffer);
    }
};

/// A date as browsers send it: 2026-12-01.
template <>
struct text_codec<std::chrono::year_month_day> {
    static constexpr std::string_view message = "Enter a date";

    static std::optional<std::chrono::year_month_day> parse(std::string_view text);
    static std::string print(std::chrono::year_month_day value);
};

/// A described enum, by the names of its enumerators.
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

/// An empty field is nothing; anything else must be a T.
template <class T>
struct text_codec<std::optional<T>> {
    static constexpr std::string_view message = text_codec<T>::message;

    static std::optional<std::optional<T>> parse(std::string_view text) {
        // In place: g++ 12 takes the move of an empty optional for the use of something
        // uninitialised.
        if (detail::trimmed(text).empty()) return std::optional<std::optional<T>>(std::in_place);
        auto value = text_codec<T>::parse(text);
        if (!value) return std::nullopt;
        return std::optional<T>(std::move(*value));
    }

    static std::string print(const std::optional<T>& value) {
        return value ? text_codec<T>::print(*value) : std::string();
    }
};

/// A form field of a component. Only members of this type take values from the browser. What was
/// typed is kept as it was typed, so that a wrong entry is shown again beside its message.
template <class T>
class field {
public:
    field() : value_(text_codec<T>::parse("")) {}

    field(const T& initial) { set(initial); }

    /// The value. Throws `invalid_field` if what was entered is no T.
    const T& value() const {
        if (!value_) throw invalid_field(std::string(text_codec<T>::message));
        return *value_;
    }

    bool valid() const { return value_.has_value(); }

    /// What stands in the field, valid or not.
    const std::string& text() const { return text_; }

    /// The message shown at the field, empty if there is none.
    const std::string& error() const { return error_; }

    /// A value that cannot be printed and read back (a default date) makes the field empty.
    void set(const T& value) {
        text_ = text_codec<T>::print(value);
        value_ = text_codec<T>::parse(text_);
        error_.clear();
    }

    void clear() { *this = field(); }

    /// Shows `message` at the field until it is sent again.
    void reject(std::string message) { error_ = std::move(message); }

    /// Takes what a user typed. An entry that is no T stays, and its message is shown; a field that
    /// is still empty is not wrong before its value is needed.
    void enter(std::string text) {
        text_ = std::move(text);
        value_ = text_codec<T>::parse(text_);
        error_.clear();
        if (!text_.empty()) show_error();
    }

    /// Shows the message of a field that holds no value, also when nothing was typed yet.
    void show_error() {
        if (!value_ && error_.empty()) error_ = text_codec<T>::message;
    }

    friend bool operator==(const field&, const field&) = default;

private:
    std::string text_;
    std::optional<T> value_;
    std::string error_;

    friend struct codec<field<T>>;
};

/// A field is stored as its text, or as an object when there is a message too.
template <class T>
struct codec<field<T>> {
    static boost::json::value encode(const field<T>& from) {
        if (from.error_.empty()) return boost::json::string(from.text_);
        return {{"text", from.text_}, {"error", from.error_}};
    }

    static void decode(field<T>& to, const boost::json::value& from) {
        std::string text, error;
        if (from.is_object()) {
            if (const auto* t = from.get_object().if_contains("text")) stube::decode(text, *t);
            if (const auto* e = from.get_object().if_contains("error")) stube::decode(error, *e);
        } else {
            stube::decode(text, from);
        }
        to.text_ = std::move(text);
        to.value_ = text_codec<T>::parse(to.text_);
        to.error_ = std::move(error);
    }
};

namespace detail {
template <class T>
inline constexpr bool is_field = false;
template <class T>
inline constexpr bool is_field<field<T>> = true;
}  // namespace detail

}  // namespace stube
