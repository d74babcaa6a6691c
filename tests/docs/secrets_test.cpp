#include "runtime/conversation/encoder.hpp"

#include <stube/runtime/test_conversation.hpp>
#include <stube/stube.hpp>

#include <doctest/doctest.h>

// docs/security.md describes secrets in fields.

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;

namespace {

struct question {
    static constexpr std::string_view component = "docs/question";

    markup render() const { return p("What was the name of your first cat?"); }
};
BOOST_DESCRIBE_STRUCT(question, (), ())

struct sign_in {
    static constexpr std::string_view component = "docs/sign_in";

    field<std::string> password;

    void stay() { password.clear(); }

    effects go_on() {
        password.clear();
        return call<question>();
    }

    effects send() {
        password.clear();
        return no_way_back() + call<question>();
    }

    markup render() const {
        return form(
            on<"submit", &sign_in::send>,
            ui::input_for<&sign_in::password>(*this, "Password", type("password")),
            button(type("button"), on<"click", &sign_in::stay>, "Stay"),
            button(type("button"), on<"click", &sign_in::go_on>, "Go on"),
            button("Sign in")
        );
    }
};
BOOST_DESCRIBE_STRUCT(sign_in, (), (password, stay, go_on, send))

/// True if the password is in what a store is given after a click on `button`.
bool is_stored_after(std::string_view button) {
    test_conversation t{sign_in{}};
    t.fill<&sign_in::password>("hunter2").click(button);
    for (const auto& part : encode_change(nullptr, t.value(), true).written)
        if (part.body.find("hunter2") != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("a password that a handler clears is stored only in a step that Back returns to") {
    CHECK_FALSE(is_stored_after("Stay"));
    CHECK(is_stored_after("Go on"));
    CHECK_FALSE(is_stored_after("Sign in"));
}
