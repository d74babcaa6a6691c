#include "flow/steps.hpp"

#include <stube/runtime/live.hpp>

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <future>
#include <sstream>
#include <vector>

using namespace flow_test;

namespace {

flow<std::string> short_flow() {
    co_return co_await call<ask>("Anything?");
}

/// Keeps what a plain component and a flow do to one conversation apart.
struct host {
    static constexpr std::string_view component = "test/host";

    std::string heard;

    effects go() { return call<short_flow>().then<&host::back>(); }

    void back(std::string text) { heard = text; }

    markup render() const { return html::div(heard, html::button(on<"click", &host::go>, "Go")); }
};
BOOST_DESCRIBE_STRUCT(host, (), (heard, go, back))

/// Remembers what it was told to save.
class recording_store final : public store {
public:
    explicit recording_store(std::vector<change>& saved) : saved_(saved) {}

    load_report load_all(const std::function<void(record&&)>&) override { return {}; }

    void save(std::span<const change> batch) override {
        saved_.insert(saved_.end(), batch.begin(), batch.end());
    }

private:
    std::vector<change>& saved_;
};

class here final : public runner {
public:
    void post(std::function<void()> work) override { work(); }
};

/// A live map with a recording store and a log to read, used from one thread.
struct fixture {
    fixture() {
        live_options options;
        options.logger = std::make_shared<spdlog::logger>(
            "test",
            std::make_shared<spdlog::sinks::ostream_sink_mt>(log)
        );
        live = std::make_unique<live_map>(std::make_unique<recording_store>(saved), options);
        id = wait([&](on_reply done) {
                 live->mint("/", call<host>().release(), "me", "", on, done);
             }).value->id;
    }

    reply wait(const std::function<void(on_reply)>& operation) {
        std::promise<reply> answer;
        operation([&](reply&& r) { answer.set_value(std::move(r)); });
        return answer.get_future().get();
    }

    reply send(instance_id instance, std::string member, std::string arguments = {}) {
        event what;
        what.instance = instance;
        what.name = std::move(member);
        what.arguments = std::move(arguments);
        return wait([&](on_reply done) { live->send(id, "me", what, on, done); });
    }

    std::vector<change> saved;
    std::ostringstream log;
    here on;
    std::unique_ptr<live_map> live;
    std::string id;
};

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

}  // namespace

TEST_CASE("while a conversation holds a flow its stored copy is a mark and it is saved no more") {
    fixture f;
    REQUIRE(f.saved.size() == 1);
    CHECK(f.saved[0].status == keeping::kept);

    auto called = f.send(1, "go");

    REQUIRE(f.saved.size() == 2);
    CHECK(f.saved[1].status == keeping::not_kept);
    CHECK(f.saved[1].what == change::kind::replace);
    REQUIRE(f.saved[1].written.size() == 1);
    CHECK(f.saved[1].written[0].name == "head");
    CHECK(called.value->stack().size() == 3);

    f.send(99, "say", "[\"stale\"]");
    CHECK(f.saved.size() == 2);
}

TEST_CASE("when the flow has answered the conversation is saved whole again") {
    fixture f;
    f.send(1, "go");

    auto back = f.send(3, "say", "[\"hello\"]");

    CHECK(back.what == status::ok);
    REQUIRE(f.saved.size() == 3);
    CHECK(f.saved[2].status == keeping::kept);
    CHECK(f.saved[2].what == change::kind::replace);
    // Head, the caller as it was before the flow (the step that Back returns to), and the caller.
    REQUIRE(f.saved[2].written.size() == 3);
    CHECK(f.saved[2].written[2].name == "i1");
    CHECK(count(f.saved[2].written[2].body, "hello") == 1);
}

TEST_CASE("the log warns once for each conversation and names it and the flow") {
    fixture f;

    f.send(1, "go");
    f.send(3, "say", "[\"hello\"]");
    f.send(1, "go");

    CHECK(count(f.log.str(), "warning") == 1);
    CHECK(count(f.log.str(), "conversation=" + f.id) == 1);
    CHECK(count(f.log.str(), "short_flow") == 1);
}

TEST_CASE("a mark that is loaded tells its owner where to begin again") {
    fixture f;
    f.send(1, "go");
    record stored{f.id, f.saved[1].revision, f.saved[1].status, f.saved[1].written};

    auto mark = decode_mark(stored);

    CHECK(mark.owner == "me");
    CHECK(mark.mount == "/");
}
