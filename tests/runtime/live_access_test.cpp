#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/html.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum_to_string.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace live_test;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

const principal ada{"Ada"};
const principal grace{"Grace", {"approver"}};
const principal mallory{"Mallory"};

struct order {
    static constexpr std::string_view component = "access/order";
    int n = 0;
    std::string last;

    void add(context& c) {
        ++n;
        last = c.principal().name;
    }

    effects name(const std::string& alias) { return write_alias(alias); }

    effects finish() { return end(p("Done")); }

    markup render() const {
        return div(
            button(on<"click", &order::add>, n),
            button(on<"click", &order::name>("order-1"), "n"),
            button(on<"click", &order::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(order, (), (n, last, add, name, finish))

struct approval {
    static constexpr std::string_view component = "access/approval";
    bool is_done = false;

    audience waits_for() const { return audience::role("approver"); }

    void approve() { is_done = true; }

    markup render() const {
        return p(button(on<"click", &approval::approve>, is_done ? "done" : "open"));
    }
};
BOOST_DESCRIBE_STRUCT(approval, (), (is_done, approve))

/// Reads the history of its own conversation.
struct reader {
    static constexpr std::string_view component = "access/reader";
    bool has_any = false;
    std::size_t of_user = 0;
    std::size_t whole = 0;

    void read(context& around) {
        has_any = has_history(around);
        of_user = history_of(around).event_view(around.conversation_id()).size();
        whole = whole_history_of(around).event_view(around.conversation_id()).size();
    }

    void hope(context& around) { has_any = has_history(around); }

    markup render() const {
        return p(button(on<"click", &reader::read>, "r"), button(on<"click", &reader::hope>, "h"));
    }
};
BOOST_DESCRIBE_STRUCT(reader, (), (has_any, of_user, whole, read, hope))

/// A conversation of Ada's in a world with an archive and a rule.
struct guarded_world {
    explicit guarded_world(access_rule rule, effect::call root = call<order>().release())
        : w(with_archive(), [&](conversation_options& options) { options.access = rule; }) {
        pending p;
        w.map().mint("/orders", std::move(root), "browser of Ada", ada, w.thread, p.callback());
        id = w.wait(p).value->id;
        w.wait(w.open(id, "browser of Ada"));
    }

    static std::shared_ptr<script> with_archive() {
        auto told = std::make_shared<script>();
        told->archives = true;
        return told;
    }

    reply send(const principal& who, std::string member, std::string arguments = "") {
        pending p;
        const auto browser = "browser of " + who.name;
        auto sent = w.to_top(id, std::move(member), std::move(arguments));
        w.map().send(id, {browser, &who}, std::move(sent), w.thread, p.callback());
        return w.wait(p);
    }

    status see(const principal& who) {
        pending p;
        w.map().open(id, {"browser of " + who.name, &who}, w.thread, p.callback());
        return w.wait(p).result;
    }

    reply fork(const principal& who) {
        pending p;
        const auto browser = "browser of " + who.name;
        w.map().mint("/orders", fork_of{id, 0}, browser, who, w.thread, p.callback());
        return w.wait(p);
    }

    status alias(const std::string& of, const std::string& name) {
        auto result = w.map().write_alias(of, name);
        while (result.wait_for(0s) != std::future_status::ready)
            w.thread.run_one();
        return result.get();
    }

    status alias(const std::string& name) { return alias(id, name); }

    world w;
    std::string id;
};

bool allow_approvers(const access_request& wanted) {
    return wanted.who.has_role("approver");
}

}  // namespace

TEST_CASE("without a rule, a conversation of somebody else can be neither seen nor used") {
    guarded_world g({});
    CHECK(g.see(grace) == status::foreign);
    CHECK(g.send(grace, "add").result == status::foreign);
    CHECK(g.fork(grace).result == status::failed);
    CHECK(g.w.value(g.id)->revision == 1);
    CHECK(g.w.map().size() == 1);
}

TEST_CASE("the rule decides who may see and use a conversation of somebody else") {
    guarded_world g(allow_approvers);
    CHECK(g.see(grace) == status::ok);
    CHECK(g.send(grace, "add").result == status::ok);
    CHECK(g.see(mallory) == status::foreign);
    CHECK(g.send(mallory, "add").result == status::foreign);
    const auto value = g.w.value(g.id);
    CHECK(static_cast<const order*>(value->top().state.get())->n == 1);
    CHECK(value->principal == ada);
}

TEST_CASE("the rule receives the purpose, the user, the owner, the mount, and whether it waits") {
    std::vector<std::string> asked;
    guarded_world g(
        [&](const access_request& wanted) {
            asked.push_back(
                std::string(boost::describe::enum_to_string(wanted.purpose, "")) + " " +
                wanted.who.name + " " + wanted.owner.name + " " + std::string(wanted.mount) +
                (wanted.waits_for_visitor ? " waits" : "")
            );
            return true;
        },
        call<approval>().release()
    );
    g.see(mallory);
    g.send(grace, "approve");
    CHECK(
        asked == std::vector<std::string>{"see Mallory Ada /orders", "act Grace Ada /orders waits"}
    );
}

TEST_CASE("the rule is not asked about the owner in the owner's browser") {
    guarded_world g([](const access_request&) -> bool { throw std::logic_error("asked"); });
    CHECK(g.see(ada) == status::ok);
    CHECK(g.send(ada, "add").result == status::ok);
}

TEST_CASE("a rule that throws allows nothing, and the log has its reason") {
    guarded_world g([](const access_request&) -> bool {
        throw std::runtime_error("the directory is down");
    });
    CHECK(g.see(grace) == status::foreign);
    CHECK(g.w.log().find("the directory is down") != std::string::npos);
}

TEST_CASE("the rule does not open a component that waits for another user") {
    guarded_world g([](const access_request&) { return true; }, call<approval>().release());
    CHECK(g.send(mallory, "approve").result == status::forbidden);
    CHECK(g.send(ada, "approve").result == status::forbidden);
    CHECK(g.w.value(g.id)->revision == 1);
    CHECK(g.send(grace, "approve").result == status::ok);
}

TEST_CASE("an event records who has acted, with the user's roles") {
    guarded_world g(allow_approvers);
    g.send(grace, "add");
    const auto event = g.w.store().changes().back().commit->event;
    CHECK(event.find(R"("principal":"Grace","roles":["approver"])") != std::string::npos);
    CHECK(g.w.map().history().event_view(g.id).back().principal == "Grace");
    const auto value = g.w.value(g.id);
    CHECK(static_cast<const order*>(value->top().state.get())->last == "Grace");
}

TEST_CASE("a fork of a conversation of somebody else needs the rule") {
    guarded_world g(allow_approvers);
    CHECK(g.fork(mallory).result == status::failed);
    CHECK(g.fork(ada).result == status::ok);
    const auto forked = g.fork(grace);
    REQUIRE(forked.result == status::ok);
    CHECK(forked.value->principal == grace);
}

TEST_CASE("the history for a user has the user's own conversations and those that the rule allows"
) {
    guarded_world g([](const access_request& wanted) {
        return wanted.purpose == access_purpose::audit && wanted.who.has_role("approver");
    });
    g.send(ada, "name", R"(["order-1"])");
    g.fork(ada);
    for (const auto& who : {ada, grace}) {
        const auto history = g.w.map().history(who);
        CHECK(history.view(g.id));
        CHECK(history.event_view(g.id).size() == 2);
        CHECK(history.history_view(g.id).aliases == std::vector<std::string>{"order-1"});
        CHECK(history.message_records(g.id).size() == 3);
        CHECK(history.derivations(g.id).size() == 1);
    }
    CHECK(g.w.map().history(ada).find_alias("order-1") == g.id);
    CHECK_FALSE(g.w.map().history(grace).find_alias("order-1"));  // another purpose
}

TEST_CASE("a conversation that a user may not see appears not to exist in the user's history") {
    guarded_world g({});
    g.send(ada, "name", R"(["order-1"])");
    g.fork(ada);
    for (const auto& who : {mallory, grace, principal()}) {
        const auto history = g.w.map().history(who);
        CHECK_FALSE(history.view(g.id));
        CHECK(history.event_view(g.id).empty());
        CHECK(history.history_view(g.id).events.empty());
        CHECK(history.history_view(g.id).aliases.empty());
        CHECK(history.message_records(g.id, {.include_content = true}).empty());
        CHECK(history.derivations(g.id).empty());
        CHECK_FALSE(history.find_alias("order-1"));
    }
}

TEST_CASE("a conversation that has ended stays visible to its owner only") {
    guarded_world g([](const access_request& wanted) { return wanted.waits_for_visitor; });
    g.send(ada, "finish");
    CHECK(g.w.map().history(ada).event_view(g.id).size() == 2);
    CHECK(g.w.map().history(grace).event_view(g.id).empty());
}

TEST_CASE("an application gives a conversation an alias without an event") {
    guarded_world g({});
    CHECK(g.alias("order-7") == status::ok);
    CHECK(g.w.map().history().find_alias("order-7") == g.id);
    const auto events = g.w.map().history().event_view(g.id);
    CHECK(events.back().kind == "naming");
    CHECK(events.back().alias == "order-7");
    CHECK(g.alias("order-7") == status::ok);
}

TEST_CASE("an alias is refused if it is taken or invalid, or if there is no such conversation") {
    guarded_world g({});
    CHECK(g.alias("order-7") == status::ok);
    const auto other = g.w.minted(call<order>().release());
    CHECK(g.alias(other, "order-7") == status::failed);
    CHECK(g.alias("unknown", "order-8") == status::gone);
    CHECK_THROWS_AS(g.w.map().write_alias(g.id, ""), std::invalid_argument);

    world without;
    CHECK_THROWS_AS(without.map().write_alias("any", "order-1"), store_refused);
}

TEST_CASE("a handler reads the history that the acting user may see, or the whole one") {
    const auto rule = [](const access_request& wanted) {
        return wanted.purpose == access_purpose::act;
    };
    guarded_world g(rule, call<reader>().release());
    const auto state = [&] {
        return static_cast<const reader*>(g.w.value(g.id)->top().state.get());
    };
    g.send(ada, "read");
    CHECK(state()->has_any);
    CHECK(state()->of_user == 1);  // the visit; this event is not a commit yet
    CHECK(state()->whole == 1);
    g.send(grace, "read");
    CHECK(state()->of_user == 0);
    CHECK(state()->whole == 2);
}

TEST_CASE("a conversation whose store keeps no archive has no history") {
    world w;
    const auto id = w.minted(call<reader>().release());
    w.wait(w.send(id, w.to_top(id, "hope")));
    CHECK_FALSE(static_cast<const reader*>(w.value(id)->top().state.get())->has_any);
    CHECK(w.wait(w.send(id, w.to_top(id, "read"))).result == status::failed);
}
