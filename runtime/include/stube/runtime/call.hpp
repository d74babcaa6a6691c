#pragma once

#include <stube/runtime/component.hpp>

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

/// Calls another component. The called component (the callee) does not know its caller. It answers:
///
///     effects book() {
///         return call<pick_room>(guests).then<&front_desk::chosen>().or_else<&front_desk::full>();
///     }
///     void chosen(int room) { note = "Room " + std::to_string(room); }
///     void full(const failure& why) { note = why.message; }
namespace stube {

namespace detail {

/// True if a member with these parameters can receive the answer.
template <class Answer, class Parameters>
inline constexpr bool accepts = false;
template <class Answer>
inline constexpr bool accepts<Answer, std::tuple<>> = true;
template <class Answer>
inline constexpr bool accepts<Answer, std::tuple<Answer>> = true;

template <class T>
inline constexpr bool is_slot = false;

/// True if the argument can be a temporary written in braces. g++ 12 destroys such a temporary
/// twice if its expression also contains `co_await`.
template <class Argument>
inline constexpr bool may_be_braced =
    !std::is_lvalue_reference_v<Argument> && std::is_aggregate_v<std::remove_cvref_t<Argument>> &&
    !std::is_trivially_destructible_v<std::remove_cvref_t<Argument>>;

}  // namespace detail

/// A call under construction. A handler returns it as an effect, a flow awaits it. A flow refuses a
/// call that is `Unsafe` to await, see <stube/flow/flow.hpp>.
template <class C, bool Unsafe = false>
class [[nodiscard]] call_request {
public:
    using answer_type = answer_type_of<C>;

    call_request(const component_type& type, std::shared_ptr<const void> state)
        : call_{&type, std::move(state)} {}

    /// The member that receives the answer. It takes the callee's `answer_type`, or nothing.
    template <auto Member, class Type = decltype(Member)>
    call_request then() && {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            detail::accepts<answer_type, parameters>,
            "stube: this member cannot take the answer. It must take exactly the answer_type of "
            "the called component, or nothing."
        );
        call_.then = detail::member_name<Member>();
        return std::move(*this);
    }

    /// The member that receives the failure if the callee fails. It takes a `failure`, or nothing.
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

    /// Shows the callee in this slot of the caller, over the content of the slot, until the callee
    /// answers. For editing in place:
    ///
    ///     effects edit() { return call<edit_text>(text).in<&item::line>().then<&item::edited>(); }
    template <auto Slot, class Type = decltype(Slot)>
    call_request in() && {
        static_assert(
            detail::is_slot<typename detail::member<Slot>::type>,
            "stube: a component can only be called in a slot<...> of the caller."
        );
        call_.where = effect::call::place::slot;
        call_.slot = detail::member_name<Slot>();
        return std::move(*this);
    }

    /// Shows the callee over the whole page, even if the caller is in a slot or list.
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

// The initialiser names only the members that the call gives. The others deliberately take their
// defaults.
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

/// Suspends this component and shows a new C in its place until C answers or fails. The place is
/// the page, or the slot or list entry of this component. `arguments` initialise C's members in
/// order.
template <class C, class... Arguments>
call_request<C, (detail::may_be_braced<Arguments> || ...)> call(Arguments&&... arguments) {
    const auto& type = type_of<C>();
    static_cast<void>(&detail::known<C>);
    return {type, detail::make_state<C>(std::forward<Arguments>(arguments)...)};
}

/// A function as a component. `flow/` specialises this for coroutines that return a `flow<T>`.
template <auto Function>
struct function_component;

/// Calls a flow: `call<book_room>(stay).then<&front_desk::booked>()`.
template <auto Function, class... Arguments>
call_request<function_component<Function>, (detail::may_be_braced<Arguments> || ...)>
call(Arguments&&... arguments) {
    using component = function_component<Function>;
    return {component::type(), component::make_state(std::forward<Arguments>(arguments)...)};
}

/// Replaces this component for good with a new C, which answers to the same caller:
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

/// Becomes a flow: `become<book_room>(stay)`.
template <auto Function, class... Arguments>
effects become(Arguments&&... arguments) {
    using component = function_component<Function>;
    return effect::become{
        &component::type(),
        component::make_state(std::forward<Arguments>(arguments)...)
    };
}

}  // namespace stube
