// The examples about secret values in the headers. Change both: check_header_examples.cmake
// compares them.

#include <stube/http/app.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace stube;
using namespace stube::html;

namespace {

// --- secret.hpp

struct bank {
    int sent = 0;

    bool send(const std::string& account, int amount, const std::string& pin) {
        if (account != "DE02 1203" || pin != "7310") return false;
        sent += amount;
        return true;
    }
};

struct transfer {
    static constexpr std::string_view component = "demo/transfer";
    encrypted<std::string> account;
    field<int> amount;
    field<transient<std::string>> pin;
    std::string result;
    void send(context& c) {
        amount.require("Enter an amount");
        pin.require("Enter your PIN");
        if (has_errors(*this)) return;
        const bool is_sent =
            c.app<bank>().send(account.reveal(), amount.value(), pin.value().reveal());
        result = is_sent ? "The money is on its way." : "This is not your PIN.";
        pin.clear();
    }
    markup render() const {
        return form(
            on<"submit", &transfer::send>,
            ui::input_for<&transfer::amount>(*this, "Amount"),
            ui::input_for<&transfer::pin>(*this, "PIN", inputmode("numeric")),
            p(result),
            button("Send")
        );
    }
};
BOOST_DESCRIBE_STRUCT(transfer, (), (account, amount, pin, result, send))

TEST_CASE("example: secrets of a component") {
    bank money;
    transfer of_ada;
    of_ada.account = "DE02 1203";
    test_conversation t{of_ada};
    t.provide(money);
    t.fill<&transfer::amount>("50").fill<&transfer::pin>("1234").click("Send");
    CHECK(t.text().contains("This is not your PIN."));
    t.restart();
    t.fill<&transfer::pin>("7310").click("Send");
    CHECK(t.text().contains("The money is on its way."));
    CHECK(money.sent == 50);
}

std::string key_from(const std::string& file) {
    return "Thirty-two random bytes are in the file " + file;
}

TEST_CASE("example: the keys of a site") {
    app site;

    // clang-format off
    site.secret_keys({{"2027", key_from("/run/secrets/stube-2027")},
                      {"2026", key_from("/run/secrets/stube-2026")}});
    // clang-format on

    // --- app.hpp

    site.secret_keys({{"2026", key_from("/run/secrets/stube-2026")}});
}

}  // namespace
