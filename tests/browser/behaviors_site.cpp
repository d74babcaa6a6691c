#include <stube/stube.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Pages for the browser tests: one full of behaviors, whose modules write into `window.journal`
/// when they are called, "/alarm" with timers that fail, "/payment" that comes to an end, "/desk"
/// to write, tick and open things on, "/letter" with two submit buttons, and "/numbers", a list
/// that a timer and two tabs change. Its streams have a heartbeat each second, and at most two
/// pages of a conversation have a stream. Run as `behaviors_site --port <n>`; other options are
/// ignored.
namespace {

using namespace stube;
using namespace stube::html;
using namespace std::chrono_literals;

constexpr std::string_view journal = R"(
    window.journal ??= [];
    const write = what => (el, ctx) => {
      window.journal.push(`${what} ${ctx.args.who} ${ctx.args.turnCount ?? ''}`.trim());
      const aborted = () => window.journal.push(`abort ${ctx.args.who}`);
      if (what === 'mount') ctx.signal.addEventListener('abort', aborted);
    };
    export default {mount: write('mount'), patched: write('patched'), unmount: write('unmount')};
)";

constexpr std::string_view widget = R"(
    export default {
      mount(el, ctx) {
        el.replaceChildren(document.createElement('textarea'));
        el.firstChild.setAttribute('aria-label', 'Widget');
      },
    };
)";

constexpr std::string_view sender = R"(
    export default {
      mount(el, ctx) { window.tell = (...all) => ctx.send(...all); },
    };
)";

constexpr std::string_view broken = R"(
    export default {
      mount() { throw new Error('no mount'); },
      async patched() { throw new Error('no patched'); },
    };
)";

/// Comes over the whole page.
struct scene {
    static constexpr std::string_view component = "test/scene";

    answers<> close() { return answer(); }

    markup render() const {
        return section(
            h1("Scene"),
            div(behavior("test/journal", {{"who", "scene"}})),
            button(on<"click", &scene::close>, "Close")
        );
    }
};
BOOST_DESCRIBE_STRUCT(scene, (), (close))

struct stage {
    static constexpr std::string_view component = "test/stage";

    std::vector<int> order{1, 2, 3};
    int n = 0;
    bool shown = true;
    bool noted = false;
    bool renamed = false;
    std::string said;
    field<std::string> word{std::string("none")};

    void count() { ++n; }

    void reverse() { order = {order.rbegin(), order.rend()}; }

    void toggle() { shown = !shown; }

    void note() { noted = !noted; }

    void rename() { renamed = !renamed; }

    void say(int number, const std::string& text) {
        said += std::to_string(number) + " " + text + " " + word.value() + "; ";
    }

    void forbidden() { said = "forbidden"; }

    effects open() { return call<scene>(); }

    markup render() const {
        auto row = [](int i) {
            const auto name = "x" + std::to_string(i);
            return li(id(name), behavior("test/journal", {{"who", name}}), name);
        };
        return section(
            h1("Stage"),
            output(n),
            p(role("status"), said),
            when(shown, div(behavior("test/journal", {{"who", "guest"}, {"turn-count", n}}))),
            ul(each(order, row)),
            p(behavior(renamed ? "test/other" : "test/journal", {{"who", "actor"}})),
            when(noted, div("A note")),
            div(behavior("test/widget"), preserve(), attr("data-turn", std::to_string(n)), "Loading"
            ),
            div(behavior("test/broken")),
            div(behavior("test/missing")),
            div(behavior("test/sender").event<&stage::say>()),
            input(bind<&stage::word>(*this), attr("aria-label", "Word")),
            each_button()
        );
    }

    static markup each_button() {
        return div(
            button(on<"click", &stage::count>, "Count"),
            button(on<"click", &stage::reverse>, "Reverse"),
            button(on<"click", &stage::toggle>, "Toggle"),
            button(on<"click", &stage::note>, "Note"),
            button(on<"click", &stage::rename>, "Rename"),
            button(on<"click", &stage::open>, "Open")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    stage,
    (),
    (order,
     n,
     shown,
     noted,
     renamed,
     said,
     word,
     count,
     reverse,
     toggle,
     note,
     rename,
     say,
     forbidden,
     open)
)

/// Ticks, while other timers of its break.
struct siren {
    static constexpr std::string_view component = "test/siren";

    int n = 0;
    int clicks = 0;

    effects start() { return tick() + after<&siren::burst>(200ms) + after<&siren::burst>(1500ms); }

    effects tick() {
        ++n;
        return after<&siren::tick>(500ms);
    }

    effects burst() {
        n = 1'000'000;
        throw std::runtime_error("broken spring");
    }

    void click() { ++clicks; }

    markup render() const {
        return section(
            h1("Alarm"),
            p(role("timer"), n),
            p(role("status"), "Clicked ", clicks),
            button(on<"click", &siren::click>, "Click")
        );
    }
};
BOOST_DESCRIBE_STRUCT(siren, (), (n, clicks, start, tick, burst, click))

struct payment {
    static constexpr std::string_view component = "test/payment";

    effects pay() { return end(section(h1("Paid"), p("Thank you."))); }

    markup render() const {
        return section(h1("Total"), button(on<"click", &payment::pay>, "Pay"));
    }
};
BOOST_DESCRIBE_STRUCT(payment, (), (pay))

/// A form with all that users fill in, choose and open, beside what changes meanwhile.
struct desk {
    static constexpr std::string_view component = "test/desk";

    field<std::string> note;
    field<std::string> secret;
    std::string saved;
    int n = 0;
    int toggles = 0;
    bool is_lit = false;
    bool is_open = false;

    void save() { saved = note.value(); }

    void count() { ++n; }

    void flip() { is_lit = !is_lit; }

    void refuse() {}

    void reset() { is_lit = false; }

    void open_more() { is_open = true; }

    void toggled() { ++toggles; }

    effects finish() { return end(section(h1("Finished"))); }

    markup render() const {
        return section(
            h1("Desk"),
            form(
                on<"submit", &desk::save>,
                ui::text_area_for<&desk::note>(*this, "Note"),
                ui::input_for<&desk::secret>(*this, "Secret", type("password")),
                button("Save")
            ),
            p(role("status"), "Saved: ", saved),
            label(input(type("checkbox"), checked(is_lit), on<"change", &desk::flip>), "Lamp"),
            label(input(type("checkbox"), checked(false), on<"change", &desk::refuse>), "Alarm"),
            button(on<"click", &desk::reset>, "Lamp off"),
            details(
                stube::html::open(is_open),
                on<"toggle", &desk::toggled>,
                summary("More"),
                p("Text")
            ),
            button(on<"click", &desk::open_more>, "Open more"),
            n % 2 ? p(button(on<"click", &desk::count>, "Count"))
                  : div(button(on<"click", &desk::count>, "Count")),
            output(n, " counted, ", toggles, " toggled"),
            button(on<"click", &desk::finish>, "Finish")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    desk,
    (),
    (note,
     secret,
     saved,
     n,
     toggles,
     is_lit,
     is_open,
     save,
     count,
     flip,
     refuse,
     reset,
     open_more,
     toggled,
     finish)
)

struct tools {
    static constexpr std::string_view component = "test/tools";

    int pressed = 0;

    void press() { ++pressed; }

    markup render() const { return button(on<"click", &tools::press>, "Bold ", pressed); }
};
BOOST_DESCRIBE_STRUCT(tools, (), (pressed, press))

/// A form in which buttons with events of their own come before the one that submits it.
struct letter {
    static constexpr std::string_view component = "test/letter";

    field<std::string> text;
    slot<tools> above = tools();
    std::string sent;

    void send() {
        sent = text.value();
        text.clear();
    }

    void clear() { text.clear(); }

    markup render() const {
        return section(
            h1("Letter"),
            form(
                on<"submit", &letter::send>,
                button(on<"click", &letter::clear>, "Clear"),
                above,
                ui::input_for<&letter::text>(*this, "Text"),
                button("Send")
            ),
            p(role("status"), "Sent: ", sent)
        );
    }
};
BOOST_DESCRIBE_STRUCT(letter, (), (text, above, sent, send, clear))

struct number {
    static constexpr std::string_view component = "test/number";

    int value = 0;

    markup render() const { return li(value); }
};
BOOST_DESCRIBE_STRUCT(number, (), (value))

/// A list that a timer and any number of tabs change in turns. The text below the list repeats it,
/// so a page that applies the updates in another order shows a contradiction.
struct numbers {
    static constexpr std::string_view component = "test/numbers";

    std::vector<int> order;
    keyed<number> items;
    int next = 1;
    int changes = 0;
    int ticks = 0;

    effects start() { return after<&numbers::tick>(150ms); }

    effects tick() {
        if (!order.empty()) std::ranges::rotate(order, order.begin() + 1);
        update();
        return ++ticks < 2000 ? after<&numbers::tick>(150ms) : effects();
    }

    void add() {
        order.insert(order.begin(), next++);
        update();
    }

    void remove() {
        if (order.size() > 3) order.erase(order.begin() + 1);
        update();
    }

    void reverse() {
        std::ranges::reverse(order);
        update();
    }

    void nothing() {}

    void fail() { throw std::runtime_error("this button always fails"); }

    void update() {
        ++changes;
        items.assign(order, std::identity(), [](int value) { return number{value}; });
    }

    markup render() const {
        std::string text;
        for (const int value : order)
            text += std::to_string(value) + " ";
        return section(
            h1("Numbers"),
            p(id("changes"), changes),
            div(id("numbers"), ol(items)),
            p(id("text"), text),
            button(on<"click", &numbers::add>, "Add"),
            button(on<"click", &numbers::remove>, "Remove"),
            button(on<"click", &numbers::reverse>, "Reverse"),
            button(on<"click", &numbers::nothing>, "Nothing"),
            button(on<"click", &numbers::fail>, "Fail")
        );
    }
};
BOOST_DESCRIBE_STRUCT(
    numbers,
    (),
    (order, items, next, changes, ticks, start, tick, add, remove, reverse, nothing, fail)
)

}  // namespace

int main(int argc, char** argv) {
    server_options options;
    options.limits.heartbeat = 1s;
    options.conversations.max_streams = 2;
    for (int i = 1; i + 1 < argc; ++i) {
        if (std::string_view(argv[i]) == "--port")
            options.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    }
    app site;
    site.mount<stage>("/");
    site.mount<siren>("/alarm");
    site.mount<payment>("/payment");
    site.mount<desk>("/desk");
    site.mount<letter>("/letter");
    site.mount<numbers>("/numbers");
    for (const auto* name : {"test/journal", "test/other"})
        site.behavior(name, std::string(journal));
    site.behavior("test/widget", std::string(widget));
    site.behavior("test/sender", std::string(sender));
    site.behavior("test/broken", std::string(broken));
    return site.start(options);
}
