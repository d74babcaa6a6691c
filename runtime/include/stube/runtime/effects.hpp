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

/// What a handler returns, in order. `return {};` does nothing but show the component again. At
/// most one effect may leave or suspend the component, and it must be the last.
class [[nodiscard]] effects {
public:
    effects() = default;

    effects(any_effect one) { list_.push_back(std::move(one)); }

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

/// Answers the caller with `value` and leaves. The value's type must be the component's
/// `answer_type`. The answer of the component that a page began with ends the conversation.
template <class T>
effects answer(T value) {
    if constexpr (std::convertible_to<T, std::string_view> && !std::same_as<T, std::string>) {
        return any_effect(effect::answer{answer_value(std::string(std::string_view(value)))});
    } else {
        return any_effect(effect::answer{answer_value(std::move(value))});
    }
}

/// Answers without a value.
effects answer();

/// Leaves with a failure: the caller's `.or_else<>()` gets it; a caller without one shows it as a
/// message.
effects fail(std::string message);

/// The same, with a reason that goes to the log and to no user.
effects fail_because(std::string message, std::string internal);

/// Ends the whole conversation. `final_view` stays on the page; nothing of the conversation is
/// kept.
effects end(markup final_view = {});

}  // namespace stube
