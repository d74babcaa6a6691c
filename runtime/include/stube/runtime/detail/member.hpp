#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/context.hpp>

#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>

#include <string_view>
#include <tuple>
#include <type_traits>

/// Properties of a pointer to member.
///
/// Templates over a member have `class Type = decltype(Member)` as a further parameter. Without it,
/// g++ 12 gives an instantiation for a member of a class in an unnamed namespace external linkage
/// (as a template argument only a type keeps it internal), so that members of equal name in two
/// source files would become one.
namespace stube::detail {

template <class Arguments>
struct without_context {
    static constexpr bool takes_context = false;
    using arguments = Arguments;
};

template <class... Rest>
struct without_context<std::tuple<context&, Rest...>> {
    static constexpr bool takes_context = true;
    using arguments = std::tuple<Rest...>;
};

template <class Class, class Result, class... Arguments>
struct member_signature {
    using owner = Class;
    using result = Result;
    static constexpr bool takes_context = without_context<std::tuple<Arguments...>>::takes_context;
    /// The parameter types by value, without a leading context.
    using arguments = boost::mp11::
        mp_transform<std::decay_t, typename without_context<std::tuple<Arguments...>>::arguments>;
};

template <class Pointer>
struct member_of;

template <class C, class R, class... A>
struct member_of<R (C::*)(A...)> : member_signature<C, R, A...> {};
template <class C, class R, class... A>
struct member_of<R (C::*)(A...) const> : member_signature<C, R, A...> {};
template <class C, class R, class... A>
struct member_of<R (C::*)(A...) noexcept> : member_signature<C, R, A...> {};
template <class C, class R, class... A>
struct member_of<R (C::*)(A...) const noexcept> : member_signature<C, R, A...> {};

template <class C, class T>
    requires(!std::is_function_v<T>)
struct member_of<T C::*> {
    using owner = C;
    using type = T;
};

template <auto Member>
using member = member_of<decltype(Member)>;

template <auto Member>
struct member_constant {};

/// Compares members as template arguments, because g++ with -fsanitize=undefined refuses `==` on
/// pointers to member functions in a constant expression.
template <auto Left, auto Right>
inline constexpr bool same_member = std::is_same_v<member_constant<Left>, member_constant<Right>>;

template <auto Member, class... Members, template <class...> class List>
constexpr const char* name_in(const List<Members...>&) {
    const char* found = nullptr;
    static_cast<void>(
        ((same_member<Members::pointer, Member> ? (found = Members::name) : found), ...)
    );
    return found;
}

/// Refuses a component that is not described. It is instantiated once for each component, so that
/// compilers print the message once, however many members are named.
template <class C>
void check_described() {
    static_assert(
        is_described<C>,
        "stube: this component is not described. Write BOOST_DESCRIBE_STRUCT(name, (), "
        "(members...)) after it. If the name is ambiguous, because stube::html has a function of "
        "that name, write ::name, or put the component into a namespace."
    );
}

/// The described member functions of C and of its described base classes that have this access.
template <class C, unsigned Access>
using member_functions =
    describe_members<C, Access | boost::describe::mod_inherited | boost::describe::mod_function>;

/// The name of a described data member or public member function, or null.
template <auto Member>
constexpr const char* described_name() {
    using owner = typename member<Member>::owner;
    if constexpr (std::is_member_function_pointer_v<decltype(Member)>) {
        return name_in<Member>(member_functions<owner, boost::describe::mod_public>());
    } else {
        return name_in<Member>(data_members<owner>());
    }
}

/// True for a described member function that is not public, if `described_name` is null.
template <auto Member>
constexpr bool is_closed() {
    if constexpr (std::is_member_function_pointer_v<decltype(Member)>) {
        using owner = typename member<Member>::owner;
        return name_in<Member>(member_functions<owner, any_access>()) != nullptr;
    } else {
        return false;
    }
}

/// The described name of a member. Call it only from the body of a function template, where the
/// description, which follows the struct, is visible.
template <auto Member, class Type = decltype(Member)>
std::string_view member_name() {
    using owner = typename member<Member>::owner;
    check_described<owner>();
    if constexpr (is_described<owner>) {
        static constexpr const char* name = described_name<Member>();
        if constexpr (name == nullptr) {
            static_assert(
                is_closed<Member>(),
                "stube: this member is not described. Add its name to the list in "
                "BOOST_DESCRIBE_STRUCT of its component."
            );
            static_assert(
                !is_closed<Member>(),
                "stube: this member function is private or protected. Events, answers, timers and "
                "messages can only reach public ones."
            );
            return {};
        } else {
            return name;
        }
    } else {
        return {};
    }
}

}  // namespace stube::detail
