#include "flow/live.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace flow_test;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

/// The names of the destroyed locals, in order.
names destroyed;

/// A local with a name.
class local {
public:
    explicit local(std::string name) : name_(std::move(name)) {}

    local(local&& other) noexcept : name_(std::exchange(other.name_, {})) {}

    local(const local&) = delete;
    local& operator=(const local&) = delete;
    local& operator=(local&&) = delete;

    ~local() {
        if (!name_.empty()) destroyed.push_back(name_);
    }

private:
    std::string name_;
};

flow<std::string> steps(local) {
    local outer("outer");
    co_await call<ask>("One");
    local inner("inner");
    std::string how = co_await call<ask>("Two");
    if (how == "throw") throw std::runtime_error("thrown");
    if (how == "fail") co_await fail("failed");
    if (how == "end") co_await end();
    if (how == "become") co_await become<ask>("became");
    if (how == "sleep") co_await sleep(1h);
    if (how == "work") co_await run([] {});
    co_return how;
}

const names all{"inner", "outer", "parameter"};

flow<> around() {
    local mine("around");
    co_await call<steps>(local("parameter"));
    co_await call<ask>("Done");
}

/// A component that calls a flow, and has flows in a list.
struct host {
    static constexpr std::string_view component = "test/life_host";

    std::string received;
    keyed<flow_of<around>> list;

    effects go() { return call<steps>(local("parameter")).then<&host::back_again>(); }

    void add(int key) { list.push_back(key, flow_of<around>()); }

    void drop(int key) { list.erase(key); }

    effects leave() { return become<ask>("left"); }

    void back_again(std::string text) { received = std::move(text); }

    markup render() const {
        using namespace html;
        return div(
            received,
            div(list),
            button(on<"click", &host::go>, "Go"),
            button(on<"click", &host::add>(1), "Add"),
            button(on<"click", &host::drop>(1), "Drop"),
            button(on<"click", &host::leave>, "Leave")
        );
    }
};
BOOST_DESCRIBE_STRUCT(host, (), (received, list, go, add, drop, leave, back_again))

/// A site whose flow has reached its second step.
site& at_second_step(site& s) {
    destroyed.clear();
    s.begin(call<host>().release());
    s.send("go");
    s.say("");
    return s;
}

}  // namespace

TEST_CASE("the locals of a flow that returns or throws or leaves are destroyed in reverse order") {
    for (const char* how : {"return", "throw", "fail", "end", "become"}) {
        CAPTURE(how);
        site s;
        at_second_step(s);
        CHECK(destroyed.empty());

        s.say(how);

        CHECK(destroyed == all);
    }
}

TEST_CASE("the locals of a flow are destroyed when its callee ends the conversation") {
    site s;
    at_second_step(s);

    s.send("leave_all");

    CHECK(destroyed == all);
}

TEST_CASE("the locals of a flow are destroyed when the user goes back to the step before it") {
    destroyed.clear();
    site s;
    s.begin(call<host>().release());
    s.send("go");

    CHECK(s.back().result == status::ok);

    CHECK(destroyed == names{"outer", "parameter"});
}

TEST_CASE("the locals of a flow that sleeps or waits for work are destroyed with the map") {
    for (const char* how : {"sleep", "work"}) {
        CAPTURE(how);
        site s;
        at_second_step(s);
        s.say(how);
        CHECK(destroyed.empty());

        s.live.reset();

        CHECK(destroyed == all);
    }
}

TEST_CASE("the locals of a flow are destroyed when its conversation expires") {
    site s({memory_store()}, [](conversation_options& options) { options.grace_after_start = 0h; });
    at_second_step(s);

    s.now = s.now.load() + 25h;
    s.live->reap();

    CHECK(destroyed == all);
}

TEST_CASE("the locals of a flow are destroyed when the server stops") {
    site s;
    at_second_step(s);

    s.live->stop();
    s.live.reset();

    CHECK(destroyed == all);
}

TEST_CASE("the locals of a called flow are destroyed before those of its caller") {
    destroyed.clear();
    {
        site s;
        s.begin(call<around>().release());
        s.say("");
        CHECK(destroyed.empty());
    }
    CHECK(destroyed == names{"inner", "outer", "parameter", "around"});
}

TEST_CASE("the locals of a child flow are destroyed when it is erased from its list") {
    destroyed.clear();
    site s;
    s.begin(call<host>().release());
    s.send(1, "add", "[1]");

    s.send(1, "drop", "[1]");

    CHECK(destroyed.size() == 3);
}

TEST_CASE("the locals of a child flow are destroyed with its owner") {
    destroyed.clear();
    site s;
    s.begin(call<host>().release());
    s.send(1, "add", "[1]");

    s.send(1, "leave");

    CHECK(destroyed.size() == 3);
    CHECK(contains(s.page(), "left"));
}

TEST_CASE("a flow that was never started destroys its parameters") {
    destroyed.clear();
    {
        auto request = call<steps>(local("parameter"));
    }
    CHECK(destroyed == names{"parameter"});
}

namespace {

conversation_map* served = nullptr;

/// Publishes a message when it is destroyed.
struct teller {
    ~teller() {
        if (served) served->publish("gone", "[]");
    }
};

flow<> telling() {
    teller at_the_end;
    co_await call<ask>("Stay?");
    co_await call<ask>("Still?");
}

struct listener {
    static constexpr std::string_view component = "test/listener";

    int received = 0;

    effects start() {
        return subscribe<&listener::hear>("gone") + call<telling>().then<&listener::ended>();
    }

    void hear() { ++received; }

    void ended() {}

    markup render() const { return html::p("Heard ", received); }
};
BOOST_DESCRIBE_STRUCT(listener, (), (received, start, hear, ended))

}  // namespace

TEST_CASE("the destructor of a flow's local may publish to the flow's own conversation") {
    site s;
    served = s.live.get();
    s.begin(call<listener>().release());

    s.say("");
    s.say("");
    CHECK(contains(s.page(), "Heard 1"));

    s.begin(call<listener>().release());
    s.live->stop();
    s.live.reset();
    served = nullptr;
}
