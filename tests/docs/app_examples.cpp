// The examples in the headers of http/, and of conversations as values, header by header. Change
// both: check_header_examples.cmake compares them.

#include <stube/http/app.hpp>
#include <stube/http/login.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/snapshot.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/tree.hpp>
#include <stube/store/sqlite_store.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

// --- app.hpp

struct counter {
    static constexpr std::string_view component = "docs/app_counter";
    int n = 0;

    markup render() const { return p(n); }
};
BOOST_DESCRIBE_STRUCT(counter, (), (n))

struct report {
    static constexpr std::string_view component = "docs/app_report";
    int page = 1;

    markup render() const { return p(page); }
};
BOOST_DESCRIBE_STRUCT(report, (), (page))

struct inbox {
    static constexpr std::string_view component = "docs/app_inbox";

    markup render() const { return p("Inbox"); }
};
BOOST_DESCRIBE_STRUCT(inbox, (), ())

struct audit {
    static constexpr std::string_view component = "docs/app_audit";
    std::string claim;

    markup render() const { return p(claim); }
};
BOOST_DESCRIBE_STRUCT(audit, (), (claim))

struct library {};

int number_from(const std::string& text) {
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos || text.size() > 6)
        throw std::invalid_argument("no number");
    return std::stoi(text);
}

bool is_password_of(const std::string& name, const std::string& password) {
    return name == "ada" && password == "lovelace";
}

// --- snapshot.hpp

/// The content of a disk.
std::map<std::string, std::string>& files() {
    static std::map<std::string, std::string> all;
    return all;
}

void write(const std::string& file, const boost::json::value& what) {
    files()[file] = boost::json::serialize(what);
}

boost::json::value read(const std::string& file) {
    return boost::json::parse(files().at(file));
}

struct rules {
    static constexpr std::string_view component = "demo/rules";
    std::vector<std::string> facts;
    void save(context& c) { write("rules.json", c.snapshot()); }
    markup render() const { return html::button(on<"click", &rules::save>, "Save"); }
};
BOOST_DESCRIBE_STRUCT(rules, (), (facts, save))

TEST_CASE("example: a conversation as a value") {
    test_conversation t{rules{{"cold"}}};
    t.click("Save");
    CHECK(restore(read("rules.json")).revision == 1);

    auto taken = snapshot(t.value());
    test_conversation fresh(restore(taken));

    CHECK(tree(fresh.value()).find("cold") != std::string::npos);
}

int measure() {
    return 21;
}

TEST_CASE("example: the parts of a site") {
    app site;
    login_sessions logins;

    site.mount<counter>("/counter", {.title = "Counter"});

    site.mount<report>("/report", [](const request_info& from) {
        return report{.page = number_from(from.query("page").value_or("1"))};
    });

    site.post("/login", [&](const request_info& from) -> redirect {
        const auto name = from.form("name").value_or("");
        const auto password = from.form("password").value_or("");
        if (!is_password_of(name, password)) return {"/login?failed"};
        return {"/inbox", {logins.begin(name)}};
    });

    site.restore("/rules/saved", [](const request_info&) { return read("rules.json"); });

    library books;
    site.provide(books);

    site.principal([](const request_info& from) {
        return principal(std::string(from.header("X-User")));  // set by the proxy
    });

    site.access([](const access_request& wanted) {
        if (wanted.who.name == wanted.owner.name) return !wanted.who.is_anonymous();
        return wanted.waits_for_visitor || wanted.who.has_role("auditor");
    });

    site.mount<audit>("/audit/{claim}", [](const request_info& from) {
        return audit{.claim = from.parameter("claim").value()};
    });

    site.inspector([](const request_info& from) {
        return from.header("X-Role") == "developer";  // set by the proxy
    });

    std::thread sensor([&] { site.publish("temperature", measure()); });
    sensor.join();

    CHECK_THROWS_AS(site.mount<counter>("/report"), std::invalid_argument);
}

// --- login.hpp

TEST_CASE("example: signing in and out") {
    app site;

    login_sessions logins;
    site.principal([&](const request_info& from) { return logins.user_of(from); });
    site.post("/login", [&](const request_info& from) -> redirect {
        const auto name = from.form("name").value_or("");
        if (!is_password_of(name, from.form("password").value_or(""))) return {"/login?failed"};
        return {"/inbox", {logins.begin(name)}};
    });
    site.post("/logout", [&](const request_info& from) -> redirect {
        return {"/", {logins.end(from)}};
    });
    site.mount<inbox>("/inbox", {.login = "/login"});

    CHECK_THROWS_AS(site.mount<counter>("/inbox"), std::invalid_argument);
}

}  // namespace

TEST_CASE("example: a page that continues another conversation") {
    app site;
    site.fork("/claims/copy", [&](const request_info& from) -> storage::fork_origin {
        const auto id = site.history().find_alias(from.query("claim").value_or(""));
        if (!id) throw std::invalid_argument("no such claim");
        return {*id};
    });
    CHECK_THROWS_AS(site.page("/claims/copy", {}, p()), std::invalid_argument);  // is taken
}

namespace {

struct claim_audit {
    static constexpr std::string_view component = "docs/app_claim_audit";
    std::string claim;
    std::vector<live::audit_event> events;

    void start(context& around) { load(around); }

    void load(context& around) { events = live::history_of(around).event_view(claim); }

    markup render() const { return p(events.size()); }
};
BOOST_DESCRIBE_STRUCT(claim_audit, (), (claim, events, start, load))

}  // namespace

TEST_CASE("example: a component that reads the history of its conversation") {
    const test_conversation t{claim_audit{"4fQ", {}}};
    CHECK(t.error() == "this conversation is not in a server, so it has no history");
}

TEST_CASE("example: the audit of a conversation as JSON") {
    app site;
    const std::string id = "4fQ";
    const auto audit = [&] {
        const auto events = site.history().event_view(id);
        const boost::json::value json = encode(events);
        return json;
    };
    CHECK_THROWS_AS(audit(), std::logic_error);  // no server runs
}

namespace {

struct claim {
    static constexpr std::string_view component = "example/claim";
    int amount = 0;
    std::string status = "open";

    static constexpr std::tuple indexed{&claim::amount, &claim::status};

    markup render() const { return p(amount); }
};
BOOST_DESCRIBE_STRUCT(claim, (), (amount, status))

}  // namespace

TEST_CASE("example: the export of a conversation from a store") {
    using namespace stube::live;
    const auto export_claim = [] {
        stored_history(sqlite_store("claims.db", {.read_only = true, .archive = true}))
            ->export_to("claim-4711", "incident.json");
    };
    CHECK_THROWS_AS(export_claim(), store_refused);  // there is no such database
}

TEST_CASE("example: the claims above an amount that wait for an approver") {
    using namespace stube::live;
    app site;
    const auto search = [&] {
        const auto page =
            site.history().find(conversations_with<claim>()
                                    .where<&claim::amount>(comparison::greater, 1000)
                                    .waits_for({"role:approver"})
                                    .order_by<&claim::amount>(sort_direction::descending)
                                    .limit(50));
        int total = 0;
        for (const auto& found : page.found) {
            const int amount = found.value<&claim::amount>().value_or(0);
            total += amount;
        }
        return total;
    };
    CHECK_THROWS_AS(search(), std::logic_error);  // no server runs
}
