#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/awaiting.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <boost/describe/class.hpp>

#include <doctest/doctest.h>

using namespace stube;
using namespace stube::html;

namespace {

const principal ada{"Ada", {"clerk"}};
const principal grace{"Grace", {"approver"}};
const principal edsger{"Edsger"};

struct reason {
    static constexpr std::string_view component = "principal/reason";

    effects give() { return effects(); }

    markup render() const { return p(button(on<"click", &reason::give>, "Give a reason")); }
};
BOOST_DESCRIBE_STRUCT(reason, (), (give))

struct comment {
    static constexpr std::string_view component = "principal/comment";
    int count = 0;

    audience waits_for() const { return audience::anyone(); }

    void add() { ++count; }

    markup render() const {
        return p("comments: ", count, button(on<"click", &comment::add>, "Comment"));
    }
};
BOOST_DESCRIBE_STRUCT(comment, (), (count, add))

struct approval {
    static constexpr std::string_view component = "principal/approval";
    using answer_type = std::string;
    slot<comment> talk;

    audience waits_for() const { return audience::role("approver"); }

    answers<std::string> approve(context& c) {
        return answer(c.principal().name + " for " + c.owner().name);
    }

    effects explain() { return call<reason>(); }

    markup render(const context& c) const {
        return div(
            p("shown to ", c.principal().name),
            button(on<"click", &approval::approve>, "Approve"),
            button(on<"click", &approval::explain>, "Explain"),
            talk
        );
    }
};
BOOST_DESCRIBE_STRUCT(approval, (), (talk, approve, explain))

struct claim {
    static constexpr std::string_view component = "principal/claim";
    std::string result = "open";
    int roles = 0;

    effects submit() { return call<approval>().then<&claim::approved>(); }

    void approved(std::string by) { result = "approved by " + by; }

    void look(context& c) { roles = static_cast<int>(c.owner().roles.size()); }

    markup render() const {
        return div(
            p(result),
            button(on<"click", &claim::submit>, "Submit"),
            button(on<"click", &claim::look>, "Look")
        );
    }
};
BOOST_DESCRIBE_STRUCT(claim, (), (result, roles, submit, approved, look))

test_conversation claim_of_ada() {
    test_conversation t(call<claim>());
    t.principal(ada);
    return t;
}

int roles_seen(const test_conversation& t) {
    return static_cast<const claim*>(t.value().top().state.get())->roles;
}

const std::string refusal = "This step waits for somebody else. Nothing was changed.";

bool is_refused(const test_conversation& t) {
    return t.notices().size() == 1 && t.notices().front() == refusal;
}

}  // namespace

TEST_CASE("an audience includes the users of a role, a named user, the owner, or anyone") {
    CHECK(audience::role("approver").includes(grace, ada));
    CHECK_FALSE(audience::role("approver").includes(ada, ada));
    CHECK(audience::user("Ada").includes(ada, grace));
    CHECK_FALSE(audience::user("Ada").includes(grace, ada));
    CHECK(audience::owner().includes(ada, ada));
    CHECK_FALSE(audience::owner().includes(grace, ada));
    CHECK(audience::anyone().includes(principal(), ada));

    const auto either = audience::user("Edsger") | audience::role("approver");
    CHECK(either.includes(edsger, ada));
    CHECK(either.includes(grace, ada));
    CHECK_FALSE(either.includes(ada, ada));
}

TEST_CASE("an anonymous visitor is not a named user, but owns the visitor's own conversation") {
    CHECK_FALSE(audience::user("").includes(principal(), ada));
    CHECK(audience::owner().includes(principal(), principal()));
}

TEST_CASE("an audience of anyone includes everybody and names nobody") {
    const auto all = audience::anyone() | audience::user("Ada");
    CHECK(all.includes(edsger, grace));
    CHECK_FALSE(all.names(edsger, grace));
    CHECK(all.names(ada, grace));
}

TEST_CASE("the texts of an audience contain the owner by name, and nobody for anyone") {
    const auto both = audience::owner() | audience::role("approver");
    CHECK(both.texts(ada) == std::vector<std::string>{"user:Ada", "role:approver"});
    CHECK(both.texts(principal()) == std::vector<std::string>{"role:approver"});
    CHECK(audience::anyone().texts(ada).empty());
}

TEST_CASE("the texts that name a user are those of the name and of each role") {
    CHECK(
        texts_naming({"Grace", {"approver", "auditor"}}) ==
        std::vector<std::string>{"user:Grace", "role:approver", "role:auditor"}
    );
    CHECK(texts_naming(principal()).empty());
}

TEST_CASE("a component accepts events only of users for whom it waits") {
    auto t = claim_of_ada();
    t.click("Submit");
    t.click("Approve");
    CHECK(is_refused(t));
    t.as(edsger).click("Approve");
    CHECK(is_refused(t));
    t.as(grace).click("Approve");
    CHECK(t.notices().empty());
    CHECK(t.text().contains("approved by Grace for Ada"));
}

TEST_CASE("a component without an audience accepts events of everybody who may use the page") {
    auto t = claim_of_ada();
    t.as(edsger).click("Look");
    CHECK(t.notices().empty());
}

TEST_CASE("a called component has the audience of its caller") {
    auto t = claim_of_ada();
    t.click("Submit").as(grace).click("Explain");
    t.as(ada).click("Give a reason");
    CHECK(is_refused(t));
    t.as(grace).click("Give a reason");
    CHECK(t.notices().empty());
}

TEST_CASE("a child with an audience of its own does not have that of its owner") {
    auto t = claim_of_ada();
    t.click("Submit").click("Comment");
    CHECK(t.notices().empty());
    CHECK(t.text().contains("comments: 1"));
}

TEST_CASE("only users for whom the page waits can go back from it") {
    auto t = claim_of_ada();
    t.click("Submit").back();
    CHECK(is_refused(t));
    t.as(grace).back();
    CHECK(t.text().contains("open"));
}

TEST_CASE("a page looks the same whoever has sent the last event") {
    auto t = claim_of_ada();
    t.click("Submit").as(grace).click("Comment");
    CHECK(t.text().contains("shown to Ada"));
}

TEST_CASE("the owner of a conversation has the roles of the owner's last event") {
    auto t = claim_of_ada();
    t.as({"Ada", {"clerk", "approver"}}).click("Look");
    CHECK(roles_seen(t) == 2);
    t.as(grace).click("Look");
    CHECK(roles_seen(t) == 2);
    t.as(ada).click("Look");
    CHECK(roles_seen(t) == 1);
}

TEST_CASE("a conversation waits for the audiences of its shown components") {
    auto t = claim_of_ada();
    t.click("Look");
    CHECK(kernel::awaited_by(t.value()) == std::vector<std::string>{"user:Ada"});
    CHECK(kernel::waits_for(t.value(), ada));
    CHECK_FALSE(kernel::waits_for(t.value(), grace));

    t.click("Submit");
    CHECK(kernel::awaited_by(t.value()) == std::vector<std::string>{"role:approver"});
    CHECK(kernel::waits_for(t.value(), grace));
    // The comments accept events of anyone, but the page does not wait for everybody.
    CHECK_FALSE(kernel::waits_for(t.value(), edsger));
}

TEST_CASE("an anonymous conversation without an audience waits for nobody by name") {
    test_conversation t(call<claim>());
    t.click("Look");
    CHECK(kernel::awaited_by(t.value()).empty());
    CHECK_FALSE(kernel::waits_for(t.value(), principal()));
}

TEST_CASE("the owner and the owner's roles are stored") {
    auto t = claim_of_ada();
    t.click("Look");
    const auto& value = t.value();
    const auto change = kernel::encode_change(nullptr, value, false);
    const auto again =
        kernel::decode_conversation({change.id, change.revision, change.status, change.written});
    CHECK(again.principal == ada);

    test_conversation other(call<claim>());
    other.principal(edsger).click("Look");
    const auto without = kernel::encode_change(nullptr, other.value(), false);
    for (const auto& part : without.written)
        CHECK(part.body.find("roles\":[") == std::string::npos);
}
