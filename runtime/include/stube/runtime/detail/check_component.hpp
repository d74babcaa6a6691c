#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/detail/member.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/markup.hpp>

#include <boost/describe/bases.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// What the compiler refuses in the state of a component: what would be lost, or would never work.
/// The state is searched for a fault by values, which is quick. Only if there is one it is searched
/// again by types, for the member to name.
namespace stube::detail {

enum class fault {
    none,
    type,         ///< neither described nor known to the codec
    constant,     ///< a const data member cannot be read back
    member,       ///< a struct with a data member that is not described
    base,         ///< a struct with a base class that is not described
    same_name,    ///< two data members of one name, in a struct and its base
    children,     ///< a slot or list that is no data member of the component itself
    field,        ///< a field that is no data member of the component itself
    field_value,  ///< a field of a type that has no text_codec
};

template <class T>
constexpr bool describes_its_bases() {
    return []<class... Bases, template <class...> class List>(const List<Bases...>&) {
        return (is_described<typename Bases::type> && ...);
    }(boost::describe::describe_bases<T, any_access>());
}

/// False if two data members, of T or of its bases, have one name: they would be stored as one.
template <class T>
constexpr bool has_distinct_names() {
    return []<class... Members, template <class...> class List>(const List<Members...>&) {
        constexpr std::size_t count = sizeof...(Members);
        constexpr std::string_view names[count + 1] = {Members::name...};
        for (std::size_t at = 0; at < count; ++at) {
            for (std::size_t before = 0; before < at; ++before) {
                if (names[at] == names[before]) return false;
            }
        }
        return true;
    }(data_members<T>());
}

/// What is wrong with a described struct itself.
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

/// What this type consists of is not looked at.
template <class T>
concept stored_whole =
    stored_as_it_is<T> || (!is_children<T> && !is_field<T> && !generally_stored<T>);

template <class T>
concept holds_values = string_map<T> || sequence<T> || requires(T t) {
    t.has_value();
    typename T::value_type;
};

/// The type of what a container or optional holds.
template <class T>
struct held {
    using type = typename T::value_type;
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

template <class T, class... Around, std::size_t... At>
constexpr fault fault_of_elements(std::index_sequence<At...>) {
    fault out = fault::none;
    static_cast<void>(
        ((out = fault_of<std::tuple_element_t<At, T>, Around...>(), out == fault::none) && ...)
    );
    return out;
}

/// What is wrong with a type within a component's state. `Around` are those around it: one may hold
/// itself.
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
    } else if constexpr (holds_values<T>) {
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

/// What is wrong with the type of a data member of a component. Here slots, lists and fields have
/// their place.
template <class C, class T>
constexpr fault fault_of_data() {
    if constexpr (is_children<T>) {
        return fault::none;
    } else if constexpr (is_field<T>) {
        return is_text_coded<typename T::value_type>::value ? fault::none : fault::field_value;
    } else {
        return fault_of<T, C>();
    }
}

template <class C, class... Members, template <class...> class List>
constexpr bool has_faultless_data(const List<Members...>&) {
    return ((fault_of_data<C, data_type<Members>>() == fault::none) && ...);
}

/// True if all of a component's state can be stored.
template <class C>
constexpr bool can_be_stored() {
    if constexpr (is_described<C>) {
        if constexpr (fault_of_struct<C>() == fault::none)
            return has_faultless_data<C>(data_members<C>());
    }
    return false;
}

// --- naming the member. What follows is compiled only when something is refused.

/// A data member that is refused: of the component, or of a struct in it.
template <class Component, fault What, auto Member, class Type>
struct culprit {};

/// What is held in the end by optionals and containers, one in the other.
template <class T>
struct held_at_last {
    using type = T;
};

template <holds_values T>
    requires(!stored_as_it_is<T>)
struct held_at_last<T> : held_at_last<typename held<T>::type> {};

template <class Component, class Around, class Descriptor>
constexpr fault fault_behind() {
    if constexpr (std::is_same_v<Component, Around>) {
        return fault_of_data<Component, data_type<Descriptor>>();
    } else {
        return fault_of<data_type<Descriptor>, Around, Component>();
    }
}

/// The first faulty data member in a list, or the one within it.
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

/// The requirement of each message, which compilers write out: `data_can_be_stored<desk,
/// &desk::drawer, pen>`.
template <class Component, auto Member, class Type>
inline constexpr bool data_can_be_stored = false;

template <class Component, fault What, auto Member, class Type>
void refuse(culprit<Component, What, Member, Type>) {
    if constexpr (What == fault::type) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: the type of this data member cannot be kept as state. Describe it with "
            "BOOST_DESCRIBE_STRUCT (or BOOST_DESCRIBE_ENUM), or specialise stube::codec for it."
        );
    } else if constexpr (What == fault::constant) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: this data member is const, so that what was stored could not be read back."
        );
    } else if constexpr (What == fault::member) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a data member of this struct is not described, so that its value would be "
            "lost. Add its name to the list in BOOST_DESCRIBE_STRUCT."
        );
    } else if constexpr (What == fault::base) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a base class of this struct is not described, so that its values would be "
            "lost. Describe it, too."
        );
    } else if constexpr (What == fault::same_name) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: this struct and its base classes have two data members of one name, of which "
            "only one would be stored."
        );
    } else if constexpr (What == fault::children) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a slot or list must be a data member of the component itself. In an optional, "
            "a container or a struct it would never get its children; write keyed<T> for several."
        );
    } else if constexpr (What == fault::field) {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a field must be a data member of the component itself. In an optional, a "
            "container or a struct it would never get what is typed; for several write keyed<T> "
            "of a component that has the field."
        );
    } else {
        static_assert(
            data_can_be_stored<Component, Member, Type>,
            "stube: a field cannot hold this type. Specialise stube::text_codec for it."
        );
    }
}

/// Nothing is wrong with a data member: the component itself is refused.
inline void refuse(std::nullptr_t) {}

/// The data member for which a component is refused; null if it is for the component itself.
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

/// Refuses a component that cannot be stored for what it is itself.
template <class C>
void refuse_component() {
    if constexpr (is_described<C>) {
        constexpr fault own = fault_of_struct<C>();
        static_assert(
            own != fault::base,
            "stube: a base class of this component is not described, so that its values would be "
            "lost. Describe it, too."
        );
        static_assert(
            own != fault::member,
            "stube: a data member of this component is not described, so that its value would be "
            "lost. Add its name to the list in BOOST_DESCRIBE_STRUCT."
        );
        static_assert(
            own != fault::same_name,
            "stube: this component and its base classes have two data members of one name, of "
            "which only one would be stored."
        );
    } else {
        check_described<C>();
    }
}

}  // namespace stube::detail
