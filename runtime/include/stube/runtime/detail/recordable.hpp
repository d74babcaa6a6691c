#pragma once

#include <stube/runtime/codec.hpp>

#include <chrono>
#include <concepts>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// The results of background work that the archive of a store can record as JSON.
namespace stube::detail {

template <class T, int Depth = 8>
constexpr bool is_recordable();

template <int Depth, class... Members, template <class...> class List>
constexpr bool are_recordable(const List<Members...>&) {
    return (is_recordable<data_type<Members>, Depth>() && ...);
}

template <class T, int Depth, std::size_t... Indexes>
constexpr bool has_recordable_elements(std::index_sequence<Indexes...>) {
    return (is_recordable<std::tuple_element_t<Indexes, T>, Depth>() && ...);
}

/// True for types without other types inside, as far as the check is concerned.
template <class T>
inline constexpr bool is_recordable_whole =
    std::is_arithmetic_v<T> || std::same_as<T, std::string> || described_enum<T> ||
    std::same_as<T, std::chrono::year_month_day> || is_duration<T> || is_time_point<T> ||
    !requires { typename codec<T>::is_general; };

/// True if `encode` compiles for T. A struct that contains itself is checked to a depth of 8.
template <class T, int Depth>
constexpr bool is_recordable() {
    if constexpr (Depth == 0 || is_recordable_whole<T>) {
        return true;
    } else if constexpr (string_map<T>) {
        return is_recordable<typename T::mapped_type, Depth - 1>();
    } else if constexpr (sequence<T>) {
        return is_recordable<typename T::value_type, Depth - 1>();
    } else if constexpr (requires(T t) {
                             t.has_value();
                             *t;
                         }) {
        return is_recordable<std::decay_t<decltype(*std::declval<T&>())>, Depth - 1>();
    } else if constexpr (tuple_like<T>) {
        return has_recordable_elements<T, Depth - 1>(std::make_index_sequence<std::tuple_size_v<T>>(
        ));
    } else if constexpr (is_described<T>) {
        return describes_its_data<T>() && are_recordable<Depth - 1>(data_members<T>());
    } else {
        return false;
    }
}

/// The value as JSON text in an array, or empty if it has no JSON.
template <class T>
std::string recorded(const void* value) {
    if constexpr (is_recordable<T>())
        return arguments_text<const T&>(*static_cast<const T*>(value));
    else
        return {};
}

}  // namespace stube::detail
