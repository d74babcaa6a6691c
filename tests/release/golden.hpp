#pragma once

#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/ui.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The components in the golden stores. They never change: the stores in golden/ were written by
/// the release that had that format, and every later release must be able to use them.
namespace golden {

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;

enum class colour { red, green, blue };
BOOST_DESCRIBE_ENUM(colour, red, green, blue)

struct address {
    std::string street;
    std::optional<int> number;
};
BOOST_DESCRIBE_STRUCT(address, (), (street, number))

// g++ 12 crashes over lists of lists as initialisers of a component's members.
inline std::vector<address> two_addresses() {
    return {{"High Street", 7}, {"Low Street", std::nullopt}};
}

inline std::map<std::string, int> two_counts() {
    return {{"a", 1}, {"b", 2}};
}

/// One of each kind of value that a state can hold.
struct values {
    static constexpr std::string_view component = "golden/values";
    std::string text = "€ \"quoted\"\n";
    bool yes = true;
    std::int64_t low = -9007199254740993;
    double third = 1.0 / 3;
    colour painted = colour::blue;
    std::chrono::year_month_day day{
        std::chrono::year(2026),
        std::chrono::month(12),
        std::chrono::day(1)
    };
    std::chrono::seconds length{90};
    std::vector<address> addresses = two_addresses();
    std::map<std::string, int> counts = two_counts();
    std::pair<int, std::string> both{1, "one"};
    field<int> people = 3;
    int n = 0;

    void inc() { ++n; }

    markup render() const {
        return div(
            text,
            yes ? " yes " : " no ",
            std::to_string(low),
            third == 1.0 / 3 ? " third " : " other ",
            painted == colour::blue ? "blue " : "other ",
            std::to_string(static_cast<int>(day.year())),
            " ",
            std::to_string(length.count()),
            each(addresses, [](const address& a) { return p(a.street, a.number.value_or(0)); }),
            p(counts.at("b"), both.second, people.value()),
            p("n=", n),
            button(on<"click", &values::inc>, "+")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    values,
    (),
    (text, yes, low, third, painted, day, length, addresses, counts, both, people, n, inc)
)

struct row {
    static constexpr std::string_view component = "golden/row";
    std::string label;
    int n = 0;

    void inc() { ++n; }

    effects ask() { return call<ui::prompt>("New label?").then<&row::labelled>(); }

    void labelled(const std::optional<std::string>& text) { label = text.value_or(label); }

    markup render() const {
        return p(
            label,
            "=",
            n,
            button(on<"click", &row::inc>, "+"),
            button(on<"click", &row::ask>, "?")
        );
    }
};
BOOST_DESCRIBE_STRUCT(row, (), (label, n, inc, ask, labelled))

/// Has children, calls, steps of a history, timers and subscriptions.
struct desk {
    static constexpr std::string_view component = "golden/desk";
    slot<row> top{row{"top"}};
    keyed<row> rows;
    int n = 0;
    std::string heard;

    void inc() { ++n; }

    void grow() {
        ++n;
        rows.push_back(n, row{"row " + std::to_string(n)});
    }

    effects ask() {
        return call<ui::confirm>("Go on?").then<&desk::sure>().or_else<&desk::unsure>();
    }

    void sure(bool yes) { n += yes ? 100 : 0; }

    void unsure() { n = -1; }

    effects listen() { return subscribe<&desk::said>("news"); }

    void said(const std::string& what) { heard += what; }

    effects wait() { return after<&desk::rang>(std::chrono::hours(1)); }

    void rang() { heard += "rang"; }

    markup render() const {
        return div(
            "n=",
            n,
            " heard=",
            heard,
            top,
            div(rows),
            button(on<"click", &desk::inc>, "+"),
            button(on<"click", &desk::grow>, "Grow"),
            button(on<"click", &desk::ask>, "Ask"),
            button(on<"click", &desk::listen>, "Listen"),
            button(on<"click", &desk::wait>, "Wait")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    desk,
    (),
    (top, rows, n, heard, inc, grow, ask, sure, unsure, listen, said, wait, rang)
)

/// The roots that a program with these stores mounts.
inline std::vector<effect::call> roots() {
    return {call<values>().release(), call<desk>().release()};
}

/// When the golden stores were written, by their own clock.
inline constexpr time_point written = time_point(std::chrono::hours(500'000));

/// Makes one request at a time to a conversation map.
class visitor {
public:
    explicit visitor(conversation_map& map, event_id first) : map_(map), event_(first) {}

    reply begin(const effect::call& root) {
        return ask([&](on_reply done) {
            map_.mint("/golden", root, "owner", "ada", thread, std::move(done));
        });
    }

    reply open(const std::string& id) {
        return ask([&](on_reply done) { map_.open(id, "owner", thread, std::move(done)); });
    }

    /// Sends an event to the component that the page shows, or to the instance `to`.
    reply send(const std::string& id, std::string name, instance_id to = 0) {
        auto shown = open(id);
        if (!shown.value) return shown;
        if (to == 0) to = shown.value->top().id;
        return ask([&](on_reply done) {
            map_.send(
                id,
                "owner",
                {++event_, to, std::move(name), "", {}},
                thread,
                std::move(done)
            );
        });
    }

    reply back(const std::string& id) {
        return ask([&](on_reply done) {
            map_.go_back(id, "owner", ++event_, std::nullopt, thread, std::move(done));
        });
    }

    live_test::queue_runner thread;

private:
    template <class Begin>
    reply ask(Begin begin) {
        reply got;
        bool is_there = false;
        begin([&](reply&& r) {
            got = std::move(r);
            is_there = true;
        });
        while (!is_there)
            thread.run_one();
        return got;
    }

    conversation_map& map_;
    event_id event_;
};

/// The text of a page, without tags.
inline std::string text_of(const reply& shown) {
    std::string out;
    if (!shown.news) return out;
    bool in_tag = false;
    for (const char c : shown.news->patches.at(0).content.text()) {
        if (c == '<') in_tag = true;
        if (!in_tag) out += c;
        if (c == '>') in_tag = false;
    }
    return out;
}

}  // namespace golden
