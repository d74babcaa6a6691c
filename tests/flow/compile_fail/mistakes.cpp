// Mistakes in flows that the compiler must report, each with a helpful text. This file is compiled
// once for each macro below (see ../CMakeLists.txt). Without any of the macros it compiles.

#include <stube/flow/flow.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>

#include <chrono>
#include <coroutine>
#include <future>
#include <span>
#include <string>
#include <string_view>

using namespace stube;
using namespace std::chrono_literals;

struct dates {
    std::string from;
    std::string to;
};
BOOST_DESCRIBE_STRUCT(dates, (), (from, to))

struct ask {
    static constexpr std::string_view component = "fail/ask";
    using answer_type = int;
    dates known;

    void ready(int) {}

    markup render() const { return html::p(); }
};
BOOST_DESCRIBE_STRUCT(ask, (), (known, ready))

int length_of(const dates& of) {
    return static_cast<int>(of.from.size());
}

flow<int> other() {
    co_return 1;
}

#ifdef reference_parameter
flow<> by_reference(const std::string&) {
    co_return;
}
#endif
#ifdef pointer_parameter
flow<> by_pointer(const char*) {
    co_return;
}
#endif
#ifdef string_view_parameter
flow<> by_view(std::string_view) {
    co_return;
}
#endif
#ifdef span_parameter
flow<> by_span(std::span<int>) {
    co_return;
}
#endif
#ifdef member_function
struct owner {
    int number = 0;

    flow<> member() { co_return; }
};
#endif
#ifdef reference_as_answer
flow<int&> answering_a_reference(int number) {
    co_return number;
}
#endif

flow<int> mistakes(int number) {
    const dates named{"today", "tomorrow"};
    int sum = co_await call<ask>(named);
    sum += co_await run(length_of, named);
    sum += co_await call<other>();
    co_await sleep(1s);
#ifdef await_of_suspend_always
    co_await std::suspend_always();
#endif
#ifdef await_of_a_number
    co_await number;
#endif
#ifdef await_of_a_duration
    co_await 30s;
#endif
#ifdef await_of_a_future
    co_await std::async([] { return 1; });
#endif
#ifdef await_of_a_flow
    co_await other();
#endif
#ifdef await_of_an_answer
    co_await answer(1);
#endif
#ifdef await_of_work_with_a_member
    co_await run<&ask::ready>([] { return 1; });
#endif
#ifdef yield_of_a_value
    co_yield 1;
#endif
#ifdef lambda_coroutine
    auto inner = [number]() -> flow<> { co_await call<other>(); };
    inner();
#endif
#ifdef work_with_captures
    co_await run([number] { return number; });
#endif
#ifdef work_that_refers_to_the_flow
    co_await run([&] { return number; });
#endif
#ifdef work_with_wrong_arguments
    co_await run(length_of, 1);
#endif
#ifdef braced_struct_in_a_call
    co_await call<ask>(dates{"today", "tomorrow"});
#endif
#ifdef braced_struct_for_work
    co_await run(length_of, dates{"today", "tomorrow"});
#endif
#ifdef call_of_a_flow_with_wrong_arguments
    co_await call<mistakes>(named);
#endif
    co_return sum + number;
}
