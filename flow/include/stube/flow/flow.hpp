#pragma once

#include <stube/runtime/call.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/effects.hpp>

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
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
/// It is mounted, or called, by its name:
///
///     site.mount<book_room>("/booking");
///
///     effects book() { return call<book_room>().then<&front_desk::booked>(); }
///
/// A flow lives in memory only. While a conversation holds one it is not saved: the log says so
/// once, and after a restart its user is told that it could not be kept. Write a task component
/// where that is not good enough. A flow cannot be rewound either: an exception that leaves it ends
/// it as a failure.
///
/// Parameters are taken by value: the frame outlives the call. Do not write a lambda with captures,
/// a `?:` with owning temporaries or a braced aggregate in one expression with `co_await`: g++ 12
/// frees such a temporary twice.
namespace stube {

/// What `co_await call<C>(...)` throws when C fails.
class call_failed : public std::runtime_error {
public:
    explicit call_failed(const failure& why) : std::runtime_error(why.message) {}
};

template <class T = void>
class flow;

namespace detail {

/// What a suspended coroutine and the kernel exchange.
class flow_promise_base {
public:
    std::suspend_always initial_suspend() noexcept { return {}; }

    std::suspend_always final_suspend() noexcept { return {}; }

    void unhandled_exception() { error_ = std::current_exception(); }

    template <class C>
    auto await_transform(call_request<C>&& request);

    /// Only calls can be awaited: anything else would resume the flow behind the kernel's back.
    template <class Other>
    void await_transform(Other&&) {
        static_assert(
            always_false<Other>,
            "stube: a flow can only co_await call<C>(...). Other awaitables would resume it "
            "outside of its "
            "conversation's turn."
        );
    }

    /// Resumes the coroutine and tells what it wants now.
    effects run(std::coroutine_handle<> frame);

    effects resume_with(std::coroutine_handle<> frame, answer_value value) {
        incoming_ = std::move(value);
        return run(frame);
    }

    effects resume_with(std::coroutine_handle<> frame, const failure& why) {
        failed_ = why;
        return run(frame);
    }

    template <class T>
    T take_answer() {
        throw_if_failed();
        if constexpr (!std::is_void_v<T>) return std::move(incoming_.get<T>());
    }

protected:
    void set_result(answer_value value) { result_ = std::move(value); }

private:
    void throw_if_failed();

    answer_value result_;
    std::optional<effect::call> pending_;
    answer_value incoming_;
    std::optional<failure> failed_;
    std::exception_ptr error_;
};

/// Waits for the answer of a component. Trivially destructible, with a constructor: see the note on
/// g++ 12.
template <class T>
class call_awaiter {
public:
    explicit call_awaiter(flow_promise_base& promise) : promise_(&promise) {}

    bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<>) const noexcept {}

    T await_resume() const { return promise_->take_answer<T>(); }

private:
    flow_promise_base* promise_;
};

template <class C>
auto flow_promise_base::await_transform(call_request<C>&& request) {
    pending_ = std::move(request).release();
    return call_awaiter<answer_type_of<C>>(*this);
}

template <class T>
class flow_promise : public flow_promise_base {
public:
    flow<T> get_return_object();

    void return_value(T value) { set_result(answer_value(std::move(value))); }
};

template <>
class flow_promise<void> : public flow_promise_base {
public:
    flow<void> get_return_object();

    void return_void() {}
};

/// Owns a coroutine frame. All versions of the instance share it.
struct flow_frame {
    flow_frame(std::coroutine_handle<> coroutine, flow_promise_base& its_promise)
        : handle(coroutine), promise(&its_promise) {}
    flow_frame(const flow_frame&) = delete;
    flow_frame& operator=(const flow_frame&) = delete;

    ~flow_frame() { handle.destroy(); }

    std::coroutine_handle<> handle;
    flow_promise_base* promise;
    std::uint64_t step = 0;
};

/// The state of a flow's instance: the frame, and at which await this version of the instance
/// stands.
struct flow_state {
    std::shared_ptr<flow_frame> frame;
    std::uint64_t step = 0;
};

/// Everything but name and answer type of a flow's component_type.
component_type make_flow_type(std::string_view name, const std::type_info* answer_type);

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
struct flow_answer;

template <class R, class... A, R (*Function)(A...)>
struct flow_answer<Function> {
    using type = typename flow_result<R>::type;
};

}  // namespace detail

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

}  // namespace detail

/// Makes a coroutine function callable and mountable by its name.
template <auto Function>
requires requires {
    typename detail::flow_answer<Function>::type;
}
struct function_component<Function> {
    using answer_type = typename detail::flow_answer<Function>::type;

    static const component_type& type() {
        static const component_type& made = *new component_type(
            detail::make_flow_type(detail::function_name<Function>(), answer_type_info())
        );
        return made;
    }

    template <class... Arguments>
    static std::shared_ptr<const void> make_state(Arguments&&... arguments) {
        auto state = std::make_shared<detail::flow_state>();
        state->frame = Function(std::forward<Arguments>(arguments)...).frame();
        return state;
    }

private:
    static const std::type_info* answer_type_info() {
        if constexpr (std::is_void_v<answer_type>) {
            return nullptr;
        } else {
            return &typeid(answer_type);
        }
    }
};

}  // namespace stube
