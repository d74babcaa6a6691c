#include "error_answer.hpp"

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

constexpr int price = 48;  // euros

}  // namespace

effects card_payment::pay_with_blocked_card() {
    return fail_because("Your bank has declined the card.", "bank answered code 57");
}

markup card_payment::render() const {
    return section(
        class_("card"),
        h1("Pay €", euros),
        p(class_("muted"), "Which card would you like to use?"),
        div(class_("actions"),
            button(on<"click", &card_payment::pay>, "A good card"),
            button(
                class_("secondary"),
                on<"click", &card_payment::pay_with_blocked_card>,
                "A blocked card"
            ))
    );
}

effects error_answer::check_out() {
    return call<card_payment>(price).then<&error_answer::paid>().or_else<&error_answer::declined>();
}

void error_answer::paid() {
    outcome = "Thank you: the tickets are yours.";
}

void error_answer::declined(const failure& why) {
    outcome = why.message + " The tickets are kept for you.";
}

markup error_answer::render() const {
    return section(
        class_("card"),
        h1("Two tickets"),
        p("For the concert on Friday, €", price, "."),
        when(!outcome.empty(), p(strong(role("status"), outcome))),
        div(class_("actions"), button(on<"click", &error_answer::check_out>, "Check out"))
    );
}

}  // namespace gallery
