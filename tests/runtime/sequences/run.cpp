#include "run.hpp"

#include "components.hpp"
#include "observed.hpp"
#include "random_step.hpp"

#include <stube/runtime/check_store.hpp>
#include <stube/runtime/snapshot.hpp>

#include <chrono>
#include <optional>
#include <random>
#include <thread>
#include <utility>

namespace sequences {

using namespace live_test;
using namespace std::chrono_literals;

namespace {

/// The clock of `world` begins here.
constexpr std::int64_t first_hour = 1'000'000;

constexpr auto the_owner = "owner";

void expect_same(const std::string& what, const std::string& found, const std::string& expected) {
    if (found == expected) return;
    throw mismatch(what + "\nfound:    " + found + "\nexpected: " + expected);
}

const char* text_of(result one) {
    switch (one) {
    case result::ok:
        return "ok";
    case result::ended:
        return "ended";
    case result::failed:
        return "failed";
    case result::stale:
        return "stale";
    case result::repeated:
        return "repeated";
    case result::gone:
        return "gone";
    }
    return "";
}

std::string text_of(status one) {
    // A map remembers for a while which conversations have ended.
    if (one == status::just_ended || one == status::gone) return text_of(result::gone);
    switch (one) {
    case status::ok:
        return text_of(result::ok);
    case status::ended:
        return text_of(result::ended);
    case status::failed:
        return text_of(result::failed);
    case status::stale:
        return text_of(result::stale);
    case status::repeated:
        return text_of(result::repeated);
    default:
        return "status " + std::to_string(static_cast<int>(one));
    }
}

event event_of(const step& from, std::uint64_t id) {
    event out{id, from.target, name_of(from.what), "", {}};
    if (from.what == act::add || from.what == act::reply)
        out.arguments = "[" + std::to_string(from.value) + "]";
    if (from.what == act::name)
        out.arguments = "[\"" + from.text + "\"]";
    else if (!from.text.empty())
        out.form = {{"i1-note", from.text}};
    return out;
}

}  // namespace

run::run(coverage& reached) : reached_(reached) {
    open();
    next_id_ = "keeper";
    keeper_ = begin(call<keeper>().release()).value->id;
}

void run::open() {
    const auto setup = [this](conversation_options& o) { o.new_id = [this] { return next_id_; }; };
    world_ = std::make_unique<world>(setup, place_.open());
    world_->map().load();
    if (!models_.empty()) world_->advance(std::chrono::hours(models_.front().time - first_hour));
}

void run::play(std::uint64_t seed, std::size_t length) {
    const auto now = models_.empty() ? first_hour : models_.front().time;
    models_.emplace_back().time = now;
    steps_.clear();
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < length; ++i) {
        steps_.push_back(random_step(random, current()));
        apply(steps_.back());
    }
    check_live(current());
    check_states(current());
    check_history(current());
}

void run::apply(const step& next) {
    next.what >= act::pass ? apply_to_store(next) : apply_to_conversation(next);
}

// --- acts on a conversation

/// Ids and aliases differ from those of the other sequences on the store.
void run::apply_to_conversation(step next) {
    auto& expected = current();
    const std::size_t count = expected.conversations.size();
    const auto prefix = "s" + std::to_string(models_.size());
    next_id_ = prefix + "c" + std::to_string(count);
    if (next.what == act::name || next.what == act::write_alias) next.text.insert(0, prefix);
    const auto event = ++events_;
    const auto got = request(next, event);
    const auto wanted = expected.apply(next, event, next_id_);
    const bool is_done = wanted == result::ok || wanted == result::ended;
    ++(is_done ? reached_.applied : reached_.refused);
    if (is_done && next.what == act::fork) ++reached_.forks;
    expect_same("the result", text_of(got.result), text_of(wanted));
    const bool is_new = expected.conversations.size() > count;
    const auto& on = expected.conversations[is_new ? count : next.conversation];
    if (wanted != result::ok) return;
    if (!got.value) throw mismatch("a reply has no value");
    expect_same("the value of " + on.id, text_of(*got.value), text_of(on.now()));
    expect_same("a number that was used before", used_[on.id].add(*got.value), "");
}

reply run::request(const step& next, std::uint64_t event) {
    if (next.what == act::begin) return begin(call<desk>().release());
    const auto& on = current().conversations[next.conversation];
    switch (next.what) {
    case act::fork:
        return begin(fork_of{on.id, next.target});
    case act::copy:
        return begin(restore(snapshot(*world_->value(on.id))));
    case act::write_alias:
        return write_alias(next, on.id);
    case act::repeat:
        return send(next, on.id, on.last_event);
    default:
        return send(next, on.id, event);
    }
}

reply run::begin(beginning with) {
    return world_->wait(world_->mint(std::move(with), the_owner));
}

reply run::send(const step& next, const std::string& id, std::uint64_t event) {
    if (next.what == act::back || next.what == act::go) {
        const auto to = next.what == act::go ? std::optional(next.target) : std::nullopt;
        pending moved;
        world_->map().go_back(id, the_owner, event, to, world_->thread, moved.callback());
        return world_->wait(moved);
    }
    return world_->wait(world_->send(id, event_of(next, event), the_owner));
}

reply run::write_alias(const step& next, const std::string& id) {
    auto written = world_->map().write_alias(id, next.text);
    while (written.wait_for(0s) != std::future_status::ready)
        world_->thread.run_one();
    return {.result = written.get(), .value = world_->value(id)};
}

// --- acts on the store

void run::apply_to_store(const step& next) {
    if (next.what == act::pass) return pass(next.value);
    if (next.what == act::trim) return trim();
    ++reached_.restarts;
    restart();
    wait_for_index();  // so that a seed repeats the state of the index
    check_live(current());
}

void run::pass(int hours) {
    for (auto& each : models_)
        each.time += hours;
    world_->advance(std::chrono::hours(hours));
}

/// A round begins at most every six hours, and takes several steps if there is much to delete.
void run::trim() {
    pass(7);
    while (world_->map().trim_history() > 0)
        save_keeper();
    for (auto& each : models_) {
        const auto deleted = each.trim();
        reached_.deleted += deleted.heads;
        reached_.forgotten += deleted.conversations;
    }
}

/// Returns when all changes that were submitted before are saved.
void run::save_keeper() {
    world_->wait(world_->send(keeper_, {++events_, 1, "save", "", {}}));
}

void run::restart() {
    world_.reset();
    open();
}

/// After a start, the index catches up at once; later it looks for commits ten times a second.
void run::wait_for_index() {
    const auto history = world_->map().history();
    while (history.index_behind_since())
        std::this_thread::sleep_for(1ms);
}

// --- comparisons

/// The present values.
void run::check_live(const model& of) {
    for (const auto& each : of.conversations) {
        if (each.has_ended()) continue;
        const auto value = world_->value(each.id);
        if (!value) throw mismatch("a live conversation is missing: " + each.id);
        expect_same("the value of " + each.id, text_of(*value), text_of(each.now()));
    }
}

/// The state at each head that is kept, and at none else.
void run::check_states(const model& of) {
    const auto history = world_->map().history();
    for (const auto& each : of.conversations) {
        reached_.heads += each.heads.size();
        reached_.abandoned += each.heads.size() - current_branch(each).size();
        for (const auto& head : each.heads) {
            const auto what = each.id + " at head " + std::to_string(head.number);
            const auto view = history.view(each.id, head.number);
            if (!view) throw mismatch("a head is missing: " + what);
            expect_same(what, text_of(view->value), text_of(head.value));
            if (view->has_ended != head.is_end) throw mismatch("one of the two is an end: " + what);
        }
        const auto first = each.is_forgotten() ? 0 : each.heads.front().number;
        if (first > 1 && history.view(each.id, first - 1))
            throw mismatch("a deleted head is there: " + each.id);
    }
}

void run::check_history(const model& of) {
    const auto history = world_->map().history();
    for (std::size_t i = 0; i < of.conversations.size(); ++i) {
        const auto& id = of.conversations[i].id;
        expect_same("the history of " + id, text_of(history.history_view(id)), history_text(of, i));
    }
    for (const auto& [alias, id] : of.aliases)
        expect_same("the alias " + alias, history.find_alias(alias).value_or(""), id);
}

void run::check_failures(const model& of) {
    const auto history = world_->map().history();
    const auto add = [](std::string& to, std::uint64_t head) {
        to.append(std::to_string(head)).append(" ");
    };
    for (const auto& each : of.conversations) {
        std::string found;
        for (const auto& failed : history.failures(each.id))
            add(found, failed.event.parent);
        std::string expected;
        for (const auto head : each.failures)
            add(expected, head);
        expect_same("the failures of " + each.id, found, expected);
    }
}

/// The lines of the index, and the values of the desks. The rest is compared with a rebuild.
void run::check_index() {
    wait_for_index();
    const auto history = world_->map().history();
    std::map<std::string, std::string> found;
    const auto all = conversations_with<desk>().in(lifetime::any).limit(1000);
    for (const auto& each : history.find(all).found)
        found[each.id] = text_of(each);
    for (const auto& model : models_) {
        for (const auto& each : model.conversations)
            expect_same(
                "the index of " + each.id,
                std::exchange(found[each.id], {}),
                index_text(each)
            );
    }
    for (const auto& [id, line] : found)
        if (!line.empty()) throw mismatch("the index has " + id + ": " + line);
}

void run::check_store() {
    world_.reset();
    const auto from = sqlite_store(place_.path(), {.read_only = true, .archive = true});
    const auto found = stube::check_store(*from, {}, check_depth::deep);
    const bool is_good =
        found.all_can_continue() && found.is_archive_intact() && found.archive->garbage == 0 &&
        found.index == store_check::index_state::compared && found.index_differences.empty();
    if (!is_good) throw mismatch("the check of the store:\n" + report_of(found));
}

void run::finish() {
    restart();
    for (const auto& each : models_) {
        check_live(each);
        check_history(each);
        check_failures(each);
    }
    check_index();
    check_store();
}

}  // namespace sequences
