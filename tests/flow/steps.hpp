#pragma once

#include <stube/flow/flow.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>

#include <string>

/// Small components that the flow tests call, and a driver without any I/O.
namespace flow_test {

using namespace stube;
using namespace stube::kernel;

/// Answers the text it is sent, or fails with it.
struct ask {
    static constexpr std::string_view component = "test/ask";
    using answer_type = std::string;

    std::string question;

    answers<std::string> say(const std::string& text) { return answer(text); }

    effects give_up(const std::string& why) { return fail(why); }

    effects leave_all() { return end(); }

    markup render() const {
        using namespace html;
        return div(
            question,
            button(on<"click", &ask::say>(std::string()), "Say"),
            button(on<"click", &ask::give_up>(std::string()), "Give up"),
            button(on<"click", &ask::leave_all>, "Leave")
        );
    }
};
BOOST_DESCRIBE_STRUCT(ask, (), (question, say, give_up, leave_all))

inline bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// A conversation driven by hand.
class driver {
public:
    explicit driver(const effect::call& root) {
        conversation fresh;
        fresh.id = "c1";
        fresh.mount = "/";
        last = begin(std::move(fresh), root, env);
        keep();
    }

    /// Sends an event with one text argument to the component on the page.
    driver& send(const std::string& member, const std::string& text = {}) {
        event what;
        what.instance = now.top().id;
        what.name = member;
        if (member != "leave_all" && member != "ok") what.arguments = "[\"" + text + "\"]";
        return take(dispatch(now, what, env));
    }

    driver& take(outcome came) {
        last = std::move(came);
        keep();
        return *this;
    }

    driver& say(const std::string& text) { return send("say", text); }

    /// The text of the page, or of the final view.
    std::string page() const {
        return last.patches.empty() ? "" : std::string(last.patches.front().content.text());
    }

    bool ended() const { return last.verdict == verdict::ended; }

    environment env;
    conversation now;
    outcome last;

private:
    void keep() {
        if (last.verdict == verdict::applied) now = last.next;
    }
};

}  // namespace flow_test
