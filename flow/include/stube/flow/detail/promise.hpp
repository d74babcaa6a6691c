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

/// The coroutine side of a flow: what `co_await` may be written with, and what a suspended frame
/// and the kernel exchange.
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

/// True for a parameter that refers to what may be gone when the flow goes on.
template <class T>
inline constexpr bool borrows =
    std::is_reference_v<T> || is_view<std::remove_cv_t<T>> ||
    (std::is_pointer_v<T> && !std::is_function_v<std::remove_pointer_t<T>>);

class flow_promise_base;

// Awaiters have constructors and are trivially destructible: see the note on g++ 12 in flow.hpp.

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

/// Waits for nothing, or, with the effects that leave, for ever.
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
        ask(std::move(request).release());
        return call_awaiter<answer_type_of<C>>(*this);
    }

    template <class R, bool Unsafe>
    auto await_transform(work_request<R, Unsafe>&& request) {
        refuse_unsafe<Unsafe>();
        wait_for_work(std::move(request.work()), std::move(request.view()));
        return work_awaiter<R>(*this);
    }

    auto await_transform(sleep_request&& request) {
        wait_for_time(request.delay(), std::move(request.view()));
        return call_awaiter<void>(*this);
    }

    auto await_transform(this_conversation_request) { return context_awaiter(*surroundings_); }

    effects_awaiter await_transform(effects wanted) {
        return effects_awaiter(emit(std::move(wanted)));
    }

    template <class Other>
    std::suspend_never await_transform(Other&&) {
        using type = std::remove_cvref_t<Other>;
        static_assert(
            !is_flow<type>,
            "stube: a flow is called as a component is: co_await call<the_flow>(arguments)."
        );
        static_assert(
            !is_answer<type>,
            "stube: a flow answers with co_return value, not with answer(value)."
        );
        static_assert(
            !std::is_same_v<type, run_request>,
            "stube: a flow has no members. It gets the result of work from co_await run(work)."
        );
        static_assert(!is_duration<type>, "stube: write co_await sleep(duration).");
        static_assert(
            is_flow<type> || is_answer<type> || std::is_same_v<type, run_request> ||
                is_duration<type>,
            "stube: a flow can co_await call<C>(...), run(work), sleep(duration), "
            "this_conversation() and effects, nothing else. Another awaitable would resume it "
            "outside of its conversation's turn."
        );
        return {};
    }

    template <class T>
    std::suspend_never yield_value(T&&) {
        static_assert(
            always_false<T>,
            "stube: a flow does not co_yield. It answers once, with co_return."
        );
        return {};
    }

    // What the flow resumes with.

    effects go_on(std::coroutine_handle<> frame, const context& now);

    void give(answer_value value) { incoming_ = std::move(value); }

    void give(const failure& why) { failed_ = why; }

    /// What it shows while it waits for no component.
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
            "frees twice in one expression with co_await. Give it a name on the line before."
        );
    }

    void ask(effect::call&& call);
    void wait_for_work(std::function<answer_value()>&& work, markup&& view);
    void wait_for_time(std::chrono::milliseconds delay, markup&& view);
    bool emit(effects wanted);
    void want(effects more);
    void throw_if_failed();

    effects wanted_;
    answer_value incoming_;  ///< or the result, at the end
    std::optional<failure> failed_;
    std::exception_ptr error_;
    const context* surroundings_ = nullptr;  ///< while it runs
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

/// Owns a coroutine frame. All versions of the instance share it.
class flow_frame {
public:
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

}  // namespace detail
}  // namespace stube

/// A flow's parameters are kept in its frame, and so is nothing that they refer to.
template <class T, class... Parameters>
struct std::coroutine_traits<stube::flow<T>, Parameters...> {
    static_assert(
        (!stube::detail::borrows<Parameters> && ...),
        "stube: a flow is a function, no member and no lambda, and takes its parameters by value: "
        "what a reference, a pointer, a string_view or a span refers to may be gone when the flow "
        "goes on. std::reference_wrapper is for what outlives all conversations."
    );
    using promise_type = stube::detail::flow_promise<T>;
};
