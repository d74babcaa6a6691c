#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/testing/patched_page.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/slot.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// Random sequences of everything that can happen to a conversation. After each action the value,
// its stored parts, the hooks that ran and the pages must agree.

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::html;
using namespace std::chrono_literals;

namespace {

enum class hook { started, stopped, woken };

/// The application's object: records the hooks of a sequence's components.
struct world {
    struct line {
        hook what;
        int life;
    };

    int lives = 0;
    int light = 0;  ///< shown by components, which do not hold it; with 2 they show less
    std::vector<line> log;
};

/// The base of all components here. Each start gives a `life` of its own.
struct actor {
    using answer_type = int;
    int life = 0;
    int n = 0;

    void start(context& c) {
        life = ++c.app<world>().lives;
        c.app<world>().log.push_back({hook::started, life});
    }

    void stop(context& c) { c.app<world>().log.push_back({hook::stopped, life}); }

    void wakeup(context& c) { c.app<world>().log.push_back({hook::woken, life}); }

    void told(int value) { n += value; }

    static int light(const context& c) { return c.app<world>().light; }

    static bool is_dim(const context& c) { return light(c) == 2; }

    void refused() { --n; }
};
BOOST_DESCRIBE_STRUCT(actor, (), (life, n, told, refused))

/// The actions of an actor: `what` in `act(what, a, b)`.
enum deed {
    count,
    call_leaf,
    call_row,
    call_desk_on_page,
    call_errand,
    call_rash,
    call_restless,
    answer_now,
    fail_now,
    become_leaf,
    become_desk,
    do_later,    // act(a, b, a + b) by a timer
    tell_all,    // poke(a) of all subscribers
    tell_above,  // act(a, b, 0) of the nearest desk above
    tell_slot,   // act(a, b, 0) of the child in the first slot
    listen,
    listen_no_more,
    forget_timers,
    return_back,
    seal_and_call,
    throw_up,
    end_all,
    fold,
    insert_row,
    erase_row,
    move_row,
    set_row,
    assign_rows,
    clear_rows,
    insert_name,
    erase_name,
    move_name,
    set_name,
    assign_names,
    edit_and_call,
    edit_and_answer,
    call_in_slot,
    call_desk_in_slot,
    new_slot,
    deeds
};

struct leaf : actor {
    static constexpr std::string_view component = "model/leaf";
    field<std::string> word;

    answers<int> act(int what, int a, int b);
    answers<int> poke(int what);
    markup render(const context& c) const;
};
BOOST_DESCRIBE_STRUCT(leaf, (actor), (word, act, poke))

struct row : actor {
    static constexpr std::string_view component = "model/row";
    slot<leaf> first = slot<leaf>().then<&actor::told>();
    keyed<leaf> names;
    bool folded = false;

    answers<int> act(int what, int a, int b);
    answers<int> poke(int what);
    markup render(const context& c) const;
};
BOOST_DESCRIBE_STRUCT(row, (actor), (first, names, folded, act, poke))

struct desk : actor {
    static constexpr std::string_view component = "model/desk";
    slot<row> first = slot<row>().then<&actor::told>();
    keyed<leaf> names;
    keyed<row> rows = keyed<row>().then<&actor::told>();
    bool folded = false;

    answers<int> act(int what, int a, int b);
    answers<int> poke(int what);
    markup render(const context& c) const;
};
BOOST_DESCRIBE_STRUCT(desk, (actor), (first, names, rows, folded, act, poke))

/// A task that calls a row and hands on its answer.
struct errand : actor {
    static constexpr std::string_view component = "model/errand";

    effects start(context& c) {
        actor::start(c);
        return call<row>().then<&errand::done>();
    }

    answers<int> done(int value) { return answer(value); }
};
BOOST_DESCRIBE_STRUCT(errand, (actor), (done))

/// Answers in its start hook.
struct rash : actor {
    static constexpr std::string_view component = "model/rash";

    answers<int> start(context& c) {
        actor::start(c);
        return answer(3);
    }
};
BOOST_DESCRIBE_STRUCT(rash, (actor), ())

/// Becomes another component in its start hook.
struct restless : actor {
    static constexpr std::string_view component = "model/restless";

    effects start(context& c) {
        actor::start(c);
        return become<row>();
    }
};
BOOST_DESCRIBE_STRUCT(restless, (actor), ())

template <class T>
T with(int n) {
    T out;
    out.n = n;
    return out;
}

constexpr int highest_key = 6;

/// `how` is insert, erase, move, set, assign or clear, in the order of `deed`.
template <class T>
void edit_list(keyed<T>& list, int how, int a, int b) {
    const int key = a % highest_key;
    const auto position = static_cast<std::size_t>(b % highest_key);
    switch (how) {
    case 0:
        return list.insert(position, key, with<T>(b));
    case 1:
        list.erase(key);
        return;
    case 2:
        return list.move(key, position);
    case 3:
        return list.set(key, with<T>(b % 3));
    case 4: {
        std::vector<int> keys{0, 1, 2, 3, 4, 5};
        std::mt19937 random(static_cast<unsigned>(a * 64 + b));
        std::ranges::shuffle(keys, random);
        keys.resize(position);
        return list.assign(keys, std::identity(), [&](int k) { return with<T>(k + a % 2); });
    }
    default:
        list.clear();
    }
}

template <class T>
effects called(call_request<T> request) {
    return std::move(request).template then<&actor::told>().template or_else<&actor::refused>();
}

template <class Self>
answers<int> act_in_lists(Self& self, int what, int a, int b) {
    switch (what) {
    case fold:
        self.folded = !self.folded;
        return {};
    case insert_name:
    case erase_name:
    case move_name:
    case set_name:
    case assign_names:
        edit_list(self.names, what - insert_name, a, b);
        return {};
    case edit_and_call:
        edit_list(self.names, 4, a, b);
        return called(call<leaf>());
    case edit_and_answer:
        edit_list(self.names, 4, a, b);
        return answer(b);
    case call_in_slot:
        return called(call<leaf>().template in<&Self::first>());
    case call_desk_in_slot:
        return called(call<desk>().template in<&Self::first>());
    case new_slot:
        self.first =
            decltype(self.first)(with<std::remove_pointer_t<decltype([]<class T>(slot<T>*) -> T* {
                return nullptr;
            }(&self.first))>>(b));
        return {};
    case tell_slot:
        return send_to<&row::act>(self.first.id(), a, b, 0);
    default:
        return {};
    }
}

template <class Self>
answers<int> act_as(Self& self, int what, int a, int b) {
    switch (what) {
    case count:
        ++self.n;
        return {};
    case call_leaf:
        return called(call<leaf>());
    case call_row:
        return called(call<row>());
    case call_desk_on_page:
        return called(call<desk>().on_page());
    case call_errand:
        return called(call<errand>());
    case call_rash:
        return called(call<rash>());
    case call_restless:
        return called(call<restless>());
    case answer_now:
        return answer(a);
    case fail_now:
        return fail("No");
    case become_leaf:
        return become<leaf>();
    case become_desk:
        return become<desk>();
    case do_later:
        return after<&Self::act>(std::chrono::seconds(1 + b % 3), a, b, a + b);
    case tell_all:
        return publish_here("all", a);
    case tell_above:
        return send_up<&desk::act>(a, b, 0);
    case listen:
        return subscribe<&Self::poke>("all");
    case listen_no_more:
        return unsubscribe("all");
    case forget_timers:
        return cancel<&Self::act>();
    case return_back:
        return back();
    case seal_and_call:
        return no_way_back() + called(call<leaf>());
    case throw_up:
        throw std::runtime_error("asked to");
    case end_all:
        return a == 0 ? effects(end(p("Over"))) : effects();
    default:
        return {};
    }
}

answers<int> leaf::act(int what, int a, int b) {
    return act_as(*this, what, a, b);
}

answers<int> leaf::poke(int what) {
    return act(what == tell_all ? count : what, 1, 2);
}

answers<int> row::act(int what, int a, int b) {
    return what >= fold || what == tell_slot ? act_in_lists(*this, what, a, b)
                                             : act_as(*this, what, a, b);
}

answers<int> row::poke(int what) {
    return act(what == tell_all ? count : what, 1, 2);
}

answers<int> desk::act(int what, int a, int b) {
    if (what >= insert_row && what <= clear_rows) {
        edit_list(rows, what - insert_row, a, b);
        return {};
    }
    return what >= fold || what == tell_slot ? act_in_lists(*this, what, a, b)
                                             : act_as(*this, what, a, b);
}

answers<int> desk::poke(int what) {
    return act(what == tell_all ? count : what, 1, 2);
}

markup leaf::render(const context& c) const {
    return p(
        n,
        i(light(c)),
        input(bind<&leaf::word>(*this)),
        b(on<"click", &leaf::act>(0, 0, 0), "+")
    );
}

markup row::render(const context& c) const {
    return li(
        b(on<"click", &row::act>(0, 0, 0), n),
        i(light(c)),
        when(!folded && !is_dim(c), first),
        ul(class_(folded ? "folded" : "open"), names)
    );
}

/// When folded, the list comes first and the slot moves to another element.
markup desk::render(const context& c) const {
    return section(
        b(on<"click", &desk::act>(0, 0, 0), n),
        i(light(c)),
        when(folded, [&] { return ul(names); }),
        when(!folded, first),
        div(when(folded, [&] { return div("-"); }), p(when(folded, first))),
        when(!is_dim(c), [&] { return ol(rows); }),
        when(!folded, [&] { return ul(names); })
    );
}

// --- invariants

[[noreturn]] void wrong(const std::string& what) {
    throw std::logic_error(what);
}

void check(bool holds, std::string_view what) {
    if (!holds) wrong(std::string(what));
}

std::vector<instance_ptr> all_of(const conversation& in) {
    std::vector<instance_ptr> out;
    in.instances.each([&](const instance_ptr& each) { out.push_back(each); });
    return out;
}

int life_of(const instance& of) {
    return static_cast<const actor*>(of.type->find("told")->owner(const_cast<void*>(of.state.get()))
    )
        ->life;
}

/// Walks all places from the root and checks the links of the instances there.
class link_check {
public:
    explicit link_check(const conversation& in) : in_(in) {}

    void run() {
        const auto& root = in_.instances.at(in_.root);
        check(root.caller == 0, "the root has a caller");
        place(in_.root, 0);
        check(seen_.size() == in_.instances.size(), "an instance cannot be reached from the root");
        std::vector<instance_id> waiting;
        for (const auto& each : all_of(in_)) {
            if (each->waits) waiting.push_back(each->id);
            check(each->id <= in_.last_instance, "an id is above the highest");
            check(each->version <= 2 * in_.revision + 1, "a version is of the future");
            if (each->id == in_.root) continue;
            check(in_.instances.find(each->caller) != nullptr, "a caller has gone");
        }
        check(waiting == in_.waiting, "the list of those who wait is wrong");
        check(in_.not_storable.empty(), "something cannot be stored");
        check(in_.past.size() <= max_history, "the history is too long");
        check(in_.future.size() <= max_history, "the future is too long");
    }

private:
    void place(instance_id first, instance_id owner) {
        instance_id covers = 0;
        for (auto id = first; id != 0;) {
            const auto* one = in_.instances.find(id);
            check(one != nullptr, "a link leads nowhere");
            check(seen_.insert(id).second, "an instance stands in two places");
            check(one->owner == owner, "an instance has another owner");
            check(one->covers == covers, "the links of a place do not fit together");
            if (owner != 0 && covers == 0)
                check(one->caller == owner, "a child answers to another than its owner");
            each_list(*one, [&](const embedded_children& list) {
                for (const auto& child : list.all()) {
                    check(child.id != 0 && !child.fresh, "a child was not made");
                    check(!list.name().empty(), "a list has no name");
                    place(child.id, id);
                }
            });
            covers = id;
            id = one->covered_by;
        }
    }

    const conversation& in_;
    std::set<instance_id> seen_;
};

using parts = std::map<std::string, std::string>;

parts whole_parts(const conversation& of) {
    parts out;
    for (const auto& each : encode_change(nullptr, of, false).written)
        out[each.name] = each.body;
    return out;
}

/// Without the member `as_of`, which only the newest part must have.
parts without_as_of(parts all) {
    for (auto& [name, body] : all) {
        if (body.starts_with("{\"as_of\":{")) body.replace(1, body.find("},") + 1, "");
    }
    return all;
}

std::string difference(const parts& left, const parts& right) {
    std::string out;
    for (const auto& [name, body] : left) {
        auto found = right.find(name);
        if (found == right.end()) out += "\n  only left: " + name + " " + body;
        if (found != right.end() && found->second != body)
            out += "\n  " + name + "\n    " + body + "\n    " + found->second;
    }
    for (const auto& [name, body] : right) {
        if (!left.contains(name)) out += "\n  only right: " + name + " " + body;
    }
    return out;
}

/// For a failure message: one line for each instance.
std::string picture(const conversation& of) {
    std::string out;
    for (const auto& each : all_of(of)) {
        out += "\n  #" + std::to_string(each->id) + " " + std::string(each->type->name);
        for (auto [name, id] :
             {std::pair("caller", each->caller),
              std::pair("owner", each->owner),
              std::pair("covers", each->covers),
              std::pair("covered_by", each->covered_by)}) {
            if (id != 0) out += std::string(" ") + name + " " + std::to_string(id);
        }
        out += " " + each->type->encode(each->state.get());
    }
    return out;
}

class sequence {
public:
    explicit sequence(std::uint64_t seed) : random_(seed), light_changes_(seed % 2 == 0) {}

    void run() {
        conversation fresh;
        fresh.id = "model";
        fresh.owner = "owner";
        fresh.mount = "/";
        said_ = "begin";
        take(begin(fresh, call<desk>().release(), env()));
        const auto actions = 15 + below(10);
        for (unsigned at = 0; at < actions && now_.root != 0; ++at)
            act();
    }

    /// For a failure message: the actions, and the instances before and after the last one.
    std::string story() const {
        std::string out;
        for (const auto& each : story_)
            out += "\n  " + each;
        return out + "\nbefore:" + picture(before_) + "\nafter:" + picture(now_) + "\n" + error_;
    }

    unsigned applied = 0;
    unsigned refused = 0;

private:
    unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }

    environment env() { return {time_, &objects_}; }

    void act() {
        if (light_changes_ && below(6) == 0) return change_light();
        const auto way = below(100);
        if (way < 70) return send();
        if (way < 82) return go();
        if (way < 90) return pass_time();
        if (way < 95) return restart();
        if (way < 98) return open_page();
        publish();
    }

    /// The view of the new page is rendered at another time than the views of the other pages.
    void open_page() {
        said_ = "another page is opened";
        story_.push_back(said_);
        const auto view = whole_view(now_, env());
        pages_.emplace_back().apply(view.patches);
        now_.forget_sent(view.differing);
    }

    void change_light() {
        world_.light = static_cast<int>(below(3));
        said_ = "the light changes to " + std::to_string(world_.light);
        story_.push_back(said_);
    }

    instance_ptr any() {
        auto all = all_of(now_);
        return all[below(all.size())];
    }

    void send() {
        // Mostly an instance on the page, sometimes one that is covered or has left.
        auto to = any()->id;
        for (int tries = 0; tries < 8 && !now_.is_shown(to); ++tries)
            to = any()->id;
        if (below(20) == 0) to = 1 + below(now_.last_instance);
        event what;
        what.id = ++event_;
        what.instance = to;
        what.name = "act";
        const auto deed = below(deeds);
        what.arguments = "[" + std::to_string(deed) + "," + std::to_string(below(deeds)) + "," +
                         std::to_string(below(12)) + "]";
        if (below(3) == 0)
            what.form.push_back({"i" + std::to_string(to) + "-word", std::to_string(below(100))});
        if (below(30) == 0 && event_ > 1) --what.id;
        said_ = "#" + std::to_string(to) + ".act" + what.arguments +
                (what.form.empty() ? "" : " with a word");
        take(dispatch(now_, what, env()));
    }

    void go() {
        std::optional<std::uint64_t> to;
        std::vector<std::uint64_t> steps;
        for (const auto* line : {&now_.past, &now_.future}) {
            for (const auto& each : *line)
                steps.push_back(each->step);
        }
        if (!steps.empty() && below(3) != 0) to = steps[below(steps.size())];
        said_ = to ? "go to step " + std::to_string(*to) : "back";
        take(go_back(now_, ++event_, to, env()));
    }

    void pass_time() {
        time_ += std::chrono::milliseconds(500 * below(5));
        said_ = "time passes";
        take(fire_timers(now_, env()));
    }

    void publish() {
        const auto what = below(deeds);
        said_ = "publish " + std::to_string(what);
        take(deliver(now_, "all", "[" + std::to_string(what) + "]", env()));
    }

    void restart() {
        said_ = "restart";
        now_ = stored();
        take(wake(now_, env()));
    }

    conversation stored() const {
        record kept{now_.id, now_.revision, record_status::kept, {}};
        for (const auto& [name, body] : parts_)
            kept.parts.push_back({name, body});
        return decode_conversation(kept);
    }

    void take(outcome done) {
        error_ = done.error;
        story_.push_back(said_);
        if (done.verdict != verdict::applied && done.verdict != verdict::ended) {
            if (done.verdict == verdict::failed) check_refusal(done.error);
            ++refused;
            world_.log.clear();
            pages_[below(pages_.size())].apply(done.patches);  // the page that sent the event
            now_.forget_sent(done.differing);
            return check_pages({});
        }
        ++applied;
        before_ = std::move(now_);
        const auto& before = before_;
        now_ = std::move(done.next);
        for (const auto& each : done.outbox) {
            if (const auto* stop = std::get_if<command::stop>(&each)) run_stop(*stop, now_, env());
        }
        for (auto& each : pages_)
            each.apply(done.patches);
        check_lives(before, !done.error.empty());
        if (now_.root == 0) return;
        link_check(now_).run();
        check_ids(before);
        check_stored(before);
        check_pages(changed_since(before));
    }

    /// A member may be refused only for a breach of a rule.
    static void check_refusal(const std::string& error) {
        static const std::array<std::string_view, 5> allowed{
            "asked to",
            "occurs twice in a list",
            "the list has no child",
            "answered in a slot or list without",
            "but no component above it has that member"
        };
        const bool is_rule = std::ranges::any_of(allowed, [&](auto each) {
            return error.find(each) != std::string::npos;
        });
        check(is_rule, "it failed: " + error);
    }

    void check_ids(const conversation& before) {
        check(now_.last_instance >= before.last_instance, "ids went down");
        for (const auto& each : all_of(now_)) {
            auto [known, is_new] = ids_.emplace(each->id, each->type);
            check(known->second == each->type, "an id was used twice");
            if (is_new) check(each->id > before.last_instance, "a new id is not above the others");
        }
    }

    /// `in_part`: some of the members that ran were undone, so the log of hooks is not checked.
    void check_lives(const conversation& before, bool in_part) {
        if (!in_part) check_stop_order(before);
        for (const auto& each : world_.log) {
            if (in_part) break;
            check(each.life != 0, "a hook ran before start");
            switch (each.what) {
            case hook::started:
                check(each.life > highest_life_, "start ran twice");
                highest_life_ = each.life;
                alive_.insert(each.life);
                break;
            case hook::stopped:
                check(alive_.erase(each.life) == 1, "stop ran twice");
                break;
            case hook::woken:
                alive_.insert(each.life);
            }
        }
        highest_life_ = world_.lives;
        world_.log.clear();
        std::set<int> there;
        for (const auto& each : all_of(now_))
            there.insert(life_of(*each));
        if (in_part) alive_ = there;
        for (int life : alive_)
            check(there.contains(life), "one has gone without stop: life " + std::to_string(life));
        check(alive_ == there, "one is there that was stopped");
    }

    /// A child stops before its owner and its caller.
    void check_stop_order(const conversation& before) {
        std::map<int, std::size_t> stopped;
        for (std::size_t at = 0; at < world_.log.size(); ++at) {
            if (world_.log[at].what == hook::stopped) stopped.emplace(world_.log[at].life, at);
        }
        for (const auto& each : all_of(before)) {
            auto mine = stopped.find(life_of(*each));
            if (mine == stopped.end()) continue;
            for (auto above : {each->owner, each->caller}) {
                const auto* one = before.instances.find(above);
                auto other = one ? stopped.find(life_of(*one)) : stopped.end();
                if (other != stopped.end())
                    check(mine->second < other->second, "an owner stopped before its child");
            }
        }
    }

    /// The parts that were written one by one equal those of a whole save, and can be read back.
    void check_stored(const conversation& before) {
        const auto written = encode_change(before.root == 0 ? nullptr : &before, now_, true);
        if (written.kind != change_kind::update) parts_.clear();
        for (const auto& name : written.dropped)
            check(parts_.erase(name) == 1, "a part was dropped that was not stored: " + name);
        for (const auto& each : written.written)
            parts_[each.name] = each.body;
        const auto whole = whole_parts(now_);
        const auto kept = without_as_of(parts_);
        const auto wanted = without_as_of(whole);
        if (kept != wanted) wrong("the stored parts differ:" + difference(kept, wanted));
        if (below(4) != 0) return;
        const auto again = whole_parts(stored());
        if (again != whole) wrong("what was read back differs:" + difference(again, whole));
    }

    std::vector<instance_id> changed_since(const conversation& before) const {
        std::vector<instance_id> out;
        for (const auto& each : all_of(now_)) {
            const auto* was = before.instances.find(each->id);
            if (!was || was->state != each->state) out.push_back(each->id);
        }
        return out;
    }

    /// Every page shows the present rendering. While the light changes, this holds only for the
    /// instances in `changed`: the others still show their last rendering.
    void check_pages(const std::vector<instance_id>& changed) {
        if (now_.root == 0) return;
        test_page::patched_page fresh;
        fresh.apply(render_view(now_, env()));
        for (const auto& page : pages_) {
            if (light_changes_) {
                for (auto id : changed)
                    check_same(own_text(page, id), own_text(fresh, id));
            } else {
                check_same(page.html(), fresh.html());
            }
        }
        check(pages_.front().step() == now_.step, "the page is told of another step");
    }

    static void check_same(const std::string& page, const std::string& view) {
        if (page.empty() || view.empty()) return;  // on one page only: its owner has not changed
        if (page != view) wrong("the page shows\n" + page + "\nand should show\n" + view);
    }

    /// The text of an instance, with only the ids of the children in its slots and lists.
    static std::string own_text(const test_page::patched_page& page, instance_id id) {
        std::string out;
        for (const auto* each : test_page::find_all(page.root(), test_page::is_instance)) {
            if (each->get("id") == element_id(id)) append_own(out, *each, true);
        }
        return out;
    }

    static void append_own(std::string& out, const test_page::node& from, bool is_it) {
        if (!is_it && test_page::is_instance(from)) {
            out.append("[").append(from.get("id")).append("]");
            return;
        }
        out.append("<").append(from.tag).append(" ").append(from.get("id")).append(">");
        out.append(from.get("value")).append(from.text);
        for (const auto& each : from.children)
            append_own(out, *each, false);
    }

    std::mt19937_64 random_;
    bool light_changes_;
    world world_;
    const app_objects objects_{world_};
    time_point time_{1'000'000ms};
    conversation before_;
    conversation now_;
    std::vector<test_page::patched_page> pages_{1};
    parts parts_;
    event_id event_ = 0;
    std::map<instance_id, const component_type*> ids_;
    std::set<int> alive_;
    int highest_life_ = 0;
    std::string said_;
    std::string error_;
    std::vector<std::string> story_;
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

#ifdef NDEBUG
constexpr std::uint64_t sequences = 10'000;
#else
constexpr std::uint64_t sequences = 1'000;
#endif

}  // namespace

TEST_CASE("the value and its stored parts and its hooks and pages agree after random actions") {
    const auto seed = number_from("STUBE_SEED", std::random_device()());
    const auto wanted = number_from("STUBE_SEQUENCES", sequences);
    MESSAGE("STUBE_SEED=" << seed);
    unsigned applied = 0;
    unsigned refused = 0;
    for (std::uint64_t at = 0; at < wanted; ++at) {
        sequence one(seed + at);
        try {
            one.run();
        } catch (const std::exception& e) {
            FAIL(
                "STUBE_SEED=" << seed + at << " STUBE_SEQUENCES=1: " << std::string(e.what())
                              << one.story()
            );
        }
        applied += one.applied;
        refused += one.refused;
    }
    MESSAGE(applied << " actions were applied, " << refused << " were refused");
    // Most actions must be allowed, or else the sequences would test little.
    CHECK(applied > refused);
}
