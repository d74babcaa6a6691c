#include "runtime/testing/tested_run.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/markup_check.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/script_only.hpp"
#include "runtime/testing/test_controls.hpp"

#include <stube/runtime/cause.hpp>
#include <stube/runtime/deliveries.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace stube {

using namespace kernel;
using namespace test_page;

namespace {

std::string to_html(const patch& from) {
    std::string out;
    write_markup(out, from.content, wire());
    return out;
}

}  // namespace

void test_conversation::impl::set_principal(stube::principal who) {
    if (has_begun_) misuse("principal() comes before the conversation begins");
    value_.principal = std::move(who);
}

const instance* test_conversation::impl::owner_of(const node& control) const {
    const auto name = control.get("name");
    const auto dash = name.find('-');
    if (!name.starts_with('i') || dash == name.npos) return nullptr;
    instance_id id = 0;
    std::from_chars(name.data() + 1, name.data() + dash, id);
    return value_.instances.find(id);
}

bool test_conversation::impl::shows(std::string_view component) const {
    bool found = false;
    value_.instances.each([&](const instance_ptr& each) {
        found = found || (each->type->name == component && value_.is_shown(each->id));
    });
    return found;
}

void test_conversation::impl::set_scope(std::string_view text) {
    ensure_begun();
    const node* smallest = nullptr;
    for (const auto* each : find_all(page(), is_instance)) {
        // An inner element comes after the outer one in the order of the page.
        if (visible_text(*each).find(text) != std::string::npos) smallest = each;
    }
    if (!smallest) misuse("no component shows " + quoted(text));
    scope_ = smallest->get("id");
}

const node& test_conversation::impl::take_scope() {
    if (scope_.empty()) return page();
    const auto id = std::exchange(scope_, {});
    auto found = find_all(page(), [&](const node& each) { return each.get("id") == id; });
    return found.empty() ? page() : *found.front();
}

test_conversation::impl& test_conversation::impl::ensure_begun() {
    if (!has_begun_) {
        has_begun_ = true;
        begin_now();
    }
    return *this;
}

test_conversation::impl& test_conversation::impl::ensure_running() {
    ensure_begun();
    if (ended_) misuse("the conversation has ended: no component can receive an event");
    if (value_.root == 0) misuse("the conversation could not begin: " + error_);
    return *this;
}

std::vector<std::string> test_conversation::impl::warnings() const {
    return script_only_events(render_view(value_, env_).content, value_);
}

void test_conversation::impl::send(event e) {
    e.id = ++last_id_;
    last_event_ = std::move(e);
    deliver();
}

void test_conversation::impl::send_from(
    const node& element,
    const wired_event& wired,
    const node* scope
) {
    event e;
    e.instance = wired.instance;
    e.name = wired.name;
    e.arguments = wired.arguments;
    if (scope) e.form = entered_.form_below(*scope);
    if (const auto* name = element.find("name"); name && !is_control(element)) {
        e.form.push_back({*name, std::string(element.get("value"))});
    }
    sent_from_ = scope;
    send(std::move(e));
}

void test_conversation::impl::send_change_events(const node& control) {
    const std::string name(control.get("name"));
    const std::string id(control.get("id"));
    for (std::string_view on : {"input", "change"}) {
        // The first event may have replaced the control, so find it again.
        for (const auto* each : find_all(page(), is_control)) {
            if (each->get("name") != name || each->get("id") != id) continue;
            if (auto wired = event_of(*each, on)) {
                send_from(*each, *wired, instance_around(*each));
                break;
            }
        }
    }
}

void test_conversation::impl::send_member(
    std::string_view name,
    const event_function* target,
    std::string arguments
) {
    const auto& where = take_scope();
    event e;
    e.instance = receiver(where, name, target);
    e.name = name;
    e.arguments = std::move(arguments);
    e.form = entered_.form_below(where);
    sent_from_ = &where;
    send(std::move(e));
}

void test_conversation::impl::go_to_step(std::optional<std::uint64_t> to) {
    show(kernel::apply(value_, cause::navigation{++last_id_, to, user_}, env_));
}

void test_conversation::impl::forward() {
    if (value_.future.empty()) misuse("there is no step to go forward to");
    go_to_step(value_.future.front()->step);
}

void test_conversation::impl::receive(std::string_view topic, const std::string& message) {
    show_unless_stale(kernel::deliver(value_, topic, message, env_));
}

void test_conversation::impl::run_work() {
    while (!work_.empty() && !ended_) {
        auto next = std::move(work_.front());
        work_.erase(work_.begin());
        show_unless_stale(result_of(next));
    }
}

void test_conversation::impl::advance(std::chrono::milliseconds by) {
    const auto until = env_.now + by;
    if (has_begun_) {
        for (auto due = next_due(value_); due && *due <= until && !ended_; due = next_due(value_)) {
            env_.now = std::max(env_.now, *due);
            auto done = fire_timers(value_, env_);
            const bool is_spent = done.verdict != verdict::failed;
            show_unless_stale(std::move(done));
            if (!is_spent) break;  // the timer is still due, and would fail endlessly
        }
    }
    env_.now = until;
}

void test_conversation::impl::send_last_again(bool as_new) {
    if (last_event_.id == 0) misuse("no event was sent yet");
    if (as_new) last_event_.id = ++last_id_;
    if (ended_) {
        last_ = verdict::stale;
        error_.clear();
    } else {
        deliver();
    }
}

instance_id test_conversation::impl::receiver(
    const node& where,
    std::string_view name,
    const event_function* target
) {
    std::vector<instance_id> found;
    auto candidates = find_all(where, is_instance);
    if (is_instance(where)) candidates.push_back(&where);
    for (const auto* candidate : candidates) {
        instance_id id = 0;
        const auto text = candidate->get("id");
        std::from_chars(text.data() + 1, text.data() + text.size(), id);
        const auto* one = value_.instances.find(id);
        const auto* member = one ? one->type->find(name) : nullptr;
        if (member && member->on_event == target) found.push_back(id);
    }
    if (found.size() == 1) return found.front();
    if (!found.empty())
        misuse("several components on the page have " + quoted(name) + ": use within(...)");
    misuse(
        std::string(name) + " is not a member of " + std::string(value_.top().type->name) +
        ", which is on the page"
    );
}

outcome test_conversation::impl::result_of(const command::work& work) {
    try {
        return finish_work(value_, work.number, work.run(), env_);
    } catch (const std::exception&) {
        return fail_work(value_, work.number, {not_completed}, env_);
    }
}

void test_conversation::impl::carry_out(std::vector<any_command> outbox) {
    for (auto& each : outbox)
        std::visit([&](auto& command) { carry_out(std::move(command)); }, each);
}

void test_conversation::impl::carry_out(command::stop&& stop) {
    try {
        run_stop(stop, value_, env_);
    } catch (...) {
        error_ = "stop failed: " + current_exception_message();
    }
}

void test_conversation::impl::carry_out(command::publish&& message) {
    published_.push_back(message.topic + " " + message.message);
    if (is_replaying_) return;  // its delivery is a recorded event
    const auto subscribed = topics(value_);
    if (!ended_ && std::ranges::find(subscribed, message.topic) != subscribed.end())
        receive(message.topic, message.message);
}

void test_conversation::impl::show_unless_stale(outcome done) {
    if (done.verdict == verdict::stale) return;
    show(std::move(done));
}

void test_conversation::impl::deliver() {
    events_.push_back(last_event_);
    auto done = kernel::apply(value_, cause::user_event{last_event_, user_}, env_);
    const bool is_applied = done.verdict == verdict::applied;
    if (is_applied && sent_from_) entered_.mark_sent(*sent_from_);
    sent_from_ = nullptr;
    show(std::move(done));
}

void test_conversation::impl::show(outcome done) {
    last_ = done.verdict;
    error_ = std::move(done.error);
    notices_.clear();
    if (done.verdict == verdict::failed) return add_notice(failure_notice("test"));
    if (done.verdict == verdict::forbidden) return add_notice(forbidden_notice());
    if (done.verdict == verdict::applied || done.verdict == verdict::ended) {
        value_ = std::move(done.next);
        aliases_.insert(aliases_.end(), done.aliases.begin(), done.aliases.end());
        ended_ = done.verdict == verdict::ended;
    }
    patches_ = done.patches;
    for (const auto& each : done.patches)
        apply(each);
    if (const auto misplaced = describe_misplaced(page(), value_); !misplaced.empty())
        misuse(misplaced);
    entered_.keep_only(page());
    value_.forget_sent(done.differing);
    carry_out(std::move(done.outbox));
}

void test_conversation::impl::apply(const patch& change) {
    if (change.kind == patch_kind::notice) return add_notice(change);
    if (change.kind == patch_kind::command) apply_command(change.json);
    for (const auto* fresh : page_.apply(change))
        entered_.drop_sent(*fresh);
}

void test_conversation::impl::apply_command(const std::string& json) {
    const auto parsed = boost::json::parse(json);
    const auto& command = parsed.as_object();
    if (const auto* title = command.if_contains("title")) title_ = title->as_string();
    if (const auto* url = command.if_contains("url")) url_ = url->as_string();
    if (const auto* name = command.if_contains("event")) {
        client_events_.push_back(
            std::string(name->as_string()) + " " + boost::json::serialize(command.at("detail"))
        );
    }
}

void test_conversation::impl::add_notice(const patch& notice) {
    notices_.push_back(visible_text(*parse(to_html(notice))));
}

void test_conversation::impl::begin_now() {
    if (recorded_) {
        recorded_->begin(env_, show_recorded());
        return skip_recorded_ids();
    }
    if (auto* restored = std::get_if<conversation>(&beginning_))
        return continue_from(std::move(*restored));
    show(begin(value_, std::get<effect::call>(beginning_), env_));
}

void test_conversation::impl::continue_from(conversation restored) {
    restored.id = value_.id;
    restored.owner = value_.owner;
    if (!value_.principal.is_anonymous()) restored.principal = value_.principal;
    const auto interrupted = unfinished_work(restored);
    show(resume(std::move(restored), env_));
    fail_interrupted(interrupted);
}

/// Shows a recorded outcome with the clock at its time. Messages and work come from the record.
recorded_run::show test_conversation::impl::show_recorded() {
    return [this](const outcome& recorded, time_point time) {
        env_.now = time;
        is_replaying_ = true;
        show(recorded);
        is_replaying_ = false;
    };
}

replay_report test_conversation::impl::replay(std::uint64_t until) {
    if (!recorded_) misuse("replay() needs a conversation from from_export()");
    ensure_begun();
    auto report = recorded_->replay(value_, until, env_, show_recorded());
    const auto unfinished = unfinished_work(value_);
    std::erase_if(work_, [&](const command::work& each) {
        return std::ranges::find(unfinished, each.number) == unfinished.end();
    });
    skip_recorded_ids();
    return report;
}

/// The next event of the test must not have the id of a recorded one.
void test_conversation::impl::skip_recorded_ids() {
    for (const auto id : value_.applied)
        last_id_ = std::max(last_id_, id);
}

void test_conversation::impl::restart() {
    ensure_running();
    if (const auto* flow = value_.not_durable()) {
        misuse(
            "the conversation holds " + std::string(flow->name) +
            ", which exists only in memory and does not survive a restart"
        );
    }
    const detail::secret_keys_scope scope(secrets_);
    auto stored = encode_change(nullptr, value_, false);
    value_ = decode_conversation({stored.id, stored.revision, stored.status, stored.written});
    const auto interrupted = unfinished_work(value_);
    work_.clear();
    show_after_restart();
    fail_interrupted(interrupted);
}

void test_conversation::impl::fail_interrupted(const std::vector<std::uint64_t>& numbers) {
    for (const auto number : numbers)
        show_unless_stale(fail_work(value_, number, {was_interrupted}, env_));
}

/// Shows what an open page receives after a restart, and then the whole view: a test must see
/// whether all of the state was restored.
void test_conversation::impl::show_after_restart() {
    if (has_wakeup(value_)) {
        show(wake(value_, env_));
        if (last_ == verdict::applied) apply(render_view(value_, env_));
        return;
    }
    outcome seen;
    seen.verdict = verdict::repeated;
    seen.patches.push_back(render_view(value_, env_));
    show(std::move(seen));
    last_ = verdict::applied;
}

}  // namespace stube
