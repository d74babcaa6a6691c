#include "claim.hpp"

#include "login.hpp"

#include <random>

namespace expenses {

using namespace stube::html;

namespace {

std::string summary(const claim& of) {
    return of.purpose.value() + ", € " + std::to_string(of.amount.value());
}

std::string number_from(random_bits& random) {
    return "claim-" + std::to_string(std::uniform_int_distribution(100'000, 999'999)(random));
}

}  // namespace

answers<verdict> decision::approve(context& around) {
    const auto& who = around.principal().name;
    if (!around.app<office>().is_pin_of(who, pin.value().reveal()))
        pin.reject("This is not your PIN");
    if (who == around.owner().name) pin.reject("Nobody approves their own claim");
    if (has_errors(*this)) return {};
    return answer(verdict{true, who, ""});
}

answers<verdict> decision::refuse(context& around) {
    if (!reason.require("Say why the claim is refused")) return {};
    return answer(verdict{false, around.principal().name, reason.value()});
}

markup decision::render() const {
    return section(
        class_("card"),
        h1("Waiting for an approver"),
        p(about),
        form(
            novalidate(),
            on<"submit", &decision::approve>,
            ui::input_for<&decision::pin>(*this, "PIN (to approve)"),
            ui::input_for<&decision::reason>(*this, "Reason (to refuse)"),
            div(class_("actions"),
                button("Approve"),
                button(type("button"), on<"click", &decision::refuse>, "Refuse"))
        ),
        sign_out_button()
    );
}

effects claim::review(context& around) {
    purpose.require("Say what the money was for");
    what.require("Choose the kind of expense");
    amount.require("Enter an amount");
    if (has_errors(*this)) return {};
    amount.between(1, around.app<office>().limit_of(what.value()));
    if (has_errors(*this)) return {};
    return call<ui::confirm>("Claim " + summary(*this) + "?", "Submit", "Change")
        .then<&claim::submit>();
}

effects claim::submit(context& around, bool is_right) {
    if (!is_right) return {};
    number = number_from(around.random());
    state = progress::submitted;
    return no_way_back() + keep() + write_alias(number) + publish(std::string(changes), number) +
           call<decision>(number + ": " + summary(*this)).then<&claim::decided>();
}

effects claim::decided(const verdict& by_approver) {
    result = by_approver;
    state = result.is_approved ? progress::approved : progress::refused;
    return no_way_back() + publish(std::string(changes), number);
}

markup claim::render() const {
    if (state != progress::draft) {
        return section(
            class_("card"),
            h1("Claim ", number),
            p(summary(*this)),
            p(result.is_approved ? "Approved by " : "Refused by ", result.by, ". ", result.reason),
            p(a(href("/audit/" + number), "History"),
              " ",
              a(href("/again?claim=" + number), "Claim this again")),
            sign_out_button()
        );
    }
    return section(
        class_("card"),
        h1("Claim expenses"),
        form(
            novalidate(),
            on<"submit", &claim::review>,
            ui::input_for<&claim::purpose>(*this, "What was the money for?", autofocus()),
            ui::select_for<&claim::what>(*this, "Kind"),
            ui::input_for<&claim::amount>(*this, "Amount in euros"),
            div(class_("actions"), button("Next"))
        ),
        sign_out_button()
    );
}

}  // namespace expenses
