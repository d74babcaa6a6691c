#pragma once

#include <stube/flow/waiting.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/messages.hpp>

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

/// The coroutine side of a flow: the operands that `co_await` accepts, and the data that a
/// suspended frame exchanges with the kernel.
namespace stube {

template <class T = void>
class flow;

namespace detail {

template <class T>
inline constexpr bool is_flow = false;
template <class T>
inline constexpr bool is_flow<flow<T>> = true;

template <class T>
inline constexpr bool is_view = false;
template <class Char, class Traits>
inline constexpr bool is_view<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t Extent>
inline constexpr bool is_view<std::span<T, Extent>> = true;

/// True for a parameter that refers to an object which may be gone when the flow resumes.
template <class T>
inline constexpr bool borrows =
    std::is_reference_v<T> || is_view<std::remove_cv_t<T>> ||
    (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>);

class flow_promise_base;

// Awaiters have constructors and are trivially destructible, because g++ 12 destroys some
// temporaries twice; see flow.hpp.

template <class T>
class call_awaiter {
public:
    explicit call_awaiter(flow_promise_base& promise) : promise_(&promise) {}

    bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<>) const noexcept {}

    T await_resume() const;

private:
    flow_promise_base* promise_;
};

template <class R>
class work_awaiter {
public:
    explicit work_awaiter(flow_promise_base& promise) : promise_(&promise) {}

    bool await_ready() const noexcept { return false; }

    void await_suspend(std::coroutine_handle<>) const noexcept {}

    R await_resume() const;

private:
    flow_promise_base* promise_;
};

/// Does not suspend, except for effects that leave the flow: those never resume it.
class effects_awaiter {
public:
    explicit effects_awaiter(bool leaves) : leaves_(leaves) {}

    bool await_ready() const noexcept { return !leaves_; }

    void await_suspend(std::coroutine_handle<>) const noexcept {}

    void await_resume() const noexcept {}

private:
    bool leaves_;
};

class context_awaiter {
public:
    explicit context_awaiter(const context& now) : now_(&now) {}

    bool await_ready() const noexcept { return true; }

    void await_suspend(std::coroutine_handle<>) const noexcept {}

    flow_context await_resume() const { return flow_context(*now_); }

private:
    const context* now_;
};

class flow_promise_base {
public:
    std::suspend_always initial_suspend() noexcept { return {}; }

    std::suspend_always final_suspend() noexcept { return {}; }

    void unhandled_exception() { error_ = std::current_exception(); }

    template <class C, bool Unsafe>
    auto await_transform(call_request<C, Unsafe>&& request) {
        refuse_unsafe<Unsafe>();
        start_call(std::move(request).release());
        return call_awaiter<answer_type_of<C>>(*this);
    }

    template <class R, bool Unsafe>
    auto await_transform(work_request<R, Unsafe>&& request) {
        refuse_unsafe<Unsafe>();
        start_work(std::move(request.work()), std::move(request.view()));
        return work_awaiter<R>(*this);
    }

    auto await_transform(sleep_request&& request) {
        start_timer(request.delay(), std::move(request.view()));
        return call_awaiter<void>(*this);
    }

    auto await_transform(this_conversation_request) { return context_awaiter(*context_); }

    effects_awaiter await_transform(effects emitted) {
        return effects_awaiter(emit(std::move(emitted)));
    }

    template <class Other>
    std::suspend_never await_transform(Other&&) {
        using type = std::remove_cvref_t<Other>;
        static_assert(
            !is_flow<type>,
            "stube: call a flow like a component: co_await call<the_flow>(arguments)."
        );
        static_assert(
            !is_answer<type>,
            "stube: a flow answers with co_return value, not with answer(value)."
        );
        static_assert(
            !std::is_same_v<type, run_request>,
            "stube: a flow has no members. Write auto result = co_await run(work)."
        );
        static_assert(!is_duration<type>, "stube: write co_await sleep(duration).");
        static_assert(
            is_flow<type> || is_answer<type> || std::is_same_v<type, run_request> ||
                is_duration<type>,
            "stube: a flow can co_await call<C>(...), run(work), sleep(duration), "
            "this_conversation() and effects, nothing else. Any other awaitable would resume the "
            "flow outside of a turn of its conversation."
        );
        return {};
    }

    template <class T>
    std::suspend_never yield_value(T&&) {
        static_assert(
            always_false<T>,
            "stube: a flow cannot co_yield. It answers once, with co_return."
        );
        return {};
    }

    /// Runs the flow up to its next suspension. Returns the effects that it emitted, and its answer
    /// or failure if it is over.
    effects resume(std::coroutine_handle<> frame, const context& now);

    // The result of the pending `co_await`; set before `resume`.

    void set_incoming(answer_value value) { incoming_ = std::move(value); }

    void set_incoming(const failure& why) { failure_ = why; }

    /// The markup that the page shows while the flow waits for work or time.
    markup view() const;

    template <class T>
    T take_answer() {
        throw_if_failed();
        if constexpr (!std::is_void_v<T>) {
            auto value = std::exchange(incoming_, {});
            return std::move(value.template get<T>());
        }
    }

    template <class R>
    R take_result() {
        throw_if_failed();
        const auto value = std::exchange(incoming_, {});
        auto& got = value.template get<work_outcome<R>>();
        if (got.error) std::rethrow_exception(std::exchange(got.error, nullptr));
        if constexpr (!std::is_void_v<R>) return std::move(*got.value);
    }

protected:
    void set_result(answer_value value) { incoming_ = std::move(value); }

private:
    template <bool Unsafe>
    static void refuse_unsafe() {
        static_assert(
            !Unsafe,
            "stube: this argument is a temporary of a struct without constructors, which g++ 12 "
            "destroys twice in an expression with co_await. Store it in a variable on the line "
            "before."
        );
    }

    void start_call(effect::call&& call);
    void start_work(std::function<answer_value()>&& work, markup&& view);
    void start_timer(std::chrono::milliseconds delay, markup&& view);
    bool emit(effects emitted);
    void add(effects more);
    void throw_if_failed();

    effects emitted_;                 ///< since the last suspension
    answer_value incoming_;           ///< the result of a `co_await`; at the end the flow's answer
    std::optional<failure> failure_;  ///< of the pending `co_await`
    std::exception_ptr error_;        ///< the exception that left the flow
    const context* context_ = nullptr;  ///< null unless the flow runs
    markup view_;
};

template <class T>
T call_awaiter<T>::await_resume() const {
    return promise_->take_answer<T>();
}

template <class R>
R work_awaiter<R>::await_resume() const {
    return promise_->take_result<R>();
}

template <class T>
class flow_promise : public flow_promise_base {
public:
    static_assert(std::is_object_v<T>, "stube: a flow answers a value, not a reference.");

    flow<T> get_return_object();

    void return_value(T value) { set_result(answer_value(std::move(value))); }
};

template <>
class flow_promise<void> : public flow_promise_base {
public:
    flow<void> get_return_object();

    void return_void() {}
};

/// Owns a coroutine frame. All versions of a flow's instance share one.
class flow_frame {
public:
    flow_frame(std::coroutine_handle<> coroutine, flow_promise_base& its_promise)
        : handle(coroutine), promise(&its_promise) {}
    flow_frame(const flow_frame&) = delete;
    flow_frame& operator=(const flow_frame&) = delete;

    ~flow_frame() { handle.destroy(); }

    std::coroutine_handle<> handle;
    flow_promise_base* promise;
    std::uint64_t step = 0;  ///< how often the coroutine has run
};

/// The state of one version of a flow's instance: the shared frame, and the step of the frame that
/// belongs to this version.
struct flow_state {
    std::shared_ptr<flow_frame> frame;
    std::uint64_t step = 0;
};

}  // namespace detail
}  // namespace stube

/// Only parameters by value: the frame holds the parameters, but not the objects they refer to.
template <class T, class... Parameters>
struct std::coroutine_traits<stube::flow<T>, Parameters...> {
    static_assert(
        (!stube::detail::borrows<Parameters> && ...),
        "stube: a flow is a plain function, not a member or a lambda, and takes its parameters by "
        "value: the object behind a reference, a pointer, a string_view or a span may be gone when "
        "the flow resumes. Use std::reference_wrapper for objects that outlive all conversations."
    );
    using promise_type = stube::detail::flow_promise<T>;
};
