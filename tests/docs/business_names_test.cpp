// The likeliest names of an application's own types, beside a using-directive for stube. That this
// file compiles is the test: a type of the same name in namespace stube would make each use
// ambiguous.

#include <stube/runtime/test_conversation.hpp>
#include <stube/stube.hpp>

#include <doctest/doctest.h>

#include <tuple>

using namespace stube;

struct account {};
struct address {};
struct appointment {};
struct attachment {};
struct attribute {};
struct booking {};
struct change {};
struct child {};
struct children {};
struct customer {};
struct document {};
struct entry {};
struct event {};
struct handler {};
struct history {};
struct instance {};
struct invoice {};
struct item {};
struct message {};
struct note {};
struct operation {};
struct order {};
struct outcome {};
struct owner {};
struct part {};
struct patch {};
struct payment {};
struct person {};
struct product {};
struct record {};
struct reply {};
struct report {};
struct request {};
struct response {};
struct session {};
struct status {};
struct step {};
struct subscription {};
struct task {};
struct ticket {};
struct timer {};
struct update {};
struct user {};
struct visitor {};

TEST_CASE("an application that uses namespace stube may give its types the likeliest names") {
    using all = std::tuple<
        account,
        address,
        appointment,
        attachment,
        attribute,
        booking,
        change,
        child,
        children,
        customer,
        document,
        entry,
        event,
        handler,
        history,
        instance,
        invoice,
        item,
        message,
        note,
        operation,
        order,
        outcome,
        owner,
        part,
        patch,
        payment,
        person,
        product,
        record,
        reply,
        report,
        request,
        response,
        session,
        status,
        step,
        subscription,
        task,
        ticket,
        timer,
        update,
        user,
        visitor>;
    CHECK(std::tuple_size_v<all> == 44);
}
