#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/detail/iterable.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/text_codec.hpp>

#include <concepts>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Two-way form fields. A field contains the text that the user typed, its value, and the message
/// to show if the text is not a valid value.
///
/// A field holds text, a number, a date (`std::chrono::year_month_day`), a time of day
/// (`std::chrono::minutes` since midnight), a date with a time (`local_time<minutes>`), yes or no,
/// or a described enum. It can also hold a `std::optional` of these, where an empty field is
/// nullopt, or a `std::vector` of these for several choices. For a type of your own, specialise
/// `text_codec`. The field of a secret, `field<transient<std::string>>`, never shows its entry; see
/// <stube/runtime/secret.hpp>.
///
/// A handler checks its fields, and continues if none shows a message:
///
///     answers<party> next() {
///         name.require("Enter your name");
///         people.between(1, 4);
///         bed.one_of(offered(), "This bed is gone");
///         agreed.require("Agree to the rules of the house");
///         if (has_errors(*this)) return {};
///         return answer(party{name.value(), people.value(), bed.value()});
///     }
///
/// `value()` in a handler requires a value, too: without a value, the handler is undone and the
/// field shows its message.
///
/// An entry that cannot be read as a T, such as "1.3.2026" for a date, shows the message of the
/// `text_codec`. The application can replace that message. `require` takes one message for an empty
/// and for an unreadable entry, or one for each. `readable` is for a field that may stay empty:
///
///     arrival.require("Say when you come");
///     departure.require("Say when you leave", "Enter a date such as 2026-03-01");
///     reminder.readable("Enter a date such as 2026-03-01");
///
/// The browser does not enforce what a page offers (the options of a selection, `min`, `required`):
/// it can send anything. A described enum accepts only its enumerators. For text and numbers, check
/// with `one_of` and `between`. Use one function for the choices that `render` offers and the
/// handler accepts.
namespace stube {

/// Thrown by `field::value()` if the entry is not a valid value. A handler need not catch it: the
/// kernel undoes the handler and shows the message at the field.
class invalid_field : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

namespace detail {

template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;

/// The form value of a single field: one text.
template <class T>
struct entry_codec {
    using entry = std::string;
    static constexpr std::string_view message = text_codec<T>::message;

    static std::optional<T> parse(const entry& from) { return text_codec<T>::parse(from); }

    static entry print(const T& value) { return text_codec<T>::print(value); }

    static bool is_empty(const entry& text) { return trimmed(text).empty(); }
};

/// The form values of a list field: one text for each choice.
template <class T>
struct entry_codec<std::vector<T>> {
    using entry = std::vector<std::string>;
    static constexpr std::string_view message = text_codec<T>::message;

    static std::optional<std::vector<T>> parse(const entry& from) {
        std::vector<T> out;
        for (const auto& text : from) {
            auto value = text_codec<T>::parse(text);
            if (!value) return std::nullopt;
            out.push_back(std::move(*value));
        }
        return out;
    }

    static entry print(const std::vector<T>& values) {
        entry out;
        for (const auto& value : values)
            out.push_back(text_codec<T>::print(value));
        return out;
    }

    static bool is_empty(const entry& choices) { return choices.empty(); }
};

/// The form value of a secret field, which is secret, too.
template <class T>
    requires is_secret<T>
struct entry_codec<T> {
    using content_codec = entry_codec<typename T::content_type>;
    static_assert(
        std::same_as<typename content_codec::entry, std::string>,
        "stube: a secret field cannot hold a list."
    );
    using entry = typename secret_with<T, std::string>::type;
    static constexpr std::string_view message = content_codec::message;

    static std::optional<T> parse(const entry& from) {
        auto content = content_codec::parse(from.reveal());
        if (!content) return std::nullopt;
        return std::optional<T>(std::in_place, std::move(*content));
    }

    static entry print(const T& value) { return content_codec::print(value.reveal()); }

    static bool is_empty(const entry& text) { return content_codec::is_empty(text.reveal()); }
};

/// The text or texts of an entry.
template <class Entry>
auto& texts_of(Entry& entry) {
    if constexpr (is_secret<std::remove_const_t<Entry>>) {
        return entry.reveal();
    } else {
        return entry;
    }
}

/// True if `offer` is `value`. An offer is a value, or a choice that has the text in `.value`.
template <class T, class Offer>
bool is_same_choice(const T& value, const Offer& offer) {
    if constexpr (requires { std::string_view(offer.value); }) {
        return offer.value == text_codec<T>::print(value);
    } else {
        return offer == value;
    }
}

template <class T, class Range>
bool is_offered(const T& value, const Range& offers) {
    for (const auto& offer : offers) {
        if (is_same_choice(value, offer)) return true;
    }
    return false;
}

template <class T, class Range>
bool is_offered(const std::vector<T>& values, const Range& offers) {
    for (const auto& value : values) {
        if (!is_offered(value, offers)) return false;
    }
    return true;
}

}  // namespace detail

/// A form field of a component. Only members of this type receive values from the browser. The
/// typed text is kept unchanged, so that a wrong entry is shown again beside its message.
template <class T>
class field {
    using entry_codec = detail::entry_codec<T>;

public:
    using value_type = T;

    /// The content of a field: text, or for a list one text for each choice. The entry of a secret
    /// field is secret.
    using entry = typename entry_codec::entry;

    field() : value_(entry_codec::parse({})) {}

    field(const T& initial) { set(initial); }

    /// Converts `initial` to a T: `field<std::string> name = "Ada"`.
    template <class Initial>
        requires(!std::same_as<Initial, field> && std::convertible_to<const Initial&, T>)
    field(const Initial& initial) : field(static_cast<const T&>(T(initial))) {}

    /// The value. Throws `invalid_field` with the field's message if the entry is not a valid T.
    const T& value() const {
        if (!value_)
            throw invalid_field(error_.empty() ? std::string(entry_codec::message) : error_);
        return *value_;
    }

    bool valid() const { return value_.has_value(); }

    /// The entry, valid or not.
    const entry& text() const { return text_; }

    /// True if the entry is empty or blank, or if the check box is not ticked.
    bool is_empty() const { return entry_codec::is_empty(text_); }

    /// The message at the field, or an empty text.
    const std::string& error() const { return error_; }

    /// Sets the value and removes the message. A value that cannot be printed and read back, such
    /// as a default date, leaves the field without a value.
    void set(const T& value) {
        text_ = entry_codec::print(value);
        value_ = entry_codec::parse(text_);
        error_.clear();
    }

    void clear() { *this = field(); }

    /// Shows `message` at the field, in place of any other, until the field is sent again. For
    /// checks that only the handler can do: two fields that do not fit together, or a name that is
    /// taken.
    void reject(std::string message) { error_ = std::move(message); }

    // --- Checks for handlers. A failed check shows its message, unless the application has already
    // set one. Each check returns true if the field shows no message. Only `require` refuses an
    // empty field.

    /// The entry must not be empty, and it must be a valid T.
    bool require(const std::string& message = std::string(entry_codec::message)) {
        return require(message, message);
    }

    /// The same, with one message for an empty entry and another for an unreadable one.
    bool require(std::string if_empty, std::string if_unreadable) {
        if (is_empty()) {
            show(std::move(if_empty));
        } else {
            readable(std::move(if_unreadable));
        }
        return error_.empty();
    }

    /// The entry must be empty or a valid T.
    bool readable(std::string message) {
        if (!is_empty() && !value_) show(std::move(message));
        return error_.empty();
    }

    /// `good(value)` must be true.
    template <std::predicate<const T&> Good>
    bool check(Good good, std::string message) {
        if (!is_empty()) show_error();
        const bool can_check = error_.empty() && value_ && !is_empty();
        if (can_check && !good(*value_)) error_ = std::move(message);
        return error_.empty();
    }

    /// The value must be within these limits, inclusive.
    bool between(const T& lowest, const T& highest, std::string message = "")
        requires std::totally_ordered<T> && (!detail::is_list<T>)
    {
        if (message.empty()) {
            message =
                "Between " + entry_codec::print(lowest) + " and " + entry_codec::print(highest);
        }
        return check(
            [&](const T& value) { return lowest <= value && value <= highest; },
            std::move(message)
        );
    }

    /// The value, or each value of a list, must be one of `offered`: values, or choices as for
    /// `ui::select_for`. If `message` is given, it is shown for an unreadable entry as well.
    template <detail::iterable Range>
        requires(!detail::is_secret<T>)
    bool one_of(const Range& offered, std::string message = "") {
        if (message.empty()) {
            message = "Choose one of these";
        } else {
            readable(message);
        }
        return check(
            [&](const T& value) { return detail::is_offered(value, offered); },
            std::move(message)
        );
    }

    // --- For the library.

    /// Sets the entry that a user typed. An invalid entry is kept and shows its message. An empty
    /// entry shows no message before a handler needs its value. An encrypted field ignores an empty
    /// entry, because its control does not show the present one.
    void enter(entry text) {
        const bool is_text = !detail::texts_of(text).empty();
        if (detail::is_encrypted<T> && !is_text) return;
        text_ = std::move(text);
        value_ = entry_codec::parse(text_);
        error_.clear();
        if (is_text) show_error();
    }

    /// True if `enter` would change the entry.
    bool would_change(const entry& text) const {
        if (detail::is_encrypted<T> && detail::texts_of(text).empty()) return false;
        return !(text == text_);
    }

    /// Shows the message of the codec if the field has no value and shows no message yet.
    void show_error() {
        if (!value_ && error_.empty()) error_ = entry_codec::message;
    }

    /// Takes over the message that a handler set in `tried` before it was undone.
    void take_message(const field& tried) {
        if (tried.text_ == text_) error_ = tried.error_;
    }

    friend bool operator==(const field&, const field&) = default;

private:
    /// Shows `message`, unless a message of the application is shown already.
    void show(std::string message) {
        const bool is_default = !value_ && error_ == entry_codec::message;
        if (error_.empty() || is_default) error_ = std::move(message);
    }

    entry text_;
    std::optional<T> value_;
    std::string error_;

    friend struct codec<field<T>>;
};

/// A field is stored as its text, or as an object with text and message if it shows a message. A
/// secret field is stored as nothing, or as this encrypted.
template <class T>
struct codec<field<T>> {
    static void encode_to(boost::json::value& to, const field<T>& from) {
        if constexpr (detail::is_secret<T>) {
            detail::encode_secret<detail::is_encrypted<T>>(to, [&](boost::json::value& content) {
                encode_content(content, from);
            });
        } else {
            encode_content(to, from);
        }
    }

    static void decode(field<T>& to, const boost::json::value& from) {
        if constexpr (detail::is_secret<T>) {
            detail::decode_secret<detail::is_encrypted<T>>(
                from,
                [&](const boost::json::value& content) { decode_content(to, content); }
            );
        } else {
            decode_content(to, from);
        }
    }

private:
    static void encode_content(boost::json::value& to, const field<T>& from) {
        const auto& text = detail::texts_of(from.text_);
        if (from.error_.empty()) return detail::encode_to(to, text);
        auto& object = detail::make_object(to, 2);
        detail::encode_member(object, "text", text);
        detail::encode_member(object, "error", from.error_);
    }

    static void decode_content(field<T>& to, const boost::json::value& from) {
        typename field<T>::entry entry;
        std::string error;
        auto& text = detail::texts_of(entry);
        if (detail::is_object(from)) {
            const auto& object = detail::object_of(from);
            detail::decode_member(text, object, "text");
            detail::decode_member(error, object, "error");
        } else {
            stube::decode(text, from);
        }
        to.text_ = std::move(entry);
        to.value_ = detail::entry_codec<T>::parse(to.text_);
        to.error_ = std::move(error);
    }
};

namespace detail {
template <class T>
inline constexpr bool is_field = false;
template <class T>
inline constexpr bool is_field<field<T>> = true;
template <class T>
inline constexpr bool is_transient<field<transient<T>>> = true;
}  // namespace detail

/// True if a field of the component shows a message.
template <class C>
bool has_errors(const C& self) {
    bool found = false;
    boost::mp11::mp_for_each<detail::data_members<C>>([&](auto described) {
        const auto& value = detail::data_of(self, described.pointer);
        if constexpr (detail::is_field<std::decay_t<decltype(value)>>)
            found = found || !value.error().empty();
    });
    return found;
}

}  // namespace stube
