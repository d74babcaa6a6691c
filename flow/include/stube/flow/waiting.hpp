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

/// What a flow can wait for besides the answer of a component: work in the background, and time.
///
///     flow<receipt> pay(int amount) {
///         std::string number = co_await run(charge_card, amount);
///         co_await sleep(2s).showing(p("Paid. The door opens in a moment."));
///         co_return receipt{amount, number};
///     }
///
/// Meanwhile the flow itself is on the page, with the words "One moment, please." or what
/// `showing` gives: one element, without events. Where nothing is to be waited for by hand, there
/// is nothing to click. A user who will not wait goes back, if this is the flow's first step, or
/// begins anew at the page's address.
namespace stube {

namespace detail {

/// What work came to.
template <class R>
struct work_outcome {
    std::exception_ptr error;
    std::optional<R> value;
};

template <>
struct work_outcome<void> {
    std::exception_ptr error;
};

/// How an argument is kept for work that runs later: text as std::string, the rest as a copy.
template <class Argument>
using kept = std::conditional_t<
    std::is_convertible_v<Argument, std::string_view>,
    std::string,
    std::decay_t<Argument>>;

/// Work that brings nothing along but its arguments, so that it cannot refer to the flow.
template <class Work>
inline constexpr bool brings_nothing =
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

/// Work for a flow to await. A flow refuses what is `Unsafe`, see <stube/flow/flow.hpp>.
template <class R, bool Unsafe = false>
class [[nodiscard]] work_request {
public:
    explicit work_request(std::function<answer_value()> work) : work_(std::move(work)) {}

    /// What the page shows meanwhile.
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
/// gives what it returns and throws what it throws; if the pool is full it throws `call_failed`.
///
/// The work is a function, a pointer to a member or a lambda without captures; it gets copies of
/// the arguments (text as std::string), as with std::async. So it cannot refer to the flow, which
/// may be gone by the time it runs; what it then returns is dropped.
///
///     auto rooms = co_await run(find_rooms, city, nights);
///     auto size = co_await run([](const std::string& text) { return text.size(); }, city);
///     co_await run(&library::lend, std::ref(books), title);  // books outlives all conversations
template <class Work, class... Arguments>
auto run(Work&& work, Arguments&&... arguments) {
    static_assert(
        detail::brings_nothing<Work>,
        "stube: work that a flow awaits has no captures: they would refer to a flow that may be "
        "gone, and g++ 12 frees them twice. Hand over what it needs as arguments: "
        "run([](int year) { return sum_of(year); }, year)."
    );
    static_assert(
        std::is_invocable_v<std::decay_t<Work>, detail::kept<Arguments>...>,
        "stube: this work cannot be called with these arguments. It gets copies of them, text as "
        "std::string."
    );
    using result =
        std::decay_t<std::invoke_result_t<std::decay_t<Work>, detail::kept<Arguments>...>>;
    using bundle = std::tuple<std::decay_t<Work>, detail::kept<Arguments>...>;
    auto kept = std::make_shared<bundle>(
        std::forward<Work>(work),
        detail::kept<Arguments>(std::forward<Arguments>(arguments))...
    );
    return work_request<result, (detail::may_be_braced<Arguments> || ...)>(
        [kept = std::move(kept)] { return detail::run_bundle<result>(*kept); }
    );
}

/// A while for a flow to await.
class [[nodiscard]] sleep_request {
public:
    explicit sleep_request(std::chrono::milliseconds delay) : delay_(delay) {}

    /// What the page shows meanwhile.
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

/// The flow goes on after `delay`: `co_await sleep(30s)`. In tests the clock is that of the
/// `test_conversation`.
inline sleep_request sleep(std::chrono::milliseconds delay) {
    return sleep_request(delay);
}

/// What surrounds a flow at the moment at which it asks: a copy, that it may keep.
class flow_context {
public:
    explicit flow_context(const context& now)
        : conversation_id_(now.conversation_id()),
          principal_(now.principal()),
          surroundings_(now) {}

    const std::string& conversation_id() const { return conversation_id_; }

    const std::string& principal() const { return principal_; }

    /// The time of the turn in which it was asked for.
    time_point now() const { return surroundings_.now(); }

    /// The application's own object, see `context::app`.
    template <class App>
    App& app() const {
        return surroundings_.app<App>();
    }

private:
    std::string conversation_id_;
    std::string principal_;
    context surroundings_;  // its texts are not to be used
};

struct this_conversation_request {};

/// What handlers get as `context&`:
///
///     auto here = co_await this_conversation();
///     here.app<library>().lend(title, here.principal(), here.now());
inline this_conversation_request this_conversation() {
    return {};
}

}  // namespace stube
