#pragma once

#include <stube/flow/detail/promise.hpp>
#include <stube/flow/waiting.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/effects.hpp>

#include <boost/mp11/algorithm.hpp>

#include <chrono>
#include <concepts>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// Steps written as straight-line code: a coroutine that is used as a component.
///
///     flow<receipt> book_room() {
///         auto stay = co_await call<pick_dates>();
///         auto room = co_await call<pick_room>(stay);
///         co_return receipt{stay, room};
///     }
///
/// The name of the function is the name of the flow. A flow can be mounted, called from a component
/// or from another flow, put in place of a component with `become`, and embedded as a child in a
/// slot or list:
///
///     site.mount<book_room>("/booking");
///
///     effects book() { return call<book_room>().then<&front_desk::booked>(); }
///
///     receipt made = co_await call<book_room>();
///
///     effects hurry() { return become<book_room>(); }
///
///     slot<flow_of<book_room>> booking = slot<flow_of<book_room>>().then<&lobby::booked>();
///
/// `co_return` answers the caller. In the flow that a page began with, it ends the conversation. A
/// child in a slot or list is over when it has answered: its place stays empty until the owner puts
/// another child there.
///
/// Awaiting. A flow can `co_await` a call, and what <stube/flow/waiting.hpp> declares: `run(work)`,
/// `sleep(30s)` and `this_conversation()`. It can also `co_await` effects. The flow then continues
/// at once, and the effects are carried out when it next waits:
///
///     flow<> renew(std::string title) {
///         co_await set_title("Renew " + title);
///         bool sure = co_await call<ui::confirm>("Renew " + title + "?");
///         if (!sure) co_await fail("Nothing was renewed.");
///         auto here = co_await this_conversation();
///         here.app<library>().lend(title, here.principal().name, here.now());
///         co_await publish("renewed", title);
///     }
///
/// `fail`, `end` and `become` leave the flow: it never resumes after that `co_await`.
///
/// Failing. If a called component fails, the `co_await` throws `call_failed`; try and catch work
/// across it. An exception that leaves the flow is the flow's own failure. The user reads the
/// message of a `call_failed`. Every other exception is logged, and the user reads only that the
/// step could not be completed.
///
/// Memory only. A conversation that holds a flow is stored as a tombstone, a placeholder without
/// its state. The log records this once for each conversation. After a restart the user reads that
/// the conversation could not be kept, and can start again. When the flow is over the conversation
/// is saved as before. Write a task component where this is not good enough.
///
/// Back. A coroutine cannot be rewound. At the first step of a flow, Back returns to the step
/// before the flow. At a later step Back changes nothing: the page shows "This step cannot be taken
/// back" and a link to start again. A flow that is over counts as one step, which Back takes back
/// as a whole. `context::can_go_back` lets `render()` decide whether to offer Back. A turn is
/// undone if the component that the flow called next throws in `start()`; the flow cannot resume
/// after that, and fails with a message.
///
/// Locals are destroyed once, in reverse order: when the flow returns, or else when the
/// conversation no longer needs the flow. That is the case when the flow or the conversation has
/// ended, when Back has left the flow, when another component has taken its place, when the owner
/// of its place is gone, and when the server stops. Destructors run as soon as the change is made,
/// outside of any turn and on any thread. A destructor must not wait for this server, and must not
/// throw, which would terminate the program as in every destructor. It may call `app::publish` and
/// use the application's own objects while they live.
///
/// A flow is a plain function, not a member and not a lambda, and takes its parameters by value.
///
/// g++ 12 destroys some temporaries twice if they are part of an expression with `co_await`: a
/// braced struct, a lambda with captures, and a `?:` that makes strings. The compiler refuses the
/// first two in calls and in work. The program tests/flow/check_awaits.cpp finds all three in
/// sources. Store such a value in a variable on the line before:
///
///     auto question = sure ? "Book " + room + "?" : std::string("Really?");
///     sure = co_await call<ui::confirm>(question);
namespace stube {

/// Thrown by `co_await` if the called component fails, or if work cannot be started.
class call_failed : public std::runtime_error {
public:
    explicit call_failed(failure why) : std::runtime_error(why.message), why_(std::move(why)) {}

    /// The failure that the component passed to `fail`.
    const failure& why() const { return why_; }

private:
    failure why_;
};

/// The return type of a coroutine that is used as a component. The component answers a T.
template <class T>
class [[nodiscard]] flow {
public:
    using promise_type = detail::flow_promise<T>;

    explicit flow(std::coroutine_handle<promise_type> handle)
        : frame_(std::make_shared<detail::flow_frame>(handle, handle.promise())) {}

    std::shared_ptr<detail::flow_frame> frame() && { return std::move(frame_); }

private:
    std::shared_ptr<detail::flow_frame> frame_;
};

namespace detail {

template <class T>
flow<T> flow_promise<T>::get_return_object() {
    return flow<T>(std::coroutine_handle<flow_promise<T>>::from_promise(*this));
}

inline flow<void> flow_promise<void>::get_return_object() {
    return flow<void>(std::coroutine_handle<flow_promise<void>>::from_promise(*this));
}

/// Runs a flow up to its first suspension.
effects start_flow(flow_state& self, const context& now);

markup show_flow(const flow_state& self);

/// The part of `component_type` that is the same for all flows.
component_type make_flow_type(
    std::string_view name,
    const std::type_info* answer_type,
    void* (*state_of)(void* self)
);

/// "book_room" for the function `book_room`.
template <auto Function>
constexpr std::string_view function_name() {
    std::string_view text = __PRETTY_FUNCTION__;
    auto begin = text.find("Function = ") + sizeof("Function = ") - 1;
    auto end = text.find_first_of(";]", begin);
    if (text[begin] == '&') ++begin;
    return text.substr(begin, end - begin);
}

template <class Result>
struct flow_result;

template <class T>
struct flow_result<flow<T>> {
    using type = T;
};

template <auto Function>
struct flow_function;

template <class R, class... A, R (*Function)(A...)>
struct flow_function<Function> {
    using answer_type = typename flow_result<R>::type;
    using arguments = std::tuple<std::decay_t<A>...>;
};

/// True if `Arguments` initialise a Tuple that can be copied.
template <class Tuple, class... Arguments>
concept copied_into =
    sizeof...(Arguments) == std::tuple_size_v<Tuple> &&
    std::constructible_from<Tuple, Arguments...> && std::copy_constructible<Tuple>;

/// True if two values of T are equal whenever their encoded texts are.
template <class T>
constexpr bool can_be_compared() {
    if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || described_enum<T> ||
                  std::is_same_v<T, std::chrono::year_month_day> || is_duration<T> ||
                  is_time_point<T>) {
        return true;
    } else if constexpr (described_struct<T>) {
        bool all = true;
        boost::mp11::mp_for_each<data_members<T>>([&](auto member) {
            all = all && can_be_compared<data_type<decltype(member)>>();
        });
        return all;
    } else if constexpr (sequence<T>) {
        return can_be_compared<typename T::value_type>();
    } else {
        return false;
    }
}

}  // namespace detail

/// The component of a coroutine function, written `flow_of<book_room>`. A value of this type is a
/// flow that has not begun, with its arguments, for slots and lists:
///
///     keyed<flow_of<approve>> open;
///
///     void add(int number) { open.push_back(number, flow_of<approve>(number)); }
///
/// Each child made from the value runs the function from its beginning. In `keyed::assign` a child
/// continues if its arguments are equal; numbers, texts, dates, described structs and lists of
/// these can be compared. A child whose arguments differ, or cannot be compared, starts again.
template <auto Function>
    requires requires { typename detail::flow_function<Function>::answer_type; }
struct function_component<Function> : detail::flow_state {
    using answer_type = typename detail::flow_function<Function>::answer_type;
    using arguments_type = typename detail::flow_function<Function>::arguments;

    /// The arguments must be copyable: each start of the child receives copies.
    template <class... Arguments>
        requires detail::copied_into<arguments_type, Arguments...>
    explicit function_component(Arguments&&... arguments) {
        if constexpr (sizeof...(Arguments) > 0) {
            arguments_ =
                std::make_shared<const arguments_type>(std::forward<Arguments>(arguments)...);
        }
    }

    static const component_type& type() {
        static const component_type& made = *new component_type(make_type());
        return made;
    }

    /// The state for a call of the flow with these arguments.
    template <class... Arguments>
    static std::shared_ptr<const void> make_state(Arguments&&... arguments) {
        static_assert(
            std::is_invocable_v<decltype(Function), Arguments...>,
            "stube: the flow cannot be called with these arguments."
        );
        return std::make_shared<function_component>(
            called(),
            Function(std::forward<Arguments>(arguments)...).frame()
        );
    }

    // For `make_state`, which has called the function already.
    struct called {};

    function_component(called, std::shared_ptr<detail::flow_frame> its_frame) {
        frame = std::move(its_frame);
    }

private:
    static component_type make_type() {
        auto made = detail::make_flow_type(
            detail::function_name<Function>(),
            answer_type_info(),
            [](void* self) -> void* {
                return static_cast<detail::flow_state*>(static_cast<function_component*>(self));
            }
        );
        made.code = reinterpret_cast<const void*>(Function);
        made.copy = [](const std::shared_ptr<const void>& state) -> std::shared_ptr<void> {
            return std::make_shared<function_component>(
                *static_cast<const function_component*>(state.get())
            );
        };
        made.start = [](void* state, context& now) {
            auto& self = *static_cast<function_component*>(state);
            if (!self.frame) self.frame = self.begin();
            return detail::start_flow(self, now);
        };
        made.render = [](const void* state, const context&) {
            return detail::show_flow(*static_cast<const function_component*>(state));
        };
        set_initial_state_key(made, static_cast<arguments_type*>(nullptr));
        return made;
    }

    static const std::type_info* answer_type_info() {
        if constexpr (std::is_void_v<answer_type>) {
            return nullptr;
        } else {
            return &typeid(answer_type);
        }
    }

    std::shared_ptr<detail::flow_frame> begin() const {
        if constexpr (std::tuple_size_v<arguments_type> == 0) {
            return Function().frame();
        } else if constexpr (std::copy_constructible<arguments_type>) {
            return std::apply(Function, *arguments_).frame();
        } else {
            return nullptr;  // unreachable: the constructor requires copyable arguments
        }
    }

    template <class... A>
    static void set_initial_state_key(component_type& to, std::tuple<A...>*) {
        if constexpr ((detail::can_be_compared<A>() && ...)) {
            to.initial_state_key = [](const void* state) {
                const auto& self = *static_cast<const function_component*>(state);
                if (!self.arguments_) return std::string();
                return std::apply(
                    [](const A&... each) { return detail::arguments_text<const A&...>(each...); },
                    *self.arguments_
                );
            };
        }
    }

    std::shared_ptr<const arguments_type> arguments_;
};

/// The component type of a coroutine function: `slot<flow_of<book_room>>`.
template <auto Function>
using flow_of = function_component<Function>;

}  // namespace stube
