#pragma once

#include <stube/runtime/call.hpp>
#include <stube/runtime/detail/check_component.hpp>
#include <stube/runtime/detail/holds_secret.hpp>
#include <stube/runtime/slot.hpp>

#include <chrono>
#include <concepts>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// Events that do not come from a user: from other components, topics, timers and background work.
/// The functions here make effects. The messages arrive at a member, as an event does:
///
///     effects start() { return after<&clock::tick>(1s) + subscribe<&clock::said>("news"); }
///     effects tick() { ++seconds; return after<&clock::tick>(1s); }
///     void said(const std::string& text) { heard = text; }
///
/// Timers and subscriptions belong to the component that sets them. They are stored with it,
/// survive a restart, and end when it leaves. A timer that became due during a restart fires once.
/// Values travel as JSON, like state.
namespace stube {

namespace detail {

template <class... Parameters, class... Arguments>
std::string encode_arguments(std::tuple<Parameters...>*, const Arguments&... arguments) {
    static_assert(
        (std::is_convertible_v<const Arguments&, Parameters> && ...),
        "stube: an argument has a different type than the member's parameter."
    );
    const form_scope_if<(holds_secret<Parameters> || ...)> form(secret_form::readable);
    return detail::arguments_text<Parameters...>(arguments...);
}

/// The arguments for a member as JSON. Allows messages to reach the member.
template <auto Member, class Type = decltype(Member), class... Arguments>
std::string message_arguments(const Arguments&... arguments) {
    using parameters = typename member<Member>::arguments;
    static_assert(
        sizeof...(Arguments) == std::tuple_size_v<parameters>,
        "stube: the member takes a different number of arguments."
    );
    static_cast<void>(&known_as_message<Member>);
    return encode_arguments(static_cast<parameters*>(nullptr), arguments...);
}

/// True if a member with these parameters can receive a message, which is one value: it takes one
/// value, or nothing.
template <class Parameters>
inline constexpr bool takes_message = std::tuple_size_v<Parameters> <= 1;

/// True if no parameter of the member contains a secret value.
template <auto Member, class Type = decltype(Member)>
inline constexpr bool takes_no_secret = secret_arguments<typename member<Member>::arguments> == 0;

}  // namespace detail

/// Sends a message to the child in a slot. It arrives after the present handler, in the same turn.
/// If the child has left by then, nothing happens.
///
///     effects reset() { return send<&search::clear>(search_box); }
template <auto Member, class T, class... Arguments>
effects send(const slot<T>& child, const Arguments&... arguments) {
    static_assert(
        std::derived_from<T, typename detail::member<Member>::owner>,
        "stube: the component in this slot does not have this member."
    );
    return effect::send{
        child.id(),
        nullptr,
        detail::member_name<Member>(),
        detail::message_arguments<Member>(arguments...)
    };
}

/// Sends a message to an instance of this conversation by its id:
///
///     effects point_at(int number) { return send_to<&row::mark>(rows.id(number)); }
template <auto Member, class Type = decltype(Member), class... Arguments>
effects send_to(instance_id target, const Arguments&... arguments) {
    auto text = detail::message_arguments<Member>(arguments...);
    return effect::send{target, nullptr, detail::member_name<Member>(), std::move(text)};
}

/// Sends a message to the nearest component above this one that has the member. Above a component
/// are the owner of its slot or list, or its caller, and then in turn the components above that
/// one.
///
///     effects done() { return send_up<&board::remove>(number); }
template <auto Member, class Type = decltype(Member), class... Arguments>
effects send_up(const Arguments&... arguments) {
    auto text = detail::message_arguments<Member>(arguments...);
    return effect::send{
        0,
        &detail::message_target<Member>,
        detail::member_name<Member>(),
        std::move(text)
    };
}

/// Calls the member once after `delay`, in a turn of its own. The delay is limited to 100 years.
template <auto Member, class Type = decltype(Member), class... Arguments>
effects after(std::chrono::milliseconds delay, const Arguments&... arguments) {
    static_assert(
        detail::takes_no_secret<Member>,
        "stube: a timer is stored with its arguments, so they cannot be secret. Keep the secret in "
        "a data member, and read it in the member that the timer calls."
    );
    auto text = detail::message_arguments<Member>(arguments...);
    return effect::after{delay, detail::member_name<Member>(), std::move(text)};
}

/// Cancels all timers of this component for the member:
///
///     effects typed() { return cancel<&draft::save>() + after<&draft::save>(2s); }
template <auto Member, class Type = decltype(Member)>
effects cancel() {
    return effect::cancel{detail::member_name<Member>()};
}

/// Subscribes the member to a topic: it receives each message that is published from now on. The
/// member takes the published value, or nothing.
template <auto Member, class Type = decltype(Member)>
effects subscribe(std::string topic) {
    static_assert(
        detail::takes_message<typename detail::member<Member>::arguments>,
        "stube: this member cannot take a message: it must take one value, or none."
    );
    static_assert(
        detail::takes_no_secret<Member>,
        "stube: a message of a topic cannot be secret, because any component can subscribe to the "
        "topic. Write send_to or send_up, which send to one component."
    );
    static_cast<void>(&detail::known_as_message<Member>);
    return effect::subscribe{std::move(topic), detail::member_name<Member>()};
}

namespace detail {

template <class T>
std::string one_argument(const T& value) {
    static_assert(
        !holds_secret<T>,
        "stube: a message of a topic cannot be secret, because any component can subscribe to the "
        "topic. Write send_to or send_up, which send to one component."
    );
    if constexpr (text_like<T>) {
        return detail::arguments_text<std::string>(std::string_view(value));
    } else {
        return detail::arguments_text<const T&>(value);
    }
}

}  // namespace detail

/// Publishes `value` to a topic, after this turn has been saved. Every component that is
/// subscribed, in any conversation of this server, receives it in a turn of its own. Delivery is at
/// most once: a message is lost if the server stops before it has arrived.
///
///     effects say(const std::string& text) { return publish("news", text); }
template <class T>
effects publish(std::string topic, const T& value) {
    return effect::publish{std::move(topic), detail::one_argument(value), false};
}

/// Publishes within this conversation only, in the same turn:
///
///     effects pick(int day) { return publish_here("day", day); }
template <class T>
effects publish_here(std::string topic, const T& value) {
    return effect::publish{std::move(topic), detail::one_argument(value), true};
}

namespace detail {

/// The type that the work returns, as a member receives it.
template <class Work>
using result_of = std::decay_t<std::invoke_result_t<Work&>>;

/// The value as JSON text in an array, for the archive, with its secret values masked. Empty if
/// values of this type have no JSON.
template <class T>
std::string recorded(const void* value) {
    const form_scope_if<holds_secret<T>> form(secret_form::masked);
    if constexpr (fault_of<T>() == fault::none)
        return arguments_text<const T&>(*static_cast<const T*>(value));
    else
        return {};
}

template <class T>
answer_value decode_recorded(const boost::json::value& from) {
    const form_scope_if<holds_secret<T>> form(secret_form::masked);
    T value{};
    stube::decode(value, from);
    return answer_value(std::move(value), &recorded<T>);
}

/// Null if values of this type have no JSON.
template <class T>
constexpr result_decoder result_decoder_of() {
    if constexpr (!std::is_void_v<T>) {
        if constexpr (fault_of<T>() == fault::none && std::is_default_constructible_v<T>)
            return &decode_recorded<T>;
    }
    return nullptr;
}

template <auto Member, class Result, class Type = decltype(Member)>
inline const bool known_as_receiver = (result_target<Member> = result_decoder_of<Result>(), true);

template <class Work>
answer_value run_work(Work& work) {
    if constexpr (std::is_void_v<result_of<Work>>) {
        work();
        return {};
    } else {
        return answer_value(result_of<Work>(work()), &recorded<result_of<Work>>);
    }
}

}  // namespace detail

/// Background work under construction. A handler returns it as an effect.
class [[nodiscard]] run_request {
public:
    explicit run_request(effect::run wanted) : run_(std::move(wanted)) {}

    /// The member that receives the failure if the work throws, cannot begin, or is interrupted by
    /// a restart. It takes a `failure`, or nothing. Without `or_else`, the page shows a message.
    template <auto Member, class Type = decltype(Member)>
    run_request or_else() && {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            detail::accepts<failure, parameters>,
            "stube: this member cannot take the failure. It must take a stube::failure, or nothing."
        );
        run_.or_else = detail::member_name<Member>();
        return std::move(*this);
    }

    operator effects() && { return std::move(run_); }

private:
    effect::run run_;
};

/// Runs `work` on a thread of the background pool, after this turn has been saved. The result
/// arrives at the member in a turn of its own. `work` must not refer to the component, which may
/// change or leave meanwhile. The result is dropped if the component has left.
///
///     effects load() {
///         return run<&report::ready>([year = year] { return sum_of(year); })
///             .or_else<&report::failed>();
///     }
template <auto Member, class Type = decltype(Member), class Work>
run_request run(Work work) {
    static_assert(
        detail::accepts<detail::result_of<Work>, typename detail::member<Member>::arguments>,
        "stube: this member cannot take the result. It must take exactly the type that the work "
        "returns, or nothing."
    );
    static_assert(
        std::is_void_v<detail::result_of<Work>> ||
            std::is_copy_constructible_v<detail::result_of<Work>>,
        "stube: the result of work must be copyable. Return a std::shared_ptr in place of a "
        "std::unique_ptr."
    );
    static_cast<void>(&detail::known_as_receiver<Member, detail::result_of<Work>>);
    return run_request(effect::run{
        [work = std::move(work)]() mutable { return detail::run_work(work); },
        detail::member_name<Member>()
    });
}

/// Runs `work` in the same way, without a member for the result. If it throws, the page shows a
/// message.
inline effects run_and_forget(std::function<void()> work) {
    return effect::run{[work = std::move(work)] {
        work();
        return answer_value();
    }};
}

}  // namespace stube
