#pragma once

#include <stube/runtime/text_codec.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/fwd.hpp>
#include <boost/mp11/algorithm.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Converts state to JSON and back. These types work without further code, in any nesting: numbers,
/// bool, strings, described enums, dates, durations and times, optional, vector and similar
/// sequences, maps with string keys, pair, tuple, and described structs. Secret values
/// (<stube/runtime/secret.hpp>) are stored as nothing or encrypted. For any other type, specialise
/// `stube::codec`.
///
/// Every described data member is stored, whether public, protected or private
/// (BOOST_DESCRIBE_CLASS, inside the class), and so are those of described base classes. The
/// compiler refuses a struct with a data member that is not described.
///
/// Reading accepts JSON that an older or newer release has written: a missing member keeps its
/// default, and an unknown member is ignored. A value of the wrong kind throws `decode_error`.
///
/// The headers of stube only declare the types of Boost.JSON, which would add a third to the time
/// that an application takes to compile. A source that calls `encode` or specialises `codec`
/// includes <boost/json/value.hpp>.
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

/// Encodes `value` into `to`, which must be null before. The codecs of stube have an `encode_to`,
/// and those of an application an `encode`. `Json` depends on T, so that the type may be incomplete
/// where it is not needed.
template <class T, class Json = boost::json::value>
void encode_to(std::type_identity_t<Json>& to, const T& value) {
    nesting guard;
    if constexpr (requires { &codec<T>::encode_to; }) {
        codec<T>::encode_to(to, value);
    } else if constexpr (requires { sizeof(Json); }) {
        Json encoded = codec<T>::encode(value);
        to = std::move(encoded);
    } else {
        static_assert(
            requires { sizeof(Json); },
            "stube: include <boost/json/value.hpp> before the specialisation of stube::codec."
        );
    }
}

}  // namespace detail

/// The value as JSON. The caller includes <boost/json/value.hpp>.
template <class T, class Json = boost::json::value>
Json encode(const T& value) {
    Json out;
    detail::encode_to(out, value);
    return out;
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
    std::size_t finest = Alignment;
    ((finest = alignof(data_type<Members>) < finest ? alignof(data_type<Members>) : finest), ...);
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

// The following functions give access to Boost.JSON for templates, which see incomplete types.

void set_bool(boost::json::value& to, bool value);
void set_int(boost::json::value& to, long long value);
void set_uint(boost::json::value& to, unsigned long long value);
void set_double(boost::json::value& to, double value);
void set_text(boost::json::value& to, std::string_view value);
void set_date(boost::json::value& to, std::chrono::year_month_day value);

/// Makes `to` an empty array or object, with room for `size` elements or members.
boost::json::array& make_array(boost::json::value& to, std::size_t size);
boost::json::object& make_object(boost::json::value& to, std::size_t size);

/// Adds null. The result is invalid after the next addition.
boost::json::value& add_element(boost::json::array& to);

/// The same for a member. Returns null if the object has a member with this name already.
boost::json::value* add_member(boost::json::object& to, std::string_view name);

bool is_null(const boost::json::value& from);
bool is_object(const boost::json::value& from);

// The getters throw `decode_error` if the value is of another kind.

bool bool_of(const boost::json::value& from);
double decode_double(const boost::json::value& from);
std::chrono::year_month_day decode_date(const boost::json::value& from);
const boost::json::array& array_of(const boost::json::value& from);
const boost::json::object& object_of(const boost::json::value& from);

/// Throws `decode_error` for an array of another size, too.
const boost::json::array& array_of(const boost::json::value& from, std::size_t size);

/// `wanted` completes the message of the exception: "expected " + wanted.
std::string_view text_of(const boost::json::value& from, std::string_view wanted = "a string");

/// Defined for all types of whole numbers that the language has.
template <std::integral T>
T decode_whole(const boost::json::value& from);

std::size_t size_of(const boost::json::array& of);
const boost::json::value& element_of(const boost::json::array& of, std::size_t index);

struct named_value {
    std::string_view name;
    const boost::json::value& value;
};

std::size_t size_of(const boost::json::object& of);
named_value nth_member(const boost::json::object& of, std::size_t index);

/// Null if the object has no such member.
const boost::json::value* find_member(const boost::json::object& in, std::string_view name);

/// Owns a JSON value, which is null in the beginning.
class json_holder {
public:
    json_holder() noexcept;
    json_holder(json_holder&& other) noexcept;
    ~json_holder();

    boost::json::value& operator*() noexcept;
    const boost::json::value& operator*() const noexcept;

private:
    alignas(void*) unsigned char space_[3 * sizeof(void*)];
};

/// The name of the enumerator. T{}, the value of a new data member, becomes "" if it has no name.
template <class T>
std::string_view name_of_enumerator(T value) {
    std::string_view name = boost::describe::enum_to_string(value, "");
    if (name.empty() && value != T{}) throw_not_described(static_cast<long long>(value));
    return name;
}

template <class T>
void decode_enum(T& to, const boost::json::value& from) {
    const auto name = text_of(from, "the name of an enumerator");
    if (name.empty()) {
        to = T{};
    } else if (!boost::describe::enum_from_string(name.data(), to)) {
        throw_decode_error("one of the enumerators");
    }
}

template <class T>
void encode_member(boost::json::object& to, std::string_view name, const T& value) {
    // Of two members with the same name, the first one is kept.
    if (auto* added = add_member(to, name)) detail::encode_to(*added, value);
}

template <class T>
void decode_member(T& to, const boost::json::object& from, std::string_view name) {
    if (const auto* found = find_member(from, name)) stube::decode(to, *found);
}

/// True for a type whose value is in memory only (<stube/runtime/secret.hpp>).
template <class T>
inline constexpr bool is_transient = false;

/// True while values are encoded for a store, which does not contain transient ones.
bool omits_transient() noexcept;

/// Encodes a data member of a struct. A transient one is left out of the stored form.
template <class T>
void encode_data_member(boost::json::object& to, std::string_view name, const T& value) {
    if constexpr (is_transient<T>) {
        if (omits_transient()) return;
    }
    detail::encode_member(to, name, value);
}

template <class T, class... Members, template <class...> class List>
void encode_members(boost::json::value& to, const T& value, const List<Members...>&) {
    [[maybe_unused]] auto& object = make_object(to, sizeof...(Members));
    (detail::encode_data_member(object, Members::name, data_of(value, Members::pointer)), ...);
}

template <class T, class... Members, template <class...> class List>
void decode_members(T& to, const boost::json::value& from, const List<Members...>&) {
    [[maybe_unused]] const auto& object = object_of(from);
    (detail::decode_member(data_of(to, Members::pointer), object, Members::name), ...);
}

template <class T>
void encode_struct(boost::json::value& to, const T& value) {
    detail::encode_members(to, value, data_members<T>());
}

template <class T>
void decode_struct(T& to, const boost::json::value& from) {
    detail::decode_members(to, from, data_members<T>());
}

/// JSON text. Empty if there are no arguments.
std::string arguments_to_text(const boost::json::array& arguments);

/// The arguments of a member as JSON text, each encoded as the type of its parameter. Empty if
/// there are no arguments.
template <class... Parameters, class... Arguments>
std::string arguments_text(const Arguments&... arguments) {
    if constexpr (sizeof...(Parameters) == 0) {
        return {};
    } else {
        json_holder list;
        auto& array = make_array(*list, sizeof...(Parameters));
        (detail::encode_to(add_element(array), Parameters(arguments)), ...);
        return arguments_to_text(array);
    }
}

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

    static void encode_to(boost::json::value& to, const T& value) {
        if constexpr (std::same_as<T, bool>) {
            detail::set_bool(to, value);
        } else if constexpr (std::floating_point<T>) {
            detail::set_double(to, static_cast<double>(value));
        } else if constexpr (std::is_arithmetic_v<T> && std::is_signed_v<T>) {
            detail::set_int(to, value);
        } else if constexpr (std::is_arithmetic_v<T>) {
            detail::set_uint(to, value);
        } else if constexpr (std::same_as<T, std::string>) {
            detail::set_text(to, value);
        } else if constexpr (detail::described_enum<T>) {
            detail::set_text(to, detail::name_of_enumerator(value));
        } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
            detail::set_date(to, value);
        } else if constexpr (detail::is_duration<T>) {
            detail::encode_to(to, value.count());
        } else if constexpr (detail::is_time_point<T>) {
            detail::encode_to(to, value.time_since_epoch().count());
        } else if constexpr (detail::string_map<T>) {
            auto& object = detail::make_object(to, value.size());
            for (const auto& [key, element] : value)
                detail::encode_member(object, key, element);
        } else if constexpr (detail::sequence<T>) {
            auto& array = detail::make_array(to, value.size());
            for (const auto& element : value)
                detail::encode_to(detail::add_element(array), element);
        } else if constexpr (requires { value.has_value(); }) {
            if (value) detail::encode_to(to, *value);
        } else if constexpr (detail::tuple_like<T>) {
            auto& array = detail::make_array(to, std::tuple_size_v<T>);
            std::apply(
                [&](const auto&... elements) {
                    (detail::encode_to(detail::add_element(array), elements), ...);
                },
                value
            );
        } else {
            detail::check_type<T>();
            if constexpr (detail::is_described<T>) detail::encode_struct(to, value);
        }
    }

    static void decode(T& to, const boost::json::value& from) {
        if constexpr (std::same_as<T, bool>) {
            to = detail::bool_of(from);
        } else if constexpr (std::floating_point<T>) {
            to = static_cast<T>(detail::decode_double(from));
        } else if constexpr (std::is_arithmetic_v<T>) {
            to = detail::decode_whole<T>(from);
        } else if constexpr (std::same_as<T, std::string>) {
            to = detail::text_of(from);
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
            const auto& object = detail::object_of(from);
            to.clear();
            for (std::size_t i = 0, size = detail::size_of(object); i < size; ++i) {
                const auto member = detail::nth_member(object, i);
                stube::decode(to[std::string(member.name)], member.value);
            }
        } else if constexpr (detail::sequence<T>) {
            const auto& array = detail::array_of(from);
            to.clear();
            for (std::size_t i = 0, size = detail::size_of(array); i < size; ++i) {
                typename T::value_type next{};
                stube::decode(next, detail::element_of(array, i));
                to.push_back(std::move(next));
            }
        } else if constexpr (requires {
                                 to.has_value();
                                 to.emplace();
                             }) {
            to.reset();
            if (!detail::is_null(from)) stube::decode(to.emplace(), from);
        } else if constexpr (detail::tuple_like<T>) {
            const auto& array = detail::array_of(from, std::tuple_size_v<T>);
            std::apply(
                [&, index = std::size_t{0}](auto&... elements) mutable {
                    (stube::decode(elements, detail::element_of(array, index++)), ...);
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
