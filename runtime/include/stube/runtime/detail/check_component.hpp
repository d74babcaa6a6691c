#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/detail/member.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/runtime/secret.hpp>

#include <boost/describe/bases.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Refuses state that would be lost, or that would never work, with a message of the compiler.
/// First, functions on values search the state for a fault, which is quick. Only if there is one,
/// templates on types search again, so that the message names the member.
namespace stube::detail {

enum class fault {
    none,
    type,          ///< neither described nor known to the codec
    constant,      ///< a const data member cannot be read back
    member,        ///< a struct with a data member that is not described
    base,          ///< a struct with a base class that is not described
    same_name,     ///< two data members with the same name, in a struct and its base
    children,      ///< a slot or list that is not a data member of the component itself
    field,         ///< a field that is not a data member of the component itself
    field_value,   ///< a field of a type without a text_codec
    secret_field,  ///< a field of an optional or a list of secrets, which would not be a secret
};

template <class T>
constexpr bool describes_its_bases() {
    return []<class... Bases, template <class...> class List>(const List<Bases...>&) {
        return (is_described<typename Bases::type> && ...);
    }(boost::describe::describe_bases<T, any_access>());
}

/// False if two data members, of T or of its bases, have the same name and would be stored as one.
template <class T>
constexpr bool has_distinct_names() {
    return []<class... Members, template <class...> class List>(const List<Members...>&) {
        constexpr std::size_t count = sizeof...(Members);
        constexpr std::string_view names[count + 1] = {Members::name...};
        for (std::size_t later = 0; later < count; ++later) {
            for (std::size_t earlier = 0; earlier < later; ++earlier) {
                if (names[later] == names[earlier]) return false;
            }
        }
        return true;
    }(data_members<T>());
}

/// The fault of a described struct itself, without its members' types.
template <class T>
constexpr fault fault_of_struct() {
    if constexpr (!describes_its_bases<T>()) {
        return fault::base;
    } else if constexpr (!describes_its_data<T>()) {
        return fault::member;
    } else if constexpr (!boost::mp11::mp_empty<
                             boost::describe::describe_bases<T, any_access>>::value) {
        return has_distinct_names<T>() ? fault::none : fault::same_name;
    } else {
        return fault::none;
    }
}

template <class T>
concept stored_as_it_is =
    std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || described_enum<T> ||
    std::is_same_v<T, std::chrono::year_month_day> || is_duration<T> || is_time_point<T>;

template <class T>
concept generally_stored = requires { typename codec<T>::is_general; };

/// Types whose parts are not checked.
template <class T>
concept stored_whole = stored_as_it_is<T> ||
                       (!is_children<T> && !is_field<T> && !is_secret<T> && !generally_stored<T>);

template <class T>
concept holds_values = string_map<T> || sequence<T> || requires(T t) {
    t.has_value();
    typename T::value_type;
};

/// The element type of a container or optional, or the content of a secret.
template <class T>
struct held {
    using type = typename T::value_type;
};

template <class T>
    requires is_secret<T>
struct held<T> {
    using type = typename T::content_type;
};

template <string_map T>
struct held<T> {
    using type = typename T::mapped_type;
};

template <class T, class... Around>
constexpr fault fault_of();

template <class... Around, class... Members, template <class...> class List>
constexpr fault fault_of_members(const List<Members...>&) {
    fault out = fault::none;
    static_cast<void>(((out = fault_of<data_type<Members>, Around...>(), out == fault::none) && ...)
    );
    return out;
}

template <class T, class... Around, std::size_t... Index>
constexpr fault fault_of_elements(std::index_sequence<Index...>) {
    fault out = fault::none;
    static_cast<void>(
        ((out = fault_of<std::tuple_element_t<Index, T>, Around...>(), out == fault::none) && ...)
    );
    return out;
}

/// The fault of a type within a component's state. `Around` are the types that contain it, because
/// a type can contain itself.
template <class T, class... Around>
constexpr fault fault_of() {
    if constexpr (std::is_const_v<T>) {
        return fault::constant;
    } else if constexpr (stored_whole<T> || (std::is_same_v<T, Around> || ...)) {
        return fault::none;
    } else if constexpr (is_children<T>) {
        return fault::children;
    } else if constexpr (is_field<T>) {
        return fault::field;
    } else if constexpr (holds_values<T> || is_secret<T>) {
        return fault_of<typename held<T>::type, T, Around...>();
    } else if constexpr (tuple_like<T>) {
        return fault_of_elements<T, T, Around...>(std::make_index_sequence<std::tuple_size_v<T>>());
    } else if constexpr (is_described<T>) {
        constexpr fault own = fault_of_struct<T>();
        if constexpr (own != fault::none) return own;
        return fault_of_members<T, Around...>(data_members<T>());
    } else {
        return fault::type;
    }
}

template <class T>
concept has_entry_message = requires { text_codec<T>::message; };

template <class T>
struct is_text_coded : std::bool_constant<has_entry_message<T>> {};
template <class T>
struct is_text_coded<std::optional<T>> : is_text_coded<T> {};
template <class T>
struct is_text_coded<std::vector<T>> : is_text_coded<T> {};
template <>
struct is_text_coded<std::optional<bool>> : std::true_type {};

/// The fault of a field whose value is a T.
template <class T>
constexpr fault fault_of_field() {
    if constexpr (is_secret<T>) {
        using content_type = typename T::content_type;
        return is_text_coded<content_type>::value && !is_list<content_type> ? fault::none
                                                                            : fault::field_value;
    } else if constexpr (holds_values<T>) {
        if constexpr (is_secret<typename held<T>::type>) return fault::secret_field;
    }
    return is_text_coded<T>::value ? fault::none : fault::field_value;
}

/// The fault of a data member's type in a component. Slots, lists and fields are allowed here.
template <class C, class T>
constexpr fault fault_of_data() {
    if constexpr (is_children<T>) {
        return fault::none;
    } else if constexpr (is_field<T>) {
        return fault_of_field<typename T::value_type>();
    } else {
        return fault_of<T, C>();
    }
}

template <class C, class... Members, template <class...> class List>
constexpr bool has_faultless_data(const List<Members...>&) {
    return ((fault_of_data<C, data_type<Members>>() == fault::none) && ...);
}

/// True if the whole state of a component can be stored.
template <class C>
constexpr bool can_be_stored() {
    if constexpr (is_described<C>) {
        if constexpr (fault_of_struct<C>() == fault::none)
            return has_faultless_data<C>(data_members<C>());
    }
    return false;
}

// --- Naming the member. The following is compiled only when something is refused.

/// A refused data member, of the component or of a struct in it.
template <class Component, fault Fault, auto Member, class Type>
struct culprit {};

/// The element type of nested optionals and containers.
template <class T>
struct held_at_last {
    using type = T;
};

template <class T>
    requires((holds_values<T> && !stored_as_it_is<T>) || is_secret<T>)
struct held_at_last<T> : held_at_last<typename held<T>::type> {};

template <class Component, class Around, class Descriptor>
constexpr fault fault_behind() {
    if constexpr (std::is_same_v<Component, Around>) {
        return fault_of_data<Component, data_type<Descriptor>>();
    } else {
        return fault_of<data_type<Descriptor>, Around, Component>();
    }
}

/// The first faulty data member of a list of members, or the faulty member inside it.
template <class Component, class Around, class First, class... Rest, template <class...> class List>
constexpr auto culprit_in(const List<First, Rest...>&) {
    constexpr fault found = fault_behind<Component, Around, First>();
    if constexpr (found == fault::none) {
        return culprit_in<Component, Around>(List<Rest...>());
    } else {
        using type = typename held_at_last<data_type<First>>::type;
        constexpr bool is_within = [] {
            if constexpr (is_described<type> && generally_stored<type>)
                return fault_of_struct<type>() == fault::none;
            return false;
        }();
        if constexpr (is_within) {
            return culprit_in<Component, type>(data_members<type>());
        } else {
            return culprit<Component, found, First::pointer, type>();
        }
    }
}

/// The condition of each message, as compilers print it:
/// `data_can_be_stored<desk, &desk::drawer, pen>`.
template <class Component, auto Member, class Type>
inline constexpr bool data_can_be_stored = false;

template <class Component, fault Fault, auto Member, class Type>
void refuse(culprit<Component, Fault, Member, Type>) {
    if constexpr (Fault == fault::type) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: the type of this data member cannot be stored as state. Describe it with "
            "BOOST_DESCRIBE_STRUCT (or BOOST_DESCRIBE_ENUM), or specialise stube::codec for it."
        );
    } else if constexpr (Fault == fault::constant) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: this data member is const, so its stored value could not be read back."
        );
    } else if constexpr (Fault == fault::member) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a data member of this struct is not described, so its value would be "
            "lost. Add its name to the list in BOOST_DESCRIBE_STRUCT."
        );
    } else if constexpr (Fault == fault::base) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a base class of this struct is not described, so its values would be "
            "lost. Describe it, too."
        );
    } else if constexpr (Fault == fault::same_name) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: this struct and its base classes have two data members with the same name, and "
            "only one of them would be stored."
        );
    } else if constexpr (Fault == fault::children) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a slot or list must be a data member of the component itself. In an optional, "
            "a container or a struct it would never get its children. Write keyed<T> for several."
        );
    } else if constexpr (Fault == fault::field) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a field must be a data member of the component itself. In an optional, a "
            "container or a struct it would never receive input. For several fields, write "
            "keyed<T> of a component with the field."
        );
    } else if constexpr (Fault == fault::secret_field) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a field cannot hold an optional or a list of secrets. Write "
            "field<transient<std::optional<T>>>, so that its entry is secret, too."
        );
    } else {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a field cannot hold this type. Specialise stube::text_codec for it. A secret "
            "field cannot hold a list."
        );
    }
}

/// For a component that is refused, but not because of one of its data members.
inline void refuse(std::nullptr_t) {}

/// The data member for which a component is refused, or null if the component itself is at fault.
template <class C>
constexpr auto culprit_of() {
    if constexpr (is_described<C>) {
        if constexpr (fault_of_struct<C>() == fault::none) {
            return culprit_in<C, C>(data_members<C>());
        } else {
            return nullptr;
        }
    } else {
        return nullptr;
    }
}

/// Refuses a component because of a fault of its own.
template <class C>
void refuse_component() {
    if constexpr (is_described<C>) {
        constexpr fault own = fault_of_struct<C>();
        static_assert(
            own != fault::base,
            "stube: a base class of this component is not described, so its values would be "
            "lost. Describe it, too."
        );
        static_assert(
            own != fault::member,
            "stube: a data member of this component is not described, so its value would be "
            "lost. Add its name to the list in BOOST_DESCRIBE_STRUCT."
        );
        static_assert(
            own != fault::same_name,
            "stube: this component and its base classes have two data members with the same name, "
            "and only one of them would be stored."
        );
    } else {
        check_described<C>();
    }
}

}  // namespace stube::detail
