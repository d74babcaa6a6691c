// Components as classes: with members that are not public.

#include <stube/runtime/html.hpp>
#include <stube/runtime/test_conversation.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace stube;
using namespace stube::kernel;
using namespace stube::html;

namespace {

/// A private base class with a field.
class signed_form {
protected:
    field<std::string> signature_;

    bool is_signed() { return signature_.require("Sign here"); }

private:
    int attempts_ = 0;

    BOOST_DESCRIBE_CLASS(signed_form, (), (), (signature_), (attempts_))
};

class tally : signed_form {
public:
    static constexpr std::string_view component = "access/tally";

    void count() { ++count_; }

    void sign() {
        if (is_signed()) last_ = signature_.value();
    }

    markup render() const {
        return form(
            on<"submit", &tally::sign>,
            ui::error_summary(*this),
            ui::input_for<&tally::signature_>(*this, "Signature"),
            p("counted ", count_, " signed by ", last_),
            button(type("button"), on<"click", &tally::count>, "Count"),
            button("Sign")
        );
    }

private:
    void reset() { count_ = 0; }

    int count_ = 0;
    std::string last_ = "nobody";

    BOOST_DESCRIBE_CLASS(tally, (signed_form), (count, sign), (), (reset, count_, last_))
};

}  // namespace

TEST_CASE("private data members of a component survive a restart") {
    test_conversation t{tally{}};
    t.click("Count").click("Count").restart();
    CHECK(t.text().contains("counted 2"));
}

TEST_CASE("a protected field of a private base class takes input and shows its message") {
    test_conversation t{tally{}};
    t.click("Sign");
    CHECK(t.text().contains("Sign here"));
    CHECK(t.text().contains("There is a problem"));

    t.fill("Signature", "Ada").click("Sign").restart();
    CHECK(t.text().contains("signed by Ada"));
    CHECK_FALSE(t.text().contains("Sign here"));
}

TEST_CASE("a browser cannot call a private member function") {
    test_conversation t{tally{}};
    t.click("Count");
    CHECK(type_of<tally>().find("count") != nullptr);
    CHECK(type_of<tally>().find("reset") == nullptr);
    const event forged{77, t.value().top().id, "reset", "", {}};
    CHECK(dispatch(t.value(), forged, {t.now()}).verdict == verdict::unknown_event);
    CHECK(t.text().contains("counted 1"));
}
