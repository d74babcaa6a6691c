#pragma once

#include <stube/runtime/context.hpp>
#include <stube/runtime/markup.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

/// What a handler wants done: call another component, answer, fail, become, end. Effects are data;
/// the kernel carries them out after the handler has returned.
namespace stube {

struct component_type;

/// A value on its way from a component that answers to the one that called it. It never leaves the
/// process.
class answer_value {
public:
    answer_value() = default;

    template <class T>
    explicit answer_value(T value)
        : value_(std::make_shared<T>(std::move(value))), type_(&typeid(T)) {}

    bool empty() const { return type_ == nullptr; }

    bool holds(const std::type_info& type) const { return type_ && *type_ == type; }

    /// Throws std::logic_error if the value is of another type.
    template <class T>
    T& get() const {
        if (!holds(typeid(T))) throw_wrong_type(typeid(T));
        return *static_cast<T*>(value_.get());
    }

private:
    [[noreturn]] void throw_wrong_type(const std::type_info& wanted) const;

    std::shared_ptr<void> value_;
    const std::type_info* type_ = nullptr;
};

/// Why a component could not do what it was called for. Reaches the caller through `.or_else<>()`,
/// in a flow as the exception `call_failed`.
struct failure {
    std::string message;  ///< for users
};

namespace effect {

struct call {
    const component_type* type;
    std::shared_ptr<const void> state;
    std::string_view then;     ///< member of the caller, static storage; empty for none
    std::string_view or_else;  ///< likewise
};

struct answer {
    answer_value value;
};

struct fail {
    failure why;
    std::string internal;  ///< for the log only
};

struct become {
    const component_type* type;
    std::shared_ptr<const void> state;
};

struct end {
    markup final_view;
};

}  // namespace effect

using any_effect =
    std::variant<effect::call, effect::answer, effect::fail, effect::become, effect::end>;

template <class T>
class answer_request;

/// What a handler returns, in order. `return {};` does nothing but show the component again. At
/// most one effect may leave or suspend the component, and it must be the last.
class [[nodiscard]] effects {
public:
    effects() = default;

    effects(any_effect one) { list_.push_back(std::move(one)); }

    template <class T>
    effects(const answer_request<T>&) {
        static_assert(
            detail::always_false<T>,
            "stube: a member that answers returns answers<T>, T being the component's answer_type "
            "(answers<> without one)."
        );
    }

    effects& operator+=(effects more) {
        for (auto& one : more.list_)
            list_.push_back(std::move(one));
        return *this;
    }

    friend effects operator+(effects left, effects right) {
        return std::move(left += std::move(right));
    }

    const std::vector<any_effect>& list() const { return list_; }

private:
    std::vector<any_effect> list_;
};

/// An answer on its way into the result of a member. Made by `answer`.
template <class T>
class [[nodiscard]] answer_request {
public:
    explicit answer_request(T value) : value_(std::move(value)) {}

    /// The answer as the component's `answer_type`.
    template <class As>
    answer_value as() && {
        return answer_value(As(std::move(value_)));
    }

private:
    T value_;
};

template <>
class [[nodiscard]] answer_request<void> {};

namespace detail {
template <class T>
inline constexpr bool is_answer = false;
template <class T>
inline constexpr bool is_answer<answer_request<T>> = true;
}  // namespace detail

/// What a member returns that may answer: `answers<T>`, where T is the component's `answer_type`;
/// `answers<>` in a component without one. Whatever can be returned as `effects` can be returned
/// here too.
///
///     answers<bool> yes() { return answer(true); }
template <class T = void>
class [[nodiscard]] answers : public effects {
public:
    answers() = default;

    template <std::convertible_to<effects> Other>
    requires(!detail::is_answer<std::decay_t<Other>>) answers(Other&& other)
        : effects(std::forward<Other>(other)) {}

    template <class U>
    answers(answer_request<U> request)
        : effects(any_effect(effect::answer{to_value(std::move(request))})) {}

private:
    template <class U>
    static answer_value to_value([[maybe_unused]] answer_request<U>&& request) {
        if constexpr (std::is_void_v<T>) {
            static_assert(
                std::is_void_v<U>,
                "stube: this member returns answers<>, which has no value. Return answers<T>, T "
                "being the component's answer_type."
            );
            return {};
        } else {
            static_assert(
                !std::is_void_v<U> && std::is_convertible_v<U, T>,
                "stube: this answer has another type than the member's answers<T>."
            );
            return std::move(request).template as<T>();
        }
    }
};

/// Answers the caller with `value` and leaves. The answer of the component that a page began with
/// ends the conversation. Only a member that returns `answers<...>` can return this.
template <class T>
auto answer(T value) {
    if constexpr (std::convertible_to<T, std::string_view> && !std::same_as<T, std::string>) {
        return answer_request<std::string>(std::string(std::string_view(value)));
    } else {
        return answer_request<T>(std::move(value));
    }
}

/// Answers without a value.
inline answer_request<void> answer() {
    return {};
}

/// Other effects and then an answer.
template <class T>
answers<T> operator+(effects left, answer_request<T> right) {
    return std::move(left += answers<T>(std::move(right)));
}

/// Leaves with a failure: the caller's `.or_else<>()` gets it; a caller without one shows it as a
/// message.
effects fail(std::string message);

/// The same, with a reason that goes to the log and to no user.
effects fail_because(std::string message, std::string internal);

/// Ends the whole conversation. `final_view` stays on the page; nothing of the conversation is
/// kept.
effects end(markup final_view = {});

}  // namespace stube
