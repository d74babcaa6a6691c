#include "flow/steps.hpp"

#include <stube/runtime/deliveries.hpp>

#include <doctest/doctest.h>

#include <coroutine>
#include <exception>
#include <memory>
#include <string>
#include <utility>

// g++ 12 destroys some temporaries in a full expression with co_await twice. The first part shows
// the affected forms, with a coroutine type that is independent of stube. The second part shows
// that the forms in which a flow can be written are not affected: AddressSanitizer would report a
// text that is freed twice. If the first part fails, the compiler has been mended.

using namespace flow_test;

namespace {

/// Counts its living objects. It owns nothing, so that destroying one twice is harmless.
struct counted {
    static inline int alive = 0;

    counted() { ++alive; }

    counted(const counted&) { ++alive; }

    counted& operator=(const counted&) = default;

    ~counted() { --alive; }
};

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
constexpr bool is_mended = false;
#else
constexpr bool is_mended = true;
#endif

/// A minimal coroutine: runs until it awaits, and to its end when it is resumed.
struct bare {
    struct promise_type {
        bare get_return_object() {
            return bare{std::coroutine_handle<promise_type>::from_promise(*this)};
        }

        std::suspend_never initial_suspend() { return {}; }

        std::suspend_always final_suspend() noexcept { return {}; }

        void return_void() {}

        void unhandled_exception() { std::terminate(); }
    };

    std::coroutine_handle<promise_type> handle;

    /// How many `counted` are left at the end; negative if some were destroyed twice.
    static int left(bare (*form)(bool)) {
        counted::alive = 0;
        auto running = form(true);
        running.handle.resume();
        running.handle.destroy();
        return counted::alive;
    }
};

struct awaiter {
    awaiter() {}

    bool await_ready() { return false; }

    void await_suspend(std::coroutine_handle<>) {}

    void await_resume() {}
};

struct aggregate {
    counted inside;
};

awaiter wait_for(const aggregate&) {
    return {};
}

awaiter wait_for(const counted&) {
    return {};
}

template <class Function>
    requires std::is_invocable_v<Function>
awaiter wait_with(Function) {
    return {};
}

bare braced(bool) {
    co_await wait_for(aggregate{counted()});
}

bare chosen(bool yes) {
    const counted other;
    co_await wait_for(yes ? counted() : other);
}

bare captured(bool) {
    const counted one;
    co_await wait_with([one] { return one; });
}

bare constructed(bool) {
    co_await wait_for(counted());
}

bare named(bool yes) {
    const counted other;
    const auto one = yes ? counted() : other;
    const aggregate all{one};
    co_await wait_for(all);
    co_await wait_for(one);
}

}  // namespace

TEST_CASE("temporaries in braces and captures are destroyed twice beside co_await by g++ 12") {
    CHECK((bare::left(&braced) == 0) == is_mended);
    CHECK((bare::left(&captured) == 0) == is_mended);
    CHECK(bare::left(&constructed) == 0);
    // With names instead of temporaries.
    CHECK(bare::left(&named) == 0);
}

TEST_CASE("a temporary of a condition is destroyed twice beside co_await by g++ 12") {
    CHECK((bare::left(&chosen) == 0) == is_mended);
}

namespace {

/// Longer than the inline buffer of std::string.
const std::string long_text = "a text that is long enough to be kept on the heap";

struct described {
    std::string text;
    std::string more;
};
BOOST_DESCRIBE_STRUCT(described, (), (text, more))

/// Takes members of several types from its arguments, and answers a struct.
struct echo {
    static constexpr std::string_view component = "test/echo";
    using answer_type = described;

    std::string text;
    described both;

    answers<described> ok() { return answer(described{text, both.more}); }

    markup render() const {
        return html::p(text, both.text, html::button(on<"click", &echo::ok>, "OK"));
    }
};
BOOST_DESCRIBE_STRUCT(echo, (), (text, both, ok))

described make_described() {
    return {long_text, long_text + "!"};
}

std::string joined(const described& of, const std::string& with) {
    return of.text + of.more + with;
}

flow<> all_forms() {
    const auto stay = make_described();
    std::string text = long_text;
    for (int round = 0; round < 3; ++round) {
        // Temporaries of classes with constructors, concatenated, and named structs.
        auto first = co_await call<echo>("<" + text + ">", stay);
        // Moved from a member of a named struct.
        auto [left, right] = co_await call<echo>(std::move(first.text), stay);
        // In conditions.
        while ((co_await call<echo>(left + right, stay)).text.empty()) {
        }
        if (auto third = co_await call<echo>(std::string(left)); third.text != left) co_return;
        // Two in one expression.
        text = (co_await call<echo>("1" + text)).text + (co_await call<echo>("2" + text)).text;
        // Work, with texts and structs.
        text = co_await run(joined, stay, "and " + text);
        // Effects, joined.
        co_await (set_title("Round " + text) + publish("rounds", text));
        // Markup that is shown meanwhile.
        co_await sleep(std::chrono::seconds(1)).showing(html::p("Wait for " + text));
        text.resize(60);
    }
}

/// One turn: the timer, work or event that the flow waits for.
void go_on(driver& d) {
    if (const auto due = next_due(d.now)) {
        d.env.now = *due;
        d.take(fire_timers(d.now, d.env));
    } else if (!unfinished_work(d.now).empty()) {
        const auto work = std::get<command::work>(d.last.outbox.back());
        d.take(finish_work(d.now, work.number, work.run(), d.env));
    } else {
        d.send("ok");
    }
}

}  // namespace

TEST_CASE("the forms in which a flow can be written are safe wherever the flow is destroyed") {
    // Six answers, one piece of work and one sleep in each round.
    constexpr int all = 3 * 8;
    for (int turns = 0; turns <= all; ++turns) {
        CAPTURE(turns);
        driver d(call<all_forms>().release());
        for (int at = 0; at < turns; ++at)
            go_on(d);
        CHECK(d.ended() == (turns == all));
    }
}
