#pragma once

#include <stube/runtime/component.hpp>

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

/// Calling another component. It does not know who called it; it answers:
///
///     effects book() {
///         return call<pick_room>(guests).then<&front_desk::chosen>().or_else<&front_desk::full>();
///     }
///     void chosen(int room) { note = "Room " + std::to_string(room); }
///     void full(const failure& why) { note = why.message; }
namespace stube {

namespace detail {

/// True if the member can be given the answer.
template <class Answer, class Parameters>
inline constexpr bool accepts = false;
template <class Answer>
inline constexpr bool accepts<Answer, std::tuple<>> = true;
template <class Answer>
inline constexpr bool accepts<Answer, std::tuple<Answer>> = true;

template <class T>
inline constexpr bool is_slot = false;

/// True for what an argument may be that g++ 12 frees twice when it stands in one expression with
/// `co_await`: a temporary that is written in braces.
template <class Argument>
inline constexpr bool may_be_braced =
    !std::is_lvalue_reference_v<Argument> && std::is_aggregate_v<std::remove_cvref_t<Argument>> &&
    !std::is_trivially_destructible_v<std::remove_cvref_t<Argument>>;

}  // namespace detail

/// A call that is being put together: an effect for a handler to return, or something for a flow to
/// await. A flow refuses those that are `Unsafe` to await, see <stube/flow/flow.hpp>.
template <class C, bool Unsafe = false>
class [[nodiscard]] call_request {
public:
    using answer_type = answer_type_of<C>;

    call_request(const component_type& type, std::shared_ptr<const void> state)
        : call_{&type, std::move(state)} {}

    /// The member that gets the answer: it takes the callee's `answer_type`, or nothing.
    template <auto Member, class Type = decltype(Member)>
    call_request then() && {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            detail::accepts<answer_type, parameters>,
            "stube: this member cannot take the answer. It must take exactly the answer_type of "
            "the component that is called, or nothing."
        );
        call_.then = detail::member_name<Member>();
        return std::move(*this);
    }

    /// The member that gets the failure if the callee fails: it takes a `failure`, or nothing.
    template <auto Member, class Type = decltype(Member)>
    call_request or_else() && {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            detail::accepts<failure, parameters>,
            "stube: this member cannot take the failure. It must take a stube::failure, or nothing."
        );
        call_.or_else = detail::member_name<Member>();
        return std::move(*this);
    }

    /// Shows the callee over what the slot of this component shows, until it answers: editing in
    /// place.
    ///
    ///     effects edit() { return call<edit_text>(text).in<&item::line>().then<&item::edited>(); }
    template <auto Slot, class Type = decltype(Slot)>
    call_request in() && {
        static_assert(
            detail::is_slot<typename detail::member<Slot>::type>,
            "stube: a component can be called in a slot<...> of the caller, and nowhere else."
        );
        call_.where = effect::call::place::slot;
        call_.slot = detail::member_name<Slot>();
        return std::move(*this);
    }

    /// Shows the callee over the whole page, also when the caller stands in a slot.
    ///
    ///     effects help() { return call<ui::info>("Double-click to edit.").on_page(); }
    call_request on_page() && {
        call_.where = effect::call::place::page;
        return std::move(*this);
    }

    operator effects() && { return std::move(call_); }

    effect::call&& release() && { return std::move(call_); }

private:
    effect::call call_;
};

namespace detail {

// Members that are not named in a call take their defaults: that is what is meant, not an
// oversight.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

template <class C, class... Arguments>
std::shared_ptr<const void> make_state(Arguments&&... arguments) {
    static_assert(
        requires { C{std::forward<Arguments>(arguments)...}; },
        "stube: the component cannot be made from these arguments. They initialise its first "
        "members, in order."
    );
    return std::make_shared<C>(C{std::forward<Arguments>(arguments)...});
}

#pragma GCC diagnostic pop

}  // namespace detail

/// Suspends this component and shows a new C in its place until C answers: on the page, or where
/// this component stands in another. `arguments` initialise C's members in order.
template <class C, class... Arguments>
call_request<C, (detail::may_be_braced<Arguments> || ...)> call(Arguments&&... arguments) {
    const auto& type = type_of<C>();
    static_cast<void>(&detail::known<C>);
    return {type, detail::make_state<C>(std::forward<Arguments>(arguments)...)};
}

/// Makes a function a component. `flow/` does so for coroutines that return a `flow<T>`.
template <auto Function>
struct function_component;

/// The same for a flow: `call<book_room>(stay).then<&front_desk::booked>()`.
template <auto Function, class... Arguments>
call_request<function_component<Function>, (detail::may_be_braced<Arguments> || ...)>
call(Arguments&&... arguments) {
    using component = function_component<Function>;
    return {component::type(), component::make_state(std::forward<Arguments>(arguments)...)};
}

/// Leaves for good and puts a new C here, which will answer to this component's caller:
///
///     effects checkout() { return become<payment>(total); }
template <class C, class... Arguments>
effects become(Arguments&&... arguments) {
    static_cast<void>(&detail::known<C>);
    return effect::become{
        &type_of<C>(),
        detail::make_state<C>(std::forward<Arguments>(arguments)...)
    };
}

/// The same for a flow: `become<book_room>(stay)`.
template <auto Function, class... Arguments>
effects become(Arguments&&... arguments) {
    using component = function_component<Function>;
    return effect::become{
        &component::type(),
        component::make_state(std::forward<Arguments>(arguments)...)
    };
}

}  // namespace stube
