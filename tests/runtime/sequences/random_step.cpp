#include "random_step.hpp"

#include <array>
#include <utility>

namespace sequences {

namespace {

constexpr std::size_t most_conversations = 6;

class chooser {
public:
    chooser(std::mt19937_64& random, const model& now) : random_(random), now_(now) {}

    step choose() {
        const std::size_t count = now_.conversations.size();
        const auto roll = below(100);
        if (count == 0 || (roll >= 98 && count < most_conversations)) return {.what = act::begin};
        if (roll < 4) return {.what = act::pass, .value = 1 + static_cast<int>(below(30))};
        if (roll < 8) return {.what = act::trim};
        if (roll < 9) return {.what = act::restart};
        if (roll < 18 && count < most_conversations) return fork();
        return with_live([&](std::size_t at) { return on_conversation(at, roll); });
    }

private:
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    std::string alias() { return "alias-" + std::to_string(below(4)); }

    std::string typed() {
        return below(3) == 0 ? "\"note\" " + std::to_string(below(100)) : std::string();
    }

    int number() { return 1 + static_cast<int>(below(9)); }

    /// Fork from any head, now and then from one that was deleted or never was.
    step fork() {
        const auto at = below(now_.conversations.size());
        const auto& from = now_.conversations[at];
        step out{.what = act::fork, .conversation = at};
        const auto roll = below(10);
        if (roll < 7 && !from.is_forgotten())
            out.target = from.heads[below(from.heads.size())].number;
        else if (roll < 9)
            out.target = 1 + below(10);
        return out;
    }

    template <class Make>
    step with_live(Make make) {
        std::vector<std::size_t> live;
        for (std::size_t i = 0; i < now_.conversations.size(); ++i)
            if (!now_.conversations[i].has_ended()) live.push_back(i);
        if (live.empty()) return {.what = act::pass, .value = 1};
        return make(live[below(live.size())]);
    }

    step on_conversation(std::size_t at, std::uint64_t roll) {
        const auto& of = now_.conversations[at];
        step out{.conversation = at};
        if (roll < 20) {
            out.what = act::copy;
        } else if (roll < 34) {
            out.what = act::back;
        } else if (roll < 40) {
            out.what = act::go;
            out.target = 1 + below(of.now().last_step);
        } else if (roll < 44) {
            out.what = of.last_event == 0 ? act::back : act::repeat;
        } else if (roll < 47) {
            out.what = act::write_alias;
            out.text = alias();
        } else {
            event_for(of.now().page(), out);
        }
        return out;
    }

    /// Mostly an event for a component that is shown.
    void event_for(const model_page& page, step& out) {
        const bool is_stale = below(12) == 0;
        if (!page.on_desk.empty() && !is_stale) return question_event(page.on_desk.back(), out);
        const auto roll = below(10);
        if (roll < 3) return tally_event(page, out);
        if (roll < 4 && !page.lines.empty()) {
            out.what = act::bump;
            out.target = page.lines[below(page.lines.size())].id;
            return;
        }
        desk_event(out);
    }

    void question_event(const model_question& shown, step& out) {
        constexpr std::array acts{act::reply, act::reply, act::deeper, act::other};
        out.what = acts[below(acts.size())];
        out.target = shown.id;
        if (out.what == act::reply) out.value = number();
    }

    void tally_event(const model_page& page, step& out) {
        if (!page.on_tally.empty()) return question_event(page.on_tally.back(), out);
        out.target = 2;
        out.what = below(2) == 0 ? act::add : act::ask;
        if (out.what == act::add) out.value = number();
    }

    void desk_event(step& out) {
        constexpr std::array acts{
            act::add,
            act::add,
            act::add,
            act::add_line,
            act::add_line,
            act::drop_line,
            act::ask,
            act::ask,
            act::ask,
            act::fail,
            act::name,
            act::finish
        };
        out.what = acts[below(acts.size())];
        out.target = 1;
        if (out.what == act::finish && below(2) == 0) out.what = act::add;
        if (out.what == act::add) out.value = number();
        if (out.what == act::name) out.text = alias();
        if (out.what == act::add || out.what == act::ask) out.text = typed();
    }

    std::mt19937_64& random_;
    const model& now_;
};

}  // namespace

step random_step(std::mt19937_64& random, const model& now) {
    return chooser(random, now).choose();
}

}  // namespace sequences
