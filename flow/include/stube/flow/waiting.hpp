#pragma once

#include <stube/runtime/call.hpp>
#include <stube/runtime/context.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/markup.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

/// Background work and pauses: a flow can await these besides the answers of components.
///
///     flow<receipt> pay(int amount) {
///         std::string number = co_await run(charge_card, amount);
///         co_await sleep(2s).showing(p("Paid. The door opens in a moment."));
///         co_return receipt{amount, number};
///     }
///
/// While a flow waits for work or time, the page shows "One moment, please.", or the markup passed
/// to `showing`, which must be one element without events. A user who does not want to wait can go
/// back, if this is the first step of the flow, or start again at the address of the page.
namespace stube {

namespace detail {

/// The result of work: an exception, or a value.
template <class R>
struct work_outcome {
    std::exception_ptr error;
    std::optional<R> value;
};

template <>
struct work_outcome<void> {
    std::exception_ptr error;
};

/// The type in which work owns an argument until it runs: std::string for text, else a copy.
template <class Argument>
using owned_argument = std::conditional_t<
    std::is_convertible_v<Argument, std::string_view>,
    std::string,
    std::decay_t<Argument>>;

/// True for a callable without state of its own, which therefore cannot refer to the flow.
template <class Work>
inline constexpr bool has_no_captures =
    std::is_empty_v<std::decay_t<Work>> || std::is_member_pointer_v<std::decay_t<Work>> ||
    (std::is_pointer_v<std::decay_t<Work>> &&
     std::is_function_v<std::remove_pointer_t<std::decay_t<Work>>>);

template <class R, class Bundle>
answer_value run_bundle(Bundle& bundle) {
    work_outcome<R> out;
    try {
        auto invoke = [](auto&&... all) -> R { return std::invoke(std::move(all)...); };
        if constexpr (std::is_void_v<R>) {
            std::apply(invoke, std::move(bundle));
        } else {
            out.value.emplace(std::apply(invoke, std::move(bundle)));
        }
    } catch (...) {
        out.error = std::current_exception();
    }
    return answer_value(std::move(out));
}

}  // namespace detail

/// Background work that a flow can await; made by `run`. A flow refuses to await it if it is
/// `Unsafe`: an argument may be a temporary that g++ 12 destroys twice, see <stube/flow/flow.hpp>.
template <class R, bool Unsafe = false>
class [[nodiscard]] work_request {
public:
    explicit work_request(std::function<answer_value()> work) : work_(std::move(work)) {}

    /// Sets the markup that the page shows until the work is done.
    work_request showing(markup view) && {
        view_ = std::move(view);
        return std::move(*this);
    }

    std::function<answer_value()>& work() { return work_; }

    markup& view() { return view_; }

private:
    std::function<answer_value()> work_;
    markup view_;
};

/// Runs `work(arguments...)` on a thread of the background pool once this turn is saved. `co_await`
/// returns the result of the work and rethrows its exceptions. It throws `call_failed` if the pool
/// is full.
///
/// `work` is a function, a pointer to a member or a lambda without captures. It receives copies of
/// the arguments (text as std::string), as with std::async. So the work cannot refer to the flow,
/// which may be destroyed before the work runs; the result is then dropped.
///
///     auto rooms = co_await run(find_rooms, city, nights);
///     auto size = co_await run([](const std::string& text) { return text.size(); }, city);
///     co_await run(&library::lend, std::ref(books), title);  // books outlives all conversations
template <class Work, class... Arguments>
auto run(Work&& work, Arguments&&... arguments) {
    static_assert(
        detail::has_no_captures<Work>,
        "stube: work that a flow awaits must not have captures: they could refer to a flow that "
        "is gone, and g++ 12 destroys them twice. Pass values as arguments: "
        "run([](int year) { return sum_of(year); }, year)."
    );
    static_assert(
        std::is_invocable_v<std::decay_t<Work>, detail::owned_argument<Arguments>...>,
        "stube: this work cannot be called with these arguments. It receives copies of them, text "
        "as std::string."
    );
    using result = std::decay_t<
        std::invoke_result_t<std::decay_t<Work>, detail::owned_argument<Arguments>...>>;
    using bundle = std::tuple<std::decay_t<Work>, detail::owned_argument<Arguments>...>;
    auto owned = std::make_shared<bundle>(
        std::forward<Work>(work),
        detail::owned_argument<Arguments>(std::forward<Arguments>(arguments))...
    );
    return work_request<result, (detail::may_be_braced<Arguments> || ...)>(
        [owned = std::move(owned)] { return detail::run_bundle<result>(*owned); }
    );
}

/// A pause that a flow can await; made by `sleep`.
class [[nodiscard]] sleep_request {
public:
    explicit sleep_request(std::chrono::milliseconds delay) : delay_(delay) {}

    /// Sets the markup that the page shows during the pause.
    sleep_request showing(markup view) && {
        view_ = std::move(view);
        return std::move(*this);
    }

    std::chrono::milliseconds delay() const { return delay_; }

    markup& view() { return view_; }

private:
    std::chrono::milliseconds delay_;
    markup view_;
};

/// Resumes the flow after `delay`: `co_await sleep(30s)`. Tests move the clock with
/// `test_conversation::advance`.
inline sleep_request sleep(std::chrono::milliseconds delay) {
    return sleep_request(delay);
}

/// The context of a flow at the time of `co_await this_conversation()`. A copy: the flow may keep
/// it.
class flow_context {
public:
    explicit flow_context(const context& now)
        : conversation_id_(now.conversation_id()),
          principal_(now.principal()),
          owner_(now.owner()),
          context_(now) {}

    const std::string& conversation_id() const { return conversation_id_; }

    const stube::principal& principal() const { return principal_; }

    const stube::principal& owner() const { return owner_; }

    /// The time of the turn in which the flow awaited `this_conversation()`.
    time_point now() const { return context_.now(); }

    /// The application's own object, see `context::app`.
    template <class App>
    App& app() const {
        return context_.app<App>();
    }

private:
    std::string conversation_id_;
    stube::principal principal_;
    stube::principal owner_;
    context context_;  // its references dangle after the turn: use the copies above
};

struct this_conversation_request {};

/// Gives a flow what a handler receives as `context&`:
///
///     auto here = co_await this_conversation();
///     here.app<library>().lend(title, here.principal().name, here.now());
inline this_conversation_request this_conversation() {
    return {};
}

}  // namespace stube
