#pragma once

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/slot.hpp>

#include <boost/describe/class.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>

/// The components of the random sequences: a desk with a tally in a slot and lines in a list.
/// Questions cover the desk, the tally, or another question.
namespace sequences {

using namespace stube;

struct question {
    static constexpr std::string_view component = "sequences/question";
    using answer_type = int;
    int depth = 1;

    answers<int> reply(int value) { return answer(value); }

    effects deeper() { return call<question>(depth + 1).then<&question::add>(); }

    effects other() { return become<question>(depth + 10); }

    void add(int value) { depth += value; }

    markup render() const {
        return html::p(
            html::button(on<"click", &question::reply>(1), depth),
            html::button(on<"click", &question::deeper>, "deeper"),
            html::button(on<"click", &question::other>, "other")
        );
    }
};
BOOST_DESCRIBE_STRUCT(question, (), (depth, reply, deeper, other, add))

struct tally {
    static constexpr std::string_view component = "sequences/tally";
    int count = 0;

    void add(int value) { count += value; }

    effects ask() { return call<question>(1).then<&tally::add>(); }

    markup render() const {
        return html::p(
            html::button(on<"click", &tally::add>(1), count),
            html::button(on<"click", &tally::ask>, "?")
        );
    }
};
BOOST_DESCRIBE_STRUCT(tally, (), (count, add, ask))

struct line {
    static constexpr std::string_view component = "sequences/line";
    int bumps = 0;
    static constexpr std::tuple indexed{&line::bumps};

    void bump() { ++bumps; }

    markup render() const { return html::li(html::button(on<"click", &line::bump>, bumps)); }
};
BOOST_DESCRIBE_STRUCT(line, (), (bumps, bump))

struct desk {
    static constexpr std::string_view component = "sequences/desk";
    static constexpr std::chrono::days keep_history{1};
    int total = 0;
    field<std::string> note;
    slot<tally> counter;
    keyed<line> lines;
    int next_line = 1;
    static constexpr std::tuple indexed{&desk::total, &desk::note};

    void add(int value) { total += value; }

    void add_line() { lines.push_back(next_line++, line{}); }

    void drop_line() {
        if (!lines.empty()) lines.erase(lines.keys().front());
    }

    effects ask() { return call<question>(1).then<&desk::add>(); }

    void fail() { throw std::runtime_error("as asked"); }

    effects name(const std::string& alias) { return write_alias(alias); }

    effects finish() { return end(html::p("Done")); }

    markup render() const {
        return html::form(
            html::input(bind<&desk::note>(*this)),
            html::button(on<"click", &desk::add>(1), total),
            html::button(on<"click", &desk::add_line>, "+"),
            html::button(on<"click", &desk::drop_line>, "-"),
            html::button(on<"click", &desk::ask>, "?"),
            html::button(on<"click", &desk::fail>, "!"),
            html::button(on<"click", &desk::name>("a"), "n"),
            html::button(on<"click", &desk::finish>, "."),
            html::div(counter),
            html::ul(lines)
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    desk,
    (),
    (total, note, counter, lines, next_line, add, add_line, drop_line, ask, fail, name, finish)
)

/// Its history is kept for ever. Its saves show that earlier changes were saved.
struct keeper {
    static constexpr std::string_view component = "sequences/keeper";
    int saves = 0;

    void save() { ++saves; }

    markup render() const { return html::p(html::button(on<"click", &keeper::save>, saves)); }
};
BOOST_DESCRIBE_STRUCT(keeper, (), (saves, save))

}  // namespace sequences
