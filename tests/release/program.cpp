// A small program that is compiled as two releases: RELEASE is 1 or 2. It drives the conversation
// map as a server does, and prints the state of each conversation.
//
//     release_1 write <store> <count>   begins conversations from several threads, with events
//     release_2 use <store> <every>     loads, and sends an event to every n-th one
//     release_1 check <store>           prints the report of check_store
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/check_store.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/runtime/ui.hpp>
#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <boost/json/value.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;

namespace shop {

#if RELEASE == 1
enum class cup { small, large };
BOOST_DESCRIBE_ENUM(cup, small, large)
#else
enum class cup { small, medium, large };
BOOST_DESCRIBE_ENUM(cup, small, medium, large)
#endif

/// The same in both releases.
struct line {
    static constexpr std::string_view component = "release/line";
    std::string what;
    int pieces = 1;

    void more() { ++pieces; }

    markup render() const { return li(what, " ", pieces, button(on<"click", &line::more>, "+")); }
};
BOOST_DESCRIBE_STRUCT(line, (), (what, pieces, more))

/// Its shape changes: `nmae` becomes `name`, hours become minutes, `obsolete` is removed, `note` is
/// added, and so is a size of cup.
struct order {
    static constexpr std::string_view component = "release/order";
#if RELEASE == 1
    std::string nmae = "Ada";
    int hours = 2;
    std::vector<int> obsolete{1, 2, 3};
#else
    static constexpr int version = 2;
    static void migrate(int, boost::json::object& state) {
        state["name"] = state.at("nmae");
        state["minutes"] = state.at("hours").to_number<int>() * 60;
    }

    std::string name;
    int minutes = 0;
    std::string note = "none";
#endif
    cup size = cup::large;
    int n = 0;
    slot<line> first{line{"tea"}};
    keyed<line> others;

    void add() { others.push_back(++n, line{"cake"}); }

    effects ask() { return call<ui::confirm>("Sure?").then<&order::sure>(); }

    void sure(bool) { ++n; }

    effects wait() { return after<&order::add>(std::chrono::hours(1)); }

    markup render() const {
        return div(
#if RELEASE == 1
            p(nmae, " ", hours * 60, " none ", size == cup::large ? "large" : "small"),
#else
            p(name, " ", minutes, " ", note, " ", size == cup::large ? "large" : "other"),
#endif
            first,
            ul(others),
            button(on<"click", &order::add>, "Add"),
            button(on<"click", &order::ask>, "Ask"),
            button(on<"click", &order::wait>, "Wait")
        );
    }
};
#if RELEASE == 1
BOOST_DESCRIBE_STRUCT(
    order,
    (),
    (nmae, hours, obsolete, size, n, first, others, add, ask, sure, wait)
)
#else
BOOST_DESCRIBE_STRUCT(
    order,
    (),
    (name, minutes, note, size, n, first, others, add, ask, sure, wait)
)
#endif

/// A root without orders. The same in both releases.
struct till {
    static constexpr std::string_view component = "release/till";
    int n = 0;

    void add() { ++n; }

    markup render() const { return p("till ", n, button(on<"click", &till::add>, "Add")); }
};
BOOST_DESCRIBE_STRUCT(till, (), (n, add))

}  // namespace shop

namespace {

enum class access { full, read_only };

std::unique_ptr<store> open_store(std::string_view what, access how = access::full) {
    const std::string path(what.substr(what.find(':') + 1));
    if (what.starts_with("file:")) return file_store(path, {.read_only = how == access::read_only});
    return sqlite_store(path, {.read_only = how == access::read_only});
}

/// Makes one request at a time to a conversation map.
class visitor {
public:
    explicit visitor(conversation_map& map, event_id first) : map_(map), event_(first) {}

    std::string begin(const effect::call& root) {
        auto r = ask([&](on_reply done) {
            map_.mint("/shop", root, "owner", "", thread_, std::move(done));
        });
        return r.value ? r.value->id : "";
    }

    reply open(const std::string& id) {
        return ask([&](on_reply done) { map_.open(id, "owner", thread_, std::move(done)); });
    }

    /// Sends an event to the component that the page shows.
    reply send(const std::string& id, std::string name, std::string arguments = "") {
        auto shown = open(id);
        if (!shown.value) return shown;
        return ask([&](on_reply done) {
            event what{++event_, shown.value->top().id, std::move(name), std::move(arguments), {}};
            map_.send(id, "owner", std::move(what), thread_, std::move(done));
        });
    }

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
            thread_.run_one();
        return got;
    }

    conversation_map& map_;
    event_id event_;
    live_test::queue_runner thread_;
};

conversation_options options() {
    conversation_options out;
    out.logger = spdlog::stderr_logger_mt("release");
    return out;
}

/// Begins a conversation of one of six kinds: a till, a new order, an order with more lines, with
/// an open question, with a timer, or with an answered question.
void write_one(visitor& by, int kind) {
    if (kind % 6 == 0) {
        by.send(by.begin(call<shop::till>().release()), "add");
        return;
    }
    const auto id = by.begin(call<shop::order>().release());
    if (kind % 6 == 2) {
        by.send(id, "add");
        by.send(id, "add");
    }
    if (kind % 6 == 3 || kind % 6 == 5) by.send(id, "ask");
    if (kind % 6 == 5) by.send(id, "yes");
    if (kind % 6 == 4) by.send(id, "wait");
}

int write(const std::string& where, int count) {
    constexpr int writers = 4;
    conversation_map map(open_store(where), options());
    map.load();
    std::vector<std::thread> threads;
    for (int at = 0; at < writers; ++at) {
        threads.emplace_back([&map, at, count] {
            visitor me(map, static_cast<event_id>(at + 1) << 32);
            for (int one = at; one < count; one += writers)
                write_one(me, one);
        });
    }
    for (auto& each : threads)
        each.join();
    map.stop();
    return 0;
}

std::vector<std::string> ids_in(const std::string& where) {
    std::vector<std::string> out;
    open_store(where, access::read_only)->load_all([&](record&& one) { out.push_back(one.id); });
    std::ranges::sort(out);
    return out;
}

const char* word_for(status what) {
    if (what == status::ok) return "ok";
    if (what == status::other_release) return "other_release";
    return "wrong";
}

/// The text of the page's markup, without tags.
std::string text_of(const reply& shown) {
    std::string out;
    if (!shown.news) return out;
    bool in_tag = false;
    for (char c : shown.news->patches.at(0).content.text()) {
        if (c == '<') in_tag = true;
        if (!in_tag) out += c;
        if (c == '>') in_tag = false;
    }
    return out;
}

int use(const std::string& where, int every) {
    const auto ids = ids_in(where);
    conversation_map map(open_store(where), options());
    map.load();
    visitor me(map, event_id(RELEASE + 8) << 40);
    int number = 0;
    for (const auto& id : ids) {
        const auto shown = me.open(id);
        std::string touched = "untouched";
        if (shown.value && ++number % every == 0) {
            const bool is_question = shown.value->top().type->name == ui::confirm::component;
            touched = word_for(me.send(id, is_question ? "yes" : "add").result);
        }
        std::cout << id << ' ' << word_for(shown.result) << ' ' << touched << ' ' << text_of(shown)
                  << '\n';
    }
    map.stop();
    return 0;
}

int check(const std::string& where) {
    auto from = open_store(where, access::read_only);
    const auto found = check_store(*from, {time_point()});
    std::cout << report_of(found);
    return found.all_can_continue() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    try {
        if (arguments.at(0) == "write") return write(arguments.at(1), std::stoi(arguments.at(2)));
        if (arguments.at(0) == "use") return use(arguments.at(1), std::stoi(arguments.at(2)));
        if (arguments.at(0) == "check") return check(arguments.at(1));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "%s\n", e.what());
    }
    return 3;
}
