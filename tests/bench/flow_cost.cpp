// Compares a step of a flow with the same step of a task: CPU on the memory store, and the memory
// of a conversation that waits in its third step.
//
// Both call the same component again and again. The flow counts in a local, the task in a member.
// Rounds of the two take turns, and the ratio is taken within each pair: a machine that is slower
// for a while is slower for both. The medians are shown.
#include <stube/flow/flow.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/html.hpp>
#include <stube/store/memory_store.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <malloc.h>
#include <string>
#include <string_view>
#include <time.h>
#include <utility>
#include <vector>

namespace {

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;

struct ask {
    static constexpr std::string_view component = "bench/ask";
    using answer_type = std::string;
    std::string question;

    answers<std::string> say(const std::string& text) { return answer(text); }

    markup render() const {
        using namespace html;
        return section(
            class_("card"),
            h1(question),
            p("Choose one of the two."),
            button(on<"click", &ask::say>("yes"), "Yes"),
            button(on<"click", &ask::say>("no"), "No")
        );
    }
};
BOOST_DESCRIBE_STRUCT(ask, (), (question, say))

struct asking_task {
    static constexpr std::string_view component = "bench/asking_task";
    int number = 0;
    std::string last;

    effects start() {
        return call<ask>("Question " + std::to_string(number)).then<&asking_task::heard>();
    }

    effects heard(std::string text) {
        last = std::move(text);
        ++number;
        return start();
    }
};
BOOST_DESCRIBE_STRUCT(asking_task, (), (number, last, start, heard))

flow<> asking_flow() {
    std::string last;
    for (int number = 0;; ++number)
        last = co_await call<ask>("Question " + std::to_string(number));
}

class here final : public executor {
public:
    void post(std::function<void()> work) override { work(); }
};

conversation_options quiet() {
    conversation_options options;
    options.logger =
        std::make_shared<spdlog::logger>("quiet", std::make_shared<spdlog::sinks::null_sink_mt>());
    options.max_per_owner = 1'000'000;
    return options;
}

/// Conversations of one kind.
class site {
public:
    reply begin(const effect::call& root) {
        reply out;
        map_.mint("/", root, "me", "", on_, [&](reply&& r) { out = std::move(r); });
        return out;
    }

    reply answer(const std::string& id, instance_id to) {
        event what;
        what.id = ++last_;
        what.instance = to;
        what.name = "say";
        what.arguments = "[\"yes\"]";
        reply out;
        map_.send(id, "me", std::move(what), on_, [&](reply&& r) { out = std::move(r); });
        return out;
    }

private:
    conversation_map map_{memory_store(), quiet()};
    here on_;
    event_id last_ = 0;
};

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Microseconds of CPU for one step.
double cost_of_a_step(const effect::call& root, int steps) {
    site at;
    auto now = at.begin(root);
    auto step = [&] {
        now = at.answer(now.value->id, now.value->top().id);
        if (now.result != status::ok) std::terminate();
    };
    for (int warm = 0; warm < 100; ++warm)
        step();
    const auto before = cpu_seconds();
    for (int done = 0; done < steps; ++done)
        step();
    return (cpu_seconds() - before) * 1e6 / steps;
}

/// Bytes of one conversation that waits in its third step.
template <class Root>
double bytes_of_a_conversation(Root root, int count) {
    site at;
    const auto before = mallinfo2().uordblks;
    for (int made = 0; made < count; ++made) {
        auto now = at.begin(root());
        for (int step = 0; step < 2; ++step)
            now = at.answer(now.value->id, now.value->top().id);
    }
    return static_cast<double>(mallinfo2().uordblks - before) / count;
}

double median(std::vector<double> of) {
    std::ranges::sort(of);
    return of[of.size() / 2];
}

}  // namespace

int main(int count, char** words) {
    const bool quick = count > 1 && std::string_view(words[1]) == "--quick";
    const int rounds = quick ? 1 : 11;
    const int steps = quick ? 200 : 50'000;
    std::vector<double> tasks, flows, ratios;
    for (int round = 0; round < rounds; ++round) {
        tasks.push_back(cost_of_a_step(call<asking_task>().release(), steps));
        flows.push_back(cost_of_a_step(call<asking_flow>().release(), steps));
        ratios.push_back(flows.back() / tasks.back());
    }
    const int conversations = quick ? 100 : 10'000;
    const auto task_bytes =
        bytes_of_a_conversation([] { return call<asking_task>().release(); }, conversations);
    const auto flow_bytes =
        bytes_of_a_conversation([] { return call<asking_flow>().release(); }, conversations);
    std::printf(
        "one step, CPU:            task %6.2f us   flow %6.2f us   ratio %.2f\n",
        median(tasks),
        median(flows),
        median(ratios)
    );
    std::printf(
        "one conversation, bytes:  task %6.0f      flow %6.0f      difference %+.0f\n",
        task_bytes,
        flow_bytes,
        flow_bytes - task_bytes
    );
    return 0;
}
