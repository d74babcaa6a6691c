#pragma once

#include <stube/runtime/detail/check_component.hpp>
#include <stube/runtime/secret.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Finds the secret values in a type. A component without secrets is compiled as if there were
/// none.
namespace stube::detail {

/// The secrets that a search looks for.
enum class secrets { any, encrypted };

template <secrets Wanted, class T, class... Around>
constexpr bool finds_secret();

template <secrets Wanted, class... Around, class... Members, template <class...> class List>
constexpr bool finds_secret_in(const List<Members...>&) {
    return (finds_secret<Wanted, data_type<Members>, Around...>() || ...);
}

template <secrets Wanted, class T, class... Around, std::size_t... Index>
constexpr bool finds_secret_at(std::index_sequence<Index...>) {
    return (finds_secret<Wanted, std::tuple_element_t<Index, T>, Around...>() || ...);
}

/// `Around` are the types that contain T, because a type can contain itself.
template <secrets Wanted, class T, class... Around>
constexpr bool finds_secret() {
    constexpr bool is_leaf =
        stored_whole<T> || is_children<T> || (std::is_same_v<T, Around> || ...);
    if constexpr (is_secret<T>) {
        if constexpr (Wanted == secrets::any || is_encrypted<T>) {
            return true;
        } else {
            return finds_secret<Wanted, typename T::content_type, T, Around...>();
        }
    } else if constexpr (is_field<T>) {
        return finds_secret<Wanted, typename T::value_type, T, Around...>();
    } else if constexpr (!is_leaf && holds_values<T>) {
        return finds_secret<Wanted, typename held<T>::type, T, Around...>();
    } else if constexpr (!is_leaf && tuple_like<T>) {
        return finds_secret_at<Wanted, T, T, Around...>(
            std::make_index_sequence<std::tuple_size_v<T>>()
        );
    } else if constexpr (!is_leaf && is_described<T>) {
        return finds_secret_in<Wanted, T, Around...>(data_members<T>());
    } else {
        return false;
    }
}

/// True if a T contains a secret value. A type with a codec of its own is not searched.
template <class T>
inline constexpr bool holds_secret = finds_secret<secrets::any, T>();

/// True if a T contains an encrypted value.
template <class T>
inline constexpr bool holds_encrypted = finds_secret<secrets::encrypted, T>();

/// The arguments of a member that contain secret values: bit n for argument n.
template <class Arguments>
inline constexpr std::uint64_t secret_arguments = 0;
template <class... Arguments>
inline constexpr std::uint64_t secret_arguments<std::tuple<Arguments...>> = [] {
    static_assert(sizeof...(Arguments) <= 64, "stube: a member can have at most 64 parameters.");
    std::uint64_t out = 0;
    std::size_t at = 0;
    ((out |= std::uint64_t{holds_secret<Arguments>} << at++), ...);
    return out;
}();

/// Sets the form of secret values within a scope, and does nothing if `IsNeeded` is false.
template <bool IsNeeded>
class form_scope_if {
public:
    explicit form_scope_if(secret_form) noexcept {}
};

template <>
class form_scope_if<true> : public secret_form_scope {
public:
    using secret_form_scope::secret_form_scope;
};

/// Sets the component within a scope, and does nothing if `IsNeeded` is false.
template <bool IsNeeded>
class component_scope_if {
public:
    explicit component_scope_if(std::string_view) noexcept {}
};

template <>
class component_scope_if<true> : public secret_component_scope {
public:
    using secret_component_scope::secret_component_scope;
};

}  // namespace stube::detail
