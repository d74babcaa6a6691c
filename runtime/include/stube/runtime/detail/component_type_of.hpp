#pragma once

#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/detail/check_component.hpp>
#include <stube/runtime/detail/holds_secret.hpp>
#include <stube/runtime/detail/indexed_members.hpp>
#include <stube/runtime/detail/member.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <utility>

/// Makes a component_type from a described struct.
namespace stube {
namespace detail {

/// Adds a type to the catalogue. Returns true, so that it can initialise a variable.
bool make_known(const component_type& type);

/// Naming this variable (in call, become, slot, mount) makes C known before main() begins.
template <class C>
inline const bool known = make_known(type_of<C>());

/// Set if some markup names the member as the target of an event.
template <auto Member, class Type = decltype(Member)>
inline event_function event_target = nullptr;

std::string encode_to_text(const boost::json::value& state);

/// The JSON text of a state without the members that are equal in `defaults`, at any depth.
std::string text_without(const boost::json::value& defaults, const boost::json::value& state);

/// Calls `f`, which returns void or effects, and returns effects.
template <class Function>
effects as_effects(Function f) {
    if constexpr (std::is_void_v<decltype(f())>) {
        f();
        return {};
    } else {
        return effects(f());
    }
}

template <auto Member, class Type = decltype(Member), class... Arguments>
effects call_member(void* owner, context& ctx, Arguments&&... arguments) {
    auto& self = *static_cast<typename member<Member>::owner*>(owner);
    return as_effects([&] {
        if constexpr (member<Member>::takes_context) {
            return (self.*Member)(ctx, std::forward<Arguments>(arguments)...);
        } else {
            return (self.*Member)(std::forward<Arguments>(arguments)...);
        }
    });
}

void check_argument_count(const boost::json::array& arguments, std::size_t wanted);

template <class... Values>
void decode_arguments(std::tuple<Values...>& to, const boost::json::array& arguments) {
    check_argument_count(arguments, sizeof...(Values));
    const form_scope_if<(holds_secret<Values> || ...)> form(secret_form::readable);
    try {
        std::apply(
            [&, index = std::size_t{0}](auto&... value) mutable {
                (stube::decode(value, element_of(arguments, index++)), ...);
            },
            to
        );
    } catch (const std::exception& e) {
        throw bad_arguments(e.what());
    }
}

template <auto Member, class Type = decltype(Member)>
effects run_event(void* owner, context& ctx, const boost::json::array& arguments) {
    typename member<Member>::arguments values{};
    decode_arguments(values, arguments);
    return std::apply(
        [&](auto&... value) { return call_member<Member>(owner, ctx, std::move(value)...); },
        values
    );
}

/// A member without parameters ignores the content of a message.
template <auto Member, class Type = decltype(Member)>
effects run_message(void* owner, context& ctx, const boost::json::array& arguments) {
    if constexpr (std::tuple_size_v<typename member<Member>::arguments> == 0) {
        return call_member<Member>(owner, ctx);
    } else {
        return run_event<Member>(owner, ctx, arguments);
    }
}

/// Set if the program names the member as the target of a message.
template <auto Member, class Type = decltype(Member)>
inline event_function message_target = nullptr;

template <auto Member, class Type = decltype(Member)>
inline const bool known_as_message = (message_target<Member> = &run_message<Member>, true);

/// Set if the program names the member as the receiver of a result of background work.
template <auto Member, class Type = decltype(Member)>
inline result_decoder result_target = nullptr;

template <class... Values>
std::string default_arguments(std::tuple<Values...>*) {
    const secret_form_scope form(secret_form::readable);
    const std::tuple<Values...> values{};
    return std::apply(
        [](const auto&... value) { return arguments_text<const Values&...>(value...); },
        values
    );
}

template <auto Member, class Type = decltype(Member)>
inline const bool known_as_event = (event_target<Member> = &run_event<Member>, true);

template <auto Member, class Type = decltype(Member)>
effects run_answer(void* owner, context& ctx, const answer_value& value) {
    using parameters = typename member<Member>::arguments;
    if constexpr (std::tuple_size_v<parameters> == 0) {
        return call_member<Member>(owner, ctx);
    } else {
        using parameter = std::tuple_element_t<0, parameters>;
        return call_member<Member>(owner, ctx, parameter(value.get<parameter>()));
    }
}

template <auto Member, class Type = decltype(Member)>
effects run_failure(void* owner, context& ctx, const failure& why) {
    if constexpr (std::tuple_size_v<typename member<Member>::arguments> == 0) {
        return call_member<Member>(owner, ctx);
    } else {
        return call_member<Member>(owner, ctx, failure(why));
    }
}

/// The T of a result type `answers<T>`.
template <class Result>
struct answered {
    static constexpr bool any = false;
};

template <class T>
struct answered<answers<T>> {
    static constexpr bool any = true;
    using type = T;
};

template <class C, class Result>
constexpr void check_answered_type() {
    if constexpr (answered<Result>::any) {
        static_assert(
            std::is_same_v<typename answered<Result>::type, answer_type_of<C>>,
            "stube: this member returns answers<T>, but T is not the component's answer_type."
        );
    }
}

template <class C, auto Member>
member_handler make_handler(std::string_view name) {
    using parameters = typename member<Member>::arguments;
    check_answered_type<C, typename member<Member>::result>();
    member_handler
        h{name, &event_target<Member>, nullptr, nullptr, nullptr, &message_target<Member>};
    h.owner = [](void* self) -> void* {
        return static_cast<typename member<Member>::owner*>(static_cast<C*>(self));
    };
    h.secret_arguments = secret_arguments<parameters>;
    if constexpr (secret_arguments<parameters> != 0)
        h.default_arguments = [] { return default_arguments(static_cast<parameters*>(nullptr)); };
    h.decode_result = &result_target<Member>;
    if constexpr (std::tuple_size_v<parameters> == 0) {
        h.on_answer = &run_answer<Member>;
        h.on_failure = &run_failure<Member>;
    } else if constexpr (std::tuple_size_v<parameters> == 1) {
        using parameter = std::tuple_element_t<0, parameters>;
        if constexpr (std::is_same_v<parameter, failure>) {
            h.on_failure = &run_failure<Member>;
        } else if constexpr (std::is_copy_constructible_v<parameter>) {
            h.on_answer = &run_answer<Member>;
        }
    }
    return h;
}

template <class C, auto Member>
void add_handler(std::vector<member_handler>& to, std::string_view name) {
    if constexpr (std::is_member_function_pointer_v<decltype(Member)>) {
        to.push_back(make_handler<C, Member>(name));
    }
}

template <class C, class... Members, template <class...> class List>
std::vector<member_handler> make_handlers(const List<Members...>&) {
    std::vector<member_handler> out;
    (add_handler<C, Members::pointer>(out, Members::name), ...);
    return out;
}

template <class... Members, template <class...> class List>
constexpr bool any_field(const List<Members...>&) {
    return (is_field<data_type<Members>> || ...);
}

template <class C>
inline constexpr bool has_fields = any_field(data_members<C>());

/// Calls `f(name, field)` for each field of the component.
template <class C, class Function>
void each_field(void* state, Function f) {
    auto& self = *static_cast<C*>(state);
    boost::mp11::mp_for_each<data_members<C>>([&](auto described) {
        auto& value = data_of(self, described.pointer);
        if constexpr (is_field<std::decay_t<decltype(value)>>)
            f(std::string_view(described.name), value);
    });
}

/// The values of a list in a form: all values with this name. An empty value only shows that the
/// list was on the page. Returns nullopt if no value has the name.
std::optional<std::vector<std::string>>
choices_sent(std::span<const form_value> form, std::string_view name);

/// The value of a single field in a form: the last one with this name, or null.
const std::string* text_sent(std::span<const form_value> form, std::string_view name);

/// Calls `f(field, entry)` for each field of the component that has an entry in the form.
template <class C, class Function>
void each_sent(void* state, std::span<const form_value> form, Function f) {
    each_field<C>(state, [&](std::string_view name, auto& target) {
        if constexpr (is_list<typename std::decay_t<decltype(target)>::value_type>) {
            if (auto chosen = choices_sent(form, name)) f(target, std::move(*chosen));
        } else {
            if (const auto* text = text_sent(form, name)) f(target, *text);
        }
    });
}

template <class C>
void fill_fields(void* state, std::span<const form_value> form) {
    each_sent<C>(state, form, [](auto& target, auto entry) { target.enter(std::move(entry)); });
}

template <class C>
bool keep_typed(void* state, std::span<const form_value> form) {
    bool has_changed = false;
    each_sent<C>(state, form, [&](auto& target, auto entry) {
        if (!target.would_change(entry)) return;
        target.enter(std::move(entry));
        has_changed = true;
    });
    return has_changed;
}

template <class C>
bool show_field_errors(void* state, const void* tried) {
    bool found = false;
    boost::mp11::mp_for_each<data_members<C>>([&](auto described) {
        if constexpr (is_field<data_type<decltype(described)>>) {
            auto& shown = data_of(*static_cast<C*>(state), described.pointer);
            if (tried) {
                shown.take_message(data_of(*static_cast<const C*>(tried), described.pointer));
            }
            shown.show_error();
            found = found || !shown.valid();
        }
    });
    return found;
}

/// The hook called `name`, with or without a context.
#define STUBE_HOOK(name)                                                                           \
    template <class C>                                                                             \
    concept has_##name =                                                                           \
        requires(C& c) { c.name(); } || requires(C& c, context& ctx) { c.name(ctx); };             \
    template <class C>                                                                             \
    auto run_##name(void* state, context& ctx) {                                                   \
        auto& self = *static_cast<C*>(state);                                                      \
        if constexpr (requires { self.name(); }) {                                                 \
            return self.name();                                                                    \
        } else {                                                                                   \
            return self.name(ctx);                                                                 \
        }                                                                                          \
    }

STUBE_HOOK(start)
STUBE_HOOK(stop)
STUBE_HOOK(wakeup)
#undef STUBE_HOOK

template <class C>
using start_result = decltype(run_start<C>(std::declval<void*>(), std::declval<context&>()));

template <class C>
using stop_result = decltype(run_stop<C>(std::declval<void*>(), std::declval<context&>()));

template <class C>
concept renders_alone = requires(const C& c) {
    { c.render() } -> std::convertible_to<markup>;
};

template <class C>
concept renders = renders_alone<C> || requires(const C& c, const context& ctx) {
    { c.render(ctx) } -> std::convertible_to<markup>;
};

template <class C>
concept has_url = requires(const C& c) { c.url(); };

template <class C>
page_url url_of(const void* state) {
    using result = decltype(std::declval<const C&>().url());
    if constexpr (std::is_same_v<result, page_url>) {
        return static_cast<const C*>(state)->url();
    } else {
        return {std::string(static_cast<const C*>(state)->url())};
    }
}

template <class... Members, template <class...> class List>
constexpr bool any_list(const List<Members...>&) {
    return (is_children<data_type<Members>> || ...);
}

template <class C>
inline constexpr bool has_lists = any_list(data_members<C>());

template <class C>
void each_list(void* state, const std::function<void(std::string_view, embedded_children&)>& f) {
    auto& self = *static_cast<C*>(state);
    boost::mp11::mp_for_each<data_members<C>>([&](auto described) {
        auto& value = data_of(self, described.pointer);
        if constexpr (is_children<std::decay_t<decltype(value)>>)
            f(std::string_view(described.name), value);
    });
}

/// The address of the code of a member function that is not virtual (Itanium C++ ABI, 2.3). Null
/// for a virtual one where its pointer is a marked offset.
template <class Member>
const void* code_of(Member pointer) {
    std::array<std::uintptr_t, sizeof(Member) / sizeof(std::uintptr_t)> words{};
    std::memcpy(words.data(), &pointer, sizeof(pointer));
    if (words[0] % 2 != 0) return nullptr;
    return reinterpret_cast<const void*>(words[0]);  // NOLINT(performance-no-int-to-ptr)
}

template <class C>
void set_hooks(component_type& type) {
    if constexpr (renders<C>) {
        type.render = [](const void* state, [[maybe_unused]] const context& c) -> markup {
            auto out = [&]() -> markup {
                if constexpr (renders_alone<C>) {
                    return static_cast<const C*>(state)->render();
                } else {
                    return static_cast<const C*>(state)->render(c);
                }
            }();
            if constexpr (requires { C::styles; }) out.mark_component(C::component);
            return out;
        };
        if constexpr (requires { code_of(&C::render); }) type.code = code_of(&C::render);
    }
    if constexpr (has_url<C>) {
        type.url = &url_of<C>;
    } else {
        static_assert(!requires(C& c) { c.url(); }, "stube: url() must be const.");
    }
    if constexpr (requires(const C& c) { audience(c.waits_for()); }) {
        type.waits_for = [](const void* state) -> audience {
            return static_cast<const C*>(state)->waits_for();
        };
    } else {
        static_assert(
            !requires { &C::waits_for; },
            "stube: waits_for() must be `audience waits_for() const`."
        );
    }
    if constexpr (has_lists<C>) type.each_list = &each_list<C>;
    if constexpr (has_start<C>) {
        type.start = [](void* state, context& ctx) {
            return as_effects([&] { return run_start<C>(state, ctx); });
        };
    }
    if constexpr (has_stop<C>) {
        static_assert(
            std::is_void_v<stop_result<C>>,
            "stube: stop() is called when the component leaves, and must return nothing. Give "
            "an event another name."
        );
        type.stop = [](void* state, context& ctx) { run_stop<C>(state, ctx); };
    }
    if constexpr (has_wakeup<C>) {
        type.wakeup = [](void* state, context& ctx) {
            return as_effects([&] { return run_wakeup<C>(state, ctx); });
        };
    }
    if constexpr (has_fields<C>) {
        type.fill = &fill_fields<C>;
        type.keep_typed = &keep_typed<C>;
        type.show_errors = &show_field_errors<C>;
    }
}

/// Sets the styles and modules of the component.
template <class C>
void set_client_side(component_type& type) {
    if constexpr (requires { C::styles; }) type.styles = C::styles;
    if constexpr (requires { std::string_view(C::modules); }) {
        type.modules = {C::modules};
    } else if constexpr (requires { C::modules; }) {
        type.modules.assign(std::begin(C::modules), std::end(C::modules));
    }
}

/// True if C has a static `version`. A data member with that name is ordinary state.
template <class C>
concept has_version = requires {
    C::version;
    requires !std::is_member_pointer_v<decltype(&C::version)>;
};

template <class C>
concept has_constant_version =
    has_version<C> && requires { typename std::integral_constant<int, C::version>; };

using migration = void (*)(int, boost::json::object&);

/// Checks the exact type, because a `migrate` that takes the object by value would change a copy.
template <class C>
concept has_migrate = requires {
    requires std::convertible_to<decltype(&C::migrate), migration>;
    requires !std::is_member_pointer_v<decltype(&C::migrate)>;
};

/// True for a static `migrate` with a wrong type, and for one with the right parameters that is not
/// static. A member function of that name with other parameters is an ordinary event.
template <class C>
concept has_wrong_migrate =
    (requires {
        &C::migrate;
        requires !std::is_member_pointer_v<decltype(&C::migrate)>;
    } && !has_migrate<C>) || requires(C& c, int from, boost::json::object& state) {
        c.migrate(from, state);
        requires std::is_member_pointer_v<decltype(&C::migrate)>;
    };

template <class C>
void set_version(component_type& type) {
    static_assert(
        !has_wrong_migrate<C>,
        "stube: migrate must be `static void migrate(int from, boost::json::object& state)`."
    );
    static_assert(
        !has_version<C> || has_constant_version<C>,
        "stube: the version of a component must be `static constexpr int version = 2;`."
    );
    if constexpr (has_constant_version<C>) {
        static_assert(C::version >= 1, "stube: the first version of a component is 1.");
        static_assert(
            C::version == 1 || has_migrate<C>,
            "stube: a component whose version is above 1 needs `static void migrate(int from, "
            "boost::json::object& state)`; leave it empty if a state of an older version can be "
            "read as it is."
        );
        type.version = C::version;
    } else {
        static_assert(
            !has_migrate<C>,
            "stube: this migrate is never called. Write `static constexpr int version = 2;` beside "
            "it."
        );
    }
    if constexpr (has_migrate<C>) type.migrate = &C::migrate;
}

/// True if C has a static `archived`. A data member with that name is ordinary state.
template <class C>
concept has_archived = requires {
    C::archived;
    requires !std::is_member_pointer_v<decltype(&C::archived)>;
};

template <class C>
void set_archived(component_type& type) {
    if constexpr (has_archived<C>) {
        static_assert(
            requires { typename std::bool_constant<C::archived>; },
            "stube: write `static constexpr bool archived = false;`."
        );
        type.archived = C::archived;
    }
}

/// True if C has a static `keep_history`. A data member with that name is ordinary state.
template <class C>
concept has_keep_history = requires {
    C::keep_history;
    requires !std::is_member_pointer_v<decltype(&C::keep_history)>;
};

/// True if it is a constant number of days. The number is not checked here.
template <class C>
concept keeps_history_in_days = requires {
    typename std::bool_constant<(std::chrono::days(C::keep_history) > std::chrono::days(0))>;
};

template <class C>
void set_keep_history(component_type& type) {
    if constexpr (!has_keep_history<C>) {
        return;
    } else if constexpr (keeps_history_in_days<C>) {
        static_assert(
            C::keep_history > std::chrono::days(0),
            "stube: the history of a component is kept for one day or longer."
        );
        type.keep_history = C::keep_history;
    } else {
        static_assert(
            always_false<C>,
            "stube: write `static constexpr std::chrono::days keep_history{365};`."
        );
    }
}

template <class C>
json_holder encoded(const C& state) {
    json_holder out;
    encode_struct(*out, state);
    return out;
}

/// Records which values of the component are secret.
template <class C>
void set_secrets(component_type& type) {
    type.has_secret = holds_secret<C>;
    type.has_encrypted = holds_encrypted<C>;
    boost::mp11::mp_for_each<data_members<C>>([&](auto described) {
        using member_type = data_type<decltype(described)>;
        if constexpr (is_field<member_type>) {
            if constexpr (holds_secret<member_type>) type.secret_fields.push_back(described.name);
        }
    });
}

template <class C>
component_type make_component_type() {
    static_assert(
        renders<C> || !requires { &C::render; },
        "stube: render must be `markup render() const` or `markup render(const context&) const`."
    );
    static_assert(
        renders<C> || has_start<C>,
        "stube: a component needs render(), or start() if it is a task that only calls others."
    );
    if constexpr (has_start<C>) check_answered_type<C, start_result<C>>();
    component_type type;
    type.name = C::component;
    if constexpr (requires { typename C::answer_type; }) {
        if constexpr (!std::is_void_v<typename C::answer_type>)
            type.answer_type = &typeid(typename C::answer_type);
    }
    type.handlers = make_handlers<C>(member_functions<C, boost::describe::mod_public>());
    type.copy = [](const std::shared_ptr<const void>& state) -> std::shared_ptr<void> {
        return std::make_shared<C>(*static_cast<const C*>(state.get()));
    };
    type.encode = [](const void* state) {
        const component_scope_if<holds_encrypted<C>> scope(C::component);
        return encode_to_text(*encoded<C>(*static_cast<const C*>(state)));
    };
    type.initial_state_key = [](const void* state) {
        const form_scope_if<holds_secret<C>> form(secret_form::masked);
        static const json_holder defaults = encoded<C>(C{});
        return text_without(*defaults, *encoded<C>(*static_cast<const C*>(state)));
    };
    type.decode = [](const boost::json::value& from) -> std::shared_ptr<const void> {
        const component_scope_if<holds_encrypted<C>> scope(C::component);
        auto state = std::make_shared<C>();
        decode_struct(*state, from);
        if constexpr (has_lists<C>) {
            each_list<C>(state.get(), [](std::string_view name, auto& list) {
                list.name_as(name);
            });
        }
        return state;
    };
    set_secrets<C>(type);
    set_version<C>(type);
    set_archived<C>(type);
    set_keep_history<C>(type);
    set_indexed<C>(type);
    set_hooks<C>(type);
    set_client_side<C>(type);
    return type;
}

template <class C>
const component_type& made_type() {
    static const component_type& type = *new component_type(make_component_type<C>());
    return type;
}

/// The description of a component that the compiler has refused, so that it prints no further
/// messages. It is not defined.
const component_type& refused_type();

}  // namespace detail

template <class C>
const component_type& type_of() {
    // A flow makes its own description.
    if constexpr (requires {
                      { C::type() } -> std::same_as<const component_type&>;
                  }) {
        return C::type();
    } else if constexpr (detail::can_be_stored<C>()) {
        return detail::made_type<C>();
    } else {
        detail::refuse_component<C>();
        detail::refuse(detail::culprit_of<C>());
        return detail::refused_type();
    }
}

}  // namespace stube
