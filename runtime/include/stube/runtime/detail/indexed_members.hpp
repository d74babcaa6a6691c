#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/detail/holds_secret.hpp>
#include <stube/runtime/detail/member.hpp>
#include <stube/runtime/field.hpp>

#include <boost/describe/enum_from_string.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// The members of a component that a query index contains, and their values.
namespace stube::detail {

template <class T>
concept indexed_alone = std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                        std::same_as<T, std::string> || is_time_point<T>;

template <class T>
struct indexed_content {
    using type = T;
};
template <class T>
struct indexed_content<std::optional<T>> : indexed_content<T> {};
template <class T>
    requires is_field<T>
struct indexed_content<T> : indexed_content<typename T::value_type> {};

/// The type of the values of a member, without its optional or field.
template <class T>
using indexed_content_of = typename indexed_content<T>::type;

template <class T>
inline constexpr bool can_be_indexed = indexed_alone<indexed_content_of<T>>;

/// The value of a member in an index. Empty for an optional or a field without a value, and for a
/// real number that is not a number.
template <class T>
std::optional<indexed_value> indexed_value_of(const T& value) {
    if constexpr (is_field<T>) {
        if (!value.valid()) return std::nullopt;
        return indexed_value_of(value.value());
    } else if constexpr (std::same_as<T, std::string>) {
        return value;
    } else if constexpr (std::is_enum_v<T>) {
        return std::string(name_of_enumerator(value));
    } else if constexpr (is_time_point<T>) {
        const auto since_epoch = value.time_since_epoch();
        return std::chrono::floor<std::chrono::milliseconds>(since_epoch).count();
    } else if constexpr (std::floating_point<T>) {
        if (std::isnan(value)) return std::nullopt;
        return static_cast<double>(value);
    } else if constexpr (std::is_arithmetic_v<T>) {
        // A number above the highest signed one is as good as the highest one.
        if constexpr (std::unsigned_integral<T> && sizeof(T) == sizeof(std::int64_t))
            return static_cast<std::int64_t>(
                std::min<T>(value, std::numeric_limits<std::int64_t>::max())
            );
        else
            return static_cast<std::int64_t>(value);
    } else {
        if (!value) return std::nullopt;
        return indexed_value_of(*value);
    }
}

/// The inverse of `indexed_value_of`. Empty for a value that T does not have.
template <indexed_alone T>
std::optional<T> content_of_indexed(const indexed_value& value) {
    if constexpr (std::same_as<T, std::string> || std::is_enum_v<T>) {
        const auto* text = std::get_if<std::string>(&value);
        if (!text) return std::nullopt;
        if constexpr (std::same_as<T, std::string>) {
            return *text;
        } else {
            T out{};
            if (text->empty() || boost::describe::enum_from_string(text->c_str(), out)) return out;
            return std::nullopt;
        }
    } else if constexpr (std::floating_point<T>) {
        const auto* real = std::get_if<double>(&value);
        return real ? std::optional(static_cast<T>(*real)) : std::nullopt;
    } else {
        const auto* number = std::get_if<std::int64_t>(&value);
        if (!number) return std::nullopt;
        if constexpr (is_time_point<T>)
            return T(
                std::chrono::duration_cast<typename T::duration>(std::chrono::milliseconds(*number))
            );
        else
            return static_cast<T>(*number);
    }
}

/// True if C has a static `indexed`. A data member with that name is ordinary state.
template <class C>
concept has_indexed = requires {
    C::indexed;
    requires !std::is_member_pointer_v<decltype(&C::indexed)>;
};

template <class T>
inline constexpr bool is_tuple_of_members = false;
template <class... Members>
inline constexpr bool is_tuple_of_members<std::tuple<Members...>> =
    (std::is_member_object_pointer_v<Members> && ...);

/// The described name of a data member of C or of its described base classes; null without one.
template <class C, auto Member, class Type = decltype(Member)>
inline constexpr const char* data_member_name = name_in<Member>(data_members<C>());

template <class C, auto Member, class Type = decltype(Member)>
constexpr void check_indexed_member() {
    using value_type = typename member<Member>::type;
    static_assert(
        data_member_name<C, Member> != nullptr,
        "stube: `indexed` names a data member that is not described. Add its name to the list in "
        "BOOST_DESCRIBE_STRUCT of its component."
    );
    static_assert(
        !holds_secret<value_type>,
        "stube: a secret member cannot be indexed, because the index contains its values in "
        "readable form. Remove it from `indexed`."
    );
    static_assert(
        holds_secret<value_type> || can_be_indexed<value_type>,
        "stube: this member cannot be indexed. Its type must be a number, bool, an enum, "
        "std::string or a time, or an optional or a field of these."
    );
}

template <class C, std::size_t... Index>
void set_indexed_members(component_type& type, std::index_sequence<Index...>) {
    (check_indexed_member<C, std::get<Index>(C::indexed)>(), ...);
    type.indexed = {std::string_view(data_member_name<C, std::get<Index>(C::indexed)>)...};
    type.indexed_values = [](const void* state) {
        const auto& self = *static_cast<const C*>(state);
        return std::vector<std::optional<indexed_value>>{
            indexed_value_of(data_of(self, std::get<Index>(C::indexed)))...
        };
    };
}

template <class C>
void set_indexed(component_type& type) {
    if constexpr (has_indexed<C>) {
        using members = std::remove_cvref_t<decltype(C::indexed)>;
        static_assert(
            is_tuple_of_members<members>,
            "stube: write `static constexpr std::tuple indexed{&claim::amount, &claim::status};` "
            "with data members of the component."
        );
        if constexpr (is_tuple_of_members<members>)
            set_indexed_members<C>(type, std::make_index_sequence<std::tuple_size_v<members>>());
    }
}

}  // namespace stube::detail
