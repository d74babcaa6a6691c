#pragma once

#include <stube/flow/detail/promise.hpp>
#include <stube/flow/waiting.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/effects.hpp>

#include <boost/json/array.hpp>
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

/// Steps written as straight-line code: a coroutine as a component.
///
///     flow<receipt> book_room() {
///         auto stay = co_await call<pick_dates>();
///         auto room = co_await call<pick_room>(stay);
///         co_return receipt{stay, room};
///     }
///
/// It is used by the name of its function: mounted, called from a component or another flow, put
/// in the place of a component, and as a child in a slot or list.
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
/// `co_return` answers the caller; in the flow that a page began with it ends the conversation. A
/// child in a slot or list that has answered is over: its place is empty until the owner puts
/// something there.
///
/// Awaiting. `co_await` takes a call, and what stands in <stube/flow/waiting.hpp>: `run(work)`,
/// `sleep(30s)` and `this_conversation()`. It also takes effects, which are carried out when the
/// flow waits the next time: it goes on at once.
///
///     flow<> renew(std::string title) {
///         co_await set_title("Renew " + title);
///         bool sure = co_await call<ui::confirm>("Renew " + title + "?");
///         if (!sure) co_await fail("Nothing was renewed.");
///         auto here = co_await this_conversation();
///         here.app<library>().lend(title, here.principal(), here.now());
///         co_await publish("renewed", title);
///     }
///
/// With `fail`, `end` and `become` the flow leaves, and is destroyed where it stands.
///
/// Failing. A component that fails throws `call_failed` where the flow awaits it, and try and catch
/// work across the await. An exception that leaves the flow is its own failure: of `call_failed`
/// the user reads the message, of any other the log keeps it and the user is told no more than that
/// it went wrong.
///
/// Memory only. While a conversation holds a flow it is not saved: the log says so once, and after
/// a restart its user is told that it could not be kept, and begins anew. When the flow is over the
/// conversation is saved as before. Write a task component where this is not good enough.
///
/// Back. A coroutine cannot be rewound. Back leaves a flow at its first step, for what was before
/// it; when it has gone on Back changes nothing and says "This step cannot be taken back", with a
/// link to begin anew. When the flow is over it is one step: Back returns to what was before all of
/// it. `context::can_go_back` tells a `render()` whether to offer it. If a turn in which the flow
/// went on is undone, since what it called next threw, the flow cannot go on: it fails, and says
/// so.
///
/// Locals are destroyed once, in reverse order, when the flow returns, and otherwise when nobody
/// needs the conversation with it any more: it was ended or left, its place was given to another,
/// its owner has gone, the server stops. That is outside of any turn, on any thread, and as soon as
/// the change is made: a destructor must not wait for this server, and must not throw, which ends
/// the program as in every destructor. It may publish through `app::publish` and use the
/// application's own objects while these live.
///
/// Parameters are taken by value, and it is a plain function: no member and no lambda.
///
/// g++ 12 frees twice what stands in one expression with `co_await` and is a braced struct, a
/// lambda with captures, or a `?:` that makes strings. The first two are refused where a flow can
/// see them; the program tests/flow/check_awaits.cpp finds all of them in sources. Give such a
/// thing a name on the line before:
///
///     auto question = sure ? "Book " + room + "?" : std::string("Really?");
///     sure = co_await call<ui::confirm>(question);
namespace stube {

/// What `co_await` throws when the component fails that was called, or work cannot be begun.
class call_failed : public std::runtime_error {
public:
    explicit call_failed(failure why) : std::runtime_error(why.message), why_(std::move(why)) {}

    /// What the component gave to `fail`.
    const failure& why() const { return why_; }

private:
    failure why_;
};

/// The result type of a coroutine that is used as a component, answering a T.
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

/// Carries out the first part of a flow, up to what it waits for.
effects start_flow(flow_state& self, const context& now);

markup show_flow(const flow_state& self);

/// What the types of all flows have in common.
component_type make_flow_type(
    std::string_view name,
    const std::type_info* answer_type,
    void* (*state_of)(void* self)
);

/// "book_room" for the function of that name.
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

/// These arguments make a tuple that can be copied.
template <class Tuple, class... Arguments>
concept copied_into =
    sizeof...(Arguments) == std::tuple_size_v<Tuple> &&
    std::constructible_from<Tuple, Arguments...> && std::copy_constructible<Tuple>;

/// True for an argument whose text tells whether it is the same.
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

/// A coroutine function as a component, by the name `flow_of<book_room>`. A value of it is the flow
/// before it begins, with its arguments, for slots and lists:
///
///     keyed<flow_of<approve>> open;
///
///     void add(int number) { open.push_back(number, flow_of<approve>(number)); }
///
/// Each child that is made from it runs the function anew. In `keyed::assign` a child goes on as it
/// is if its arguments are the same: numbers, texts, dates, described structs and lists of these.
/// With others it begins anew.
template <auto Function>
    requires requires { typename detail::flow_function<Function>::answer_type; }
struct function_component<Function> : detail::flow_state {
    using answer_type = typename detail::flow_function<Function>::answer_type;
    using arguments_type = typename detail::flow_function<Function>::arguments;

    /// Its arguments can be copied: each life of a child takes copies of them.
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

    /// The flow with these arguments, about to begin.
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

    // For make_state.
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
        set_made_from(made, static_cast<arguments_type*>(nullptr));
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
            return nullptr;  // no value with arguments can be made then
        }
    }

    template <class... A>
    static void set_made_from(component_type& to, std::tuple<A...>*) {
        if constexpr ((detail::can_be_compared<A>() && ...)) {
            to.made_from = [](const void* state) {
                const auto& self = *static_cast<const function_component*>(state);
                boost::json::array list;
                if (self.arguments_) {
                    std::apply(
                        [&](const auto&... each) { (list.push_back(stube::encode(each)), ...); },
                        *self.arguments_
                    );
                }
                return detail::arguments_to_text(list);
            };
        }
    }

    std::shared_ptr<const arguments_type> arguments_;
};

/// The component that a coroutine function is: `slot<flow_of<book_room>>`.
template <auto Function>
using flow_of = function_component<Function>;

}  // namespace stube
