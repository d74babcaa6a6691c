#include "claim.hpp"

#include "../protected_counter.hpp"

#include <stube/runtime/conversation_history.hpp>

namespace claims {

using namespace stube;
using namespace stube::html;

namespace {

constexpr int highest_amount = 10'000;

/// Short enough to be said on the telephone: eight letters and digits of the conversation's id.
std::string number_of(const context& around) {
    std::string number = "claim-";
    for (const char c : around.conversation_id()) {
        const bool is_small = c >= 'a' && c <= 'z';
        const bool is_shown = is_small || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_shown && number.size() < 14) number += is_small ? static_cast<char>(c - 32) : c;
    }
    return number;
}

template <class... Parts>
markup row(std::string_view term, const Parts&... parts) {
    return fragment(dt(term), dd(parts...));
}

markup summary(const details& of) {
    return fragment(
        row("Number", of.number),
        row("Claimant", of.claimant),
        row("Purpose", of.purpose),
        row("Amount", "€ ", of.amount)
    );
}

markup result_text(const verdict& of) {
    return fragment(
        row("Decision", of.is_approved ? "Approved" : "Refused", " by ", of.by),
        when(!of.reason.empty(), row("Reason", of.reason))
    );
}

}  // namespace

answers<verdict> decision::approve(context& around) {
    const auto& who = around.principal().name;
    if (who == about.claimant) reason.reject("Nobody approves their own claim");
    if (has_errors(*this)) return {};
    return decide(true, who);
}

answers<verdict> decision::decide(bool is_approved, const std::string& by) {
    if (!is_approved) reason.require("Say why the claim is refused");
    if (has_errors(*this)) return {};
    return answer(verdict{is_approved, by, reason.value()});
}

markup decision::render() const {
    return section(
        class_("card"),
        h1("Waiting for an approver"),
        dl(class_("receipt"), summary(about)),
        p(class_("muted"), "Only an approver can decide. This page shows the decision at once."),
        form(
            novalidate(),
            on<"submit", &decision::approve>,
            ui::input_for<&decision::reason>(*this, "Reason (if you refuse)"),
            div(class_("actions"),
                button("Approve"),
                button(
                    type("button"),
                    class_("secondary"),
                    on<"click", &decision::refuse>,
                    "Refuse"
                ))
        ),
        gallery::sign_out_button()
    );
}

effects claim::submit(context& around) {
    purpose_entered.require("Say what the money was for");
    amount_entered.check(
        [](int entered) { return entered > 0 && entered <= highest_amount; },
        "Enter an amount from 1 to 10000"
    );
    if (has_errors(*this)) return {};
    number = number_of(around);
    purpose = purpose_entered.value();
    amount = amount_entered.value();
    about = {number, purpose, amount, around.principal().name};
    state = progress::submitted;
    effects out = no_way_back() + keep() + publish(std::string(changes), number);
    if (live::has_history(around)) out += write_alias(number);
    return std::move(out) + call<decision>(about).then<&claim::decided>();
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
            dl(class_("receipt"), summary(about), result_text(result)),
            div(class_("actions"), button(on<"click", &claim::another>, "Another claim")),
            gallery::sign_out_button()
        );
    }
    return section(
        class_("card"),
        h1("Claim expenses"),
        form(
            on<"submit", &claim::submit>,
            novalidate(),
            ui::error_summary(*this),
            ui::input_for<&claim::purpose_entered>(*this, "What was the money for?", autofocus()),
            ui::input_for<&claim::amount_entered>(*this, "Amount in euros"),
            div(class_("actions"), button("Submit"))
        ),
        gallery::sign_out_button()
    );
}

}  // namespace claims
