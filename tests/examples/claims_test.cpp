#include "claims/claim.hpp"
#include "claims/inbox.hpp"
#include "everyone.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <doctest/doctest.h>

using namespace stube;

namespace {

const principal ada{"ada"};
const principal grace{"grace", {"approver"}};

test_conversation submitted_claim(gallery::everyone& all) {
    test_conversation t{claims::claim()};
    t.provide(all).principal(ada);
    t.fill("What was the money for?", "Train").fill("Amount in euros", "120").submit();
    return t;
}

}  // namespace

TEST_CASE("a claim waits for an approver and shows the decision") {
    gallery::everyone all;
    auto t = submitted_claim(all);
    CHECK(t.text().contains("Waiting for an approver"));
    t.as(grace).click("Approve");
    CHECK(t.text().contains("Approved by grace"));
    CHECK(t.text().contains("Train"));
}

TEST_CASE("a claim that waits for an approver is kept") {
    gallery::everyone all;
    CHECK(submitted_claim(all).is_kept());
}

TEST_CASE("a claimant cannot decide about a claim") {
    gallery::everyone all;
    auto t = submitted_claim(all);
    t.click("Approve");
    CHECK(t.text().contains("Waiting for an approver"));
    REQUIRE(t.notices().size() == 1);
    CHECK(t.notices().front() == "This step waits for somebody else. Nothing was changed.");
}

TEST_CASE("an approver cannot approve the own claim") {
    const principal both{"ada", {"approver"}};
    gallery::everyone all;
    test_conversation t{claims::claim()};
    t.provide(all).principal(both);
    t.fill("What was the money for?", "Train").fill("Amount in euros", "120").submit();
    t.click("Approve");
    CHECK(t.text().contains("Nobody approves their own claim"));
    CHECK(t.text().contains("Waiting for an approver"));
}

TEST_CASE("an approver cannot fill in the claim of somebody else") {
    gallery::everyone all;
    test_conversation t{claims::claim()};
    t.provide(all).principal(ada).as(grace);
    t.fill("What was the money for?", "Train").fill("Amount in euros", "120").submit();
    CHECK(t.text().contains("Claim expenses"));
    REQUIRE(t.notices().size() == 1);
}

TEST_CASE("a refusal needs a reason") {
    gallery::everyone all;
    auto t = submitted_claim(all);
    t.as(grace).click("Refuse");
    CHECK(t.text().contains("Say why the claim is refused"));
    t.fill("Reason (if you refuse)", "No receipt").click("Refuse");
    CHECK(t.text().contains("Refused by grace"));
    CHECK(t.text().contains("No receipt"));
}

TEST_CASE("an amount beyond the limits is not submitted") {
    gallery::everyone all;
    test_conversation t{claims::claim()};
    t.provide(all).principal(ada);
    t.fill("What was the money for?", "Train").fill("Amount in euros", "10001").submit();
    CHECK(t.text().contains("Enter an amount from 1 to 10000"));
}

TEST_CASE("an inbox without an archive names the options that it needs") {
    gallery::everyone all;
    test_conversation t{claims::inbox()};
    t.provide(all).principal(grace);
    CHECK(t.text().contains("--archive"));
}
