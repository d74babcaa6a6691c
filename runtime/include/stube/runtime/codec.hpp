#pragma once

#include <stube/runtime/text_codec.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

/// Converts state to JSON and back. These types work without further code, in any nesting: numbers,
/// bool, strings, described enums, dates, durations and times, optional, vector and similar
/// sequences, maps with string keys, pair, tuple, and described structs. For any other type,
/// specialise `stube::codec`.
///
/// Every described data member is stored, whether public, protected or private
/// (BOOST_DESCRIBE_CLASS, inside the class), and so are those of described base classes. The
/// compiler refuses a struct with a data member that is not described.
///
/// Reading accepts JSON that an older or newer release has written: a missing member keeps its
/// default, and an unknown member is ignored. A value of the wrong kind throws `decode_error`.
namespace stube {

/// Thrown if stored or received JSON does not fit the type that it is read into.
class decode_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Specialise this for a type of your own, with `static boost::json::value encode(const T&)` and
/// `static void decode(T&, const boost::json::value&)`.
template <class T>
struct codec;

namespace detail {

/// Counts the nesting depth of a value while it is encoded. Throws std::logic_error if the value is
/// nested deeper than stores can read.
class nesting {
public:
    nesting();
    nesting(const nesting&) = delete;
    nesting& operator=(const nesting&) = delete;
    ~nesting();
};

}  // namespace detail

template <class T>
boost::json::value encode(const T& value) {
    detail::nesting guard;
    return codec<T>::encode(value);
}

template <class T>
void decode(T& to, const boost::json::value& from) {
    codec<T>::decode(to, from);
}

namespace detail {

using boost::describe::describe_members;

inline constexpr unsigned any_access = boost::describe::mod_any_access;

/// The described data members of T and of its described base classes, whatever their access.
template <class T>
using data_members =
    describe_members<T, any_access | boost::describe::mod_inherited | boost::describe::mod_hidden>;

template <class Pointer>
struct data_behind;
template <class T, class C>
struct data_behind<T C::* const> {
    using type = T;
};

/// The type of the data member that a descriptor describes.
template <class Descriptor>
using data_type = typename data_behind<decltype(Descriptor::pointer)>::type;

/// The data member of `object` that `pointer` points to.
template <class Object, class T, class C>
T& data_of(Object& object, T C::* pointer) {
    // Only this cast also reaches a private or protected base class.
    return ((C&)object).*pointer;
}

template <class Object, class T, class C>
const T& data_of(const Object& object, T C::* pointer) {
    return ((const C&)object).*pointer;
}

template <class T>
concept described_struct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// The concept as a value, because compilers explain a concept that is false at length.
template <class T>
inline constexpr bool is_described = described_struct<T>;

/// Converts to any type, for `takes`.
struct anything {
    template <class T>
    operator T&() const& noexcept;
    template <class T>
    operator T&() const&& noexcept;
};

/// True if a T can be initialised with this many values.
template <class T, std::size_t... Values>
constexpr bool takes(std::index_sequence<Values...>) {
    return requires { T{(static_cast<void>(Values), anything())...}; };
}

/// True if `Size` bytes have room for these data members and the padding between them only, in any
/// order of declaration.
template <std::size_t Size, std::size_t Alignment, class Members>
inline constexpr bool holds_no_more = true;
template <std::size_t Size, std::size_t Alignment, template <class...> class List, class... Members>
inline constexpr bool holds_no_more<Size, Alignment, List<Members...>> = [] {
    const std::size_t finest = std::min({Alignment, alignof(data_type<Members>)...});
    const std::size_t filled =
        (std::size_t{0} + ... + (sizeof(data_type<Members>) + alignof(data_type<Members>) - finest)
        );
    return Size <= filled + Alignment - finest;
}();

/// False if T has a data member, or a base class with data members, that is not described, so that
/// its value would not be stored. For an aggregate, the members are counted and the result is
/// certain. (Boost.PFR counts in the same way, but g++ 12 crashes in it for some default values,
/// such as lists of structs.) For a class with private members or constructors, the sizes are
/// compared, which overlooks a member that fits into the padding. Classes with virtual functions
/// are not checked.
template <class T>
constexpr bool describes_its_data() {
    if constexpr (std::is_aggregate_v<T>) {
        using bases = boost::describe::describe_bases<T, any_access>;
        constexpr std::size_t described =
            boost::mp11::mp_size<describe_members<T, any_access>>::value +
            boost::mp11::mp_size<bases>::value;
        return !takes<T>(std::make_index_sequence<described + 1>());
    } else if constexpr (std::is_polymorphic_v<T> || std::is_empty_v<T>) {
        return true;
    } else {
        return holds_no_more<sizeof(T), alignof(T), data_members<T>>;
    }
}

template <class T>
concept string_map = requires {
    typename T::mapped_type;
    requires std::same_as<typename T::key_type, std::string>;
};

template <class T>
concept sequence = requires(T& t, typename T::value_type v) {
    t.push_back(std::move(v));
    t.clear();
    t.begin();
} && !std::same_as<T, std::string>;

template <class T>
inline constexpr bool is_duration = false;
template <class Number, class Period>
inline constexpr bool is_duration<std::chrono::duration<Number, Period>> = true;

template <class T>
inline constexpr bool is_time_point = false;
template <class Clock, class Duration>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> = true;

template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

[[noreturn]] void throw_decode_error(std::string_view wanted);
[[noreturn]] void throw_not_described(long long enumerator);
boost::json::value encode_double(double number);
double decode_double(const boost::json::value& from);
boost::json::value encode_date(std::chrono::year_month_day date);
std::chrono::year_month_day decode_date(const boost::json::value& from);

template <class T>
void decode_number(T& to, const boost::json::value& from) {
    if constexpr (std::floating_point<T>) {
        to = static_cast<T>(decode_double(from));
    } else {
        boost::json::error_code ec;
        auto number = from.to_number<T>(ec);
        if (ec) throw_decode_error("a whole number in range");
        to = number;
    }
}

/// The name of the enumerator. T{}, the value of a new data member, becomes "" if it has no name.
template <class T>
boost::json::value encode_enum(T value) {
    std::string_view name = boost::describe::enum_to_string(value, "");
    if (name.empty() && value != T{}) throw_not_described(static_cast<long long>(value));
    return boost::json::string(name);
}

template <class T>
void decode_enum(T& to, const boost::json::value& from) {
    if (!from.is_string()) throw_decode_error("the name of an enumerator");
    const auto& name = from.get_string();
    if (name.empty()) {
        to = T{};
    } else if (!boost::describe::enum_from_string(name.c_str(), to)) {
        throw_decode_error("one of the enumerators");
    }
}

template <class T>
boost::json::value encode_struct(const T& value) {
    boost::json::object out;
    boost::mp11::mp_for_each<data_members<T>>([&](auto member) {
        out.emplace(member.name, stube::encode(data_of(value, member.pointer)));
    });
    return out;
}

template <class T>
void decode_struct(T& to, const boost::json::value& from) {
    if (!from.is_object()) throw_decode_error("an object");
    const auto& object = from.get_object();
    boost::mp11::mp_for_each<data_members<T>>([&](auto member) {
        if (const auto* found = object.if_contains(member.name)) {
            stube::decode(data_of(to, member.pointer), *found);
        }
    });
}

const boost::json::array& array_of(const boost::json::value& from, std::size_t size);

/// Refuses a type that is not described, or not completely. It is instantiated once for each type,
/// so that compilers print the message once.
template <class T>
void check_type() {
    static_assert(
        is_described<T>,
        "stube: this type cannot be stored as state. Describe it with BOOST_DESCRIBE_STRUCT (or "
        "BOOST_DESCRIBE_ENUM), or specialise stube::codec for it."
    );
    if constexpr (is_described<T>) {
        static_assert(
            describes_its_data<T>(),
            "stube: a data member of this struct is not described, so its value would be "
            "lost. Add its name to the list in BOOST_DESCRIBE_STRUCT."
        );
    }
}

}  // namespace detail

template <class T>
struct codec {
    /// Only this general codec has this type, not a specialisation.
    using is_general = void;

    static boost::json::value encode(const T& value) {
        if constexpr (std::floating_point<T>) {
            return detail::encode_double(static_cast<double>(value));
        } else if constexpr (std::is_arithmetic_v<T>) {
            return value;
        } else if constexpr (std::same_as<T, std::string>) {
            return boost::json::string(value);
        } else if constexpr (detail::described_enum<T>) {
            return detail::encode_enum(value);
        } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
            return detail::encode_date(value);
        } else if constexpr (detail::is_duration<T>) {
            return stube::encode(value.count());
        } else if constexpr (detail::is_time_point<T>) {
            return stube::encode(value.time_since_epoch().count());
        } else if constexpr (detail::string_map<T>) {
            boost::json::object out;
            for (const auto& [key, element] : value)
                out.emplace(key, stube::encode(element));
            return out;
        } else if constexpr (detail::sequence<T>) {
            boost::json::array out;
            out.reserve(value.size());
            for (const auto& element : value)
                out.push_back(stube::encode(element));
            return out;
        } else if constexpr (requires { value.has_value(); }) {
            return value ? stube::encode(*value) : boost::json::value();
        } else if constexpr (detail::tuple_like<T>) {
            return std::apply(
                [](const auto&... elements) {
                    boost::json::array out;
                    (out.push_back(stube::encode(elements)), ...);
                    return out;
                },
                value
            );
        } else if constexpr (detail::is_described<T>) {
            detail::check_type<T>();
            return detail::encode_struct(value);
        } else {
            detail::check_type<T>();
            return {};
        }
    }

    static void decode(T& to, const boost::json::value& from) {
        if constexpr (std::same_as<T, bool>) {
            if (!from.is_bool()) detail::throw_decode_error("true or false");
            to = from.get_bool();
        } else if constexpr (std::is_arithmetic_v<T>) {
            detail::decode_number(to, from);
        } else if constexpr (std::same_as<T, std::string>) {
            if (!from.is_string()) detail::throw_decode_error("a string");
            to.assign(from.get_string().data(), from.get_string().size());
        } else if constexpr (detail::described_enum<T>) {
            detail::decode_enum(to, from);
        } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
            to = detail::decode_date(from);
        } else if constexpr (detail::is_duration<T>) {
            typename T::rep count{};
            stube::decode(count, from);
            to = T(count);
        } else if constexpr (detail::is_time_point<T>) {
            typename T::duration since_epoch{};
            stube::decode(since_epoch, from);
            to = T(since_epoch);
        } else if constexpr (detail::string_map<T>) {
            if (!from.is_object()) detail::throw_decode_error("an object");
            to.clear();
            for (const auto& [key, element] : from.get_object())
                stube::decode(to[std::string(key)], element);
        } else if constexpr (detail::sequence<T>) {
            if (!from.is_array()) detail::throw_decode_error("an array");
            to.clear();
            for (const auto& element : from.get_array()) {
                typename T::value_type next{};
                stube::decode(next, element);
                to.push_back(std::move(next));
            }
        } else if constexpr (requires {
                                 to.has_value();
                                 to.emplace();
                             }) {
            to.reset();
            if (!from.is_null()) stube::decode(to.emplace(), from);
        } else if constexpr (detail::tuple_like<T>) {
            const auto& array = detail::array_of(from, std::tuple_size_v<T>);
            std::apply(
                [&, index = std::size_t{0}](auto&... elements) mutable {
                    (stube::decode(elements, array[index++]), ...);
                },
                to
            );
        } else if constexpr (detail::is_described<T>) {
            detail::decode_struct(to, from);
        } else {
            detail::check_type<T>();
        }
    }
};

}  // namespace stube
