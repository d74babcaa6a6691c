#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/markup_check.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/script_only.hpp"
#include "runtime/testing/patched_page.hpp"
#include "runtime/testing/recorded_run.hpp"
#include "runtime/testing/test_controls.hpp"

#include <stube/runtime/cause.hpp>
#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>
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

std::ostream& operator<<(std::ostream& out, const page_text& text) {
    return out << text.text_;
}

class test_conversation::impl {
public:
    explicit impl(beginning with) : beginning_(std::move(with)) {
        env_.now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);
        env_.secrets = &secrets_;
        env_.random = &random_;
        env_.app = &objects_;
        value_.id = "test";
        value_.owner = "test";
        value_.mount = "/";
    }

    explicit impl(recorded_run recorded) : impl(beginning(conversation())) {
        recorded_ = std::move(recorded);
    }

    environment& env() { return env_; }

    void provide(void* object, const std::type_info& type) { objects_.add(object, type); }

    void set_random_seed(std::uint64_t seed) { random_ = random_bits(seed); }

    void set_secret_keys(stube::secret_keys keys) { secrets_ = std::move(keys); }

    void set_principal(stube::principal who) {
        if (has_begun_) misuse("principal() comes before the conversation begins");
        value_.principal = std::move(who);
    }

    void act_as(stube::principal who) { user_ = std::move(who); }

    /// The instance whose field a control is bound to, or null.
    const instance* owner_of(const node& control) const {
        const auto name = control.get("name");
        const auto dash = name.find('-');
        if (!name.starts_with('i') || dash == name.npos) return nullptr;
        instance_id id = 0;
        std::from_chars(name.data() + 1, name.data() + dash, id);
        return value_.instances.find(id);
    }

    bool shows(std::string_view component) const {
        bool found = false;
        value_.instances.each([&](const instance_ptr& each) {
            found = found || (each->type->name == component && value_.is_shown(each->id));
        });
        return found;
    }

    void set_scope(std::string_view text) {
        ensure_begun();
        const node* smallest = nullptr;
        for (const auto* each : find_all(page(), is_instance)) {
            // An inner element comes after the outer one in the order of the page.
            if (visible_text(*each).find(text) != std::string::npos) smallest = each;
        }
        if (!smallest) misuse("no component shows " + quoted(text));
        scope_ = smallest->get("id");
    }

    /// The scope of the next action or query. Resets the scope to the whole page.
    const node& take_scope() {
        if (scope_.empty()) return page();
        const auto id = std::exchange(scope_, {});
        auto found = find_all(page(), [&](const node& each) { return each.get("id") == id; });
        return found.empty() ? page() : *found.front();
    }

    /// Begins the conversation if it has not begun. Every action and every query calls this first.
    impl& ensure_begun() {
        if (!has_begun_) {
            has_begun_ = true;
            begin_now();
        }
        return *this;
    }

    /// Begins the conversation like `ensure_begun`, and requires a component on the page.
    impl& ensure_running() {
        ensure_begun();
        if (ended_) misuse("the conversation has ended: no component can receive an event");
        if (value_.root == 0) misuse("the conversation could not begin: " + error_);
        return *this;
    }

    const conversation& value() const { return value_; }

    const node& page() const { return page_.root(); }

    std::string html() const { return page_.html(); }

    const std::vector<std::string>& aliases() const { return aliases_; }

    std::vector<std::string> warnings() const {
        return script_only_events(render_view(value_, env_).content, value_);
    }

    const std::vector<std::string>& notices() const { return notices_; }

    const std::string& error() const { return error_; }

    bool ended() const { return ended_; }

    verdict last() const { return last_; }

    entries& entered() { return entered_; }

    void send(event e) {
        e.id = ++last_id_;
        last_event_ = std::move(e);
        deliver();
    }

    void send_from(const node& element, const wired_event& wired, const node* scope) {
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

    /// Sends the events of a control that the user has changed.
    void send_change_events(const node& control) {
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

    void send_member(std::string_view name, const event_function* target, std::string arguments) {
        const auto& where = take_scope();
        event e;
        e.instance = receiver(where, name, target);
        e.name = name;
        e.arguments = std::move(arguments);
        e.form = entered_.form_below(where);
        sent_from_ = &where;
        send(std::move(e));
    }

    void go_to_step(std::optional<std::uint64_t> to) {
        show(kernel::apply(value_, cause::navigation{++last_id_, to, user_}, env_));
    }

    void forward() {
        if (value_.future.empty()) misuse("there is no step to go forward to");
        go_to_step(value_.future.front()->step);
    }

    void receive(std::string_view topic, const std::string& message) {
        show_unless_stale(kernel::deliver(value_, topic, message, env_));
    }

    void run_work() {
        while (!work_.empty() && !ended_) {
            auto next = std::move(work_.front());
            work_.erase(work_.begin());
            show_unless_stale(result_of(next));
        }
    }

    void advance(std::chrono::milliseconds by) {
        const auto until = env_.now + by;
        if (has_begun_) {
            for (auto due = next_due(value_); due && *due <= until && !ended_;
                 due = next_due(value_)) {
                env_.now = std::max(env_.now, *due);
                auto done = fire_timers(value_, env_);
                const bool is_spent = done.verdict != verdict::failed;
                show_unless_stale(std::move(done));
                if (!is_spent) break;  // the timer is still due, and would fail endlessly
            }
        }
        env_.now = until;
    }

    const std::vector<patch>& patches() const { return patches_; }

    const std::vector<event>& events() const { return events_; }

    const std::vector<std::string>& published() const { return published_; }

    const std::vector<std::string>& client_events() const { return client_events_; }

    const std::string& title() const { return title_; }

    const std::string& url() const { return url_; }

    std::size_t waiting_work() const { return work_.size(); }

    void send_last_again(bool as_new) {
        if (last_event_.id == 0) misuse("no event was sent yet");
        if (as_new) last_event_.id = ++last_id_;
        if (ended_) {
            last_ = verdict::stale;
            error_.clear();
        } else {
            deliver();
        }
    }

    void begin_now();
    void continue_from(conversation restored);
    void restart();
    replay_report replay(std::uint64_t until);
    void fail_interrupted(const std::vector<std::uint64_t>& numbers);
    void show_after_restart();

private:
    recorded_run::show show_recorded();
    void skip_recorded_ids();

    /// The only component in `where`, possibly `where` itself, that has the member.
    instance_id receiver(const node& where, std::string_view name, const event_function* target) {
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

    outcome result_of(const command::work& work) {
        try {
            return finish_work(value_, work.number, work.run(), env_);
        } catch (const std::exception&) {
            return fail_work(value_, work.number, {not_completed}, env_);
        }
    }

    /// Carries out the commands of a turn as the live runtime does.
    void carry_out(std::vector<any_command> outbox) {
        for (auto& each : outbox)
            std::visit([&](auto& command) { carry_out(std::move(command)); }, each);
    }

    void carry_out(command::work&& work) { work_.push_back(std::move(work)); }

    /// An exception of a `stop` hook is only logged, because the turn is over.
    void carry_out(command::stop&& stop) {
        try {
            run_stop(stop, value_, env_);
        } catch (...) {
            error_ = "stop failed: " + current_exception_message();
        }
    }

    void carry_out(command::publish&& message) {
        published_.push_back(message.topic + " " + message.message);
        if (is_replaying_) return;  // its delivery is a recorded event
        const auto subscribed = topics(value_);
        if (!ended_ && std::ranges::find(subscribed, message.topic) != subscribed.end())
            receive(message.topic, message.message);
    }

    /// A stale timer, message or result does not change the page, unlike a stale event of a user.
    void show_unless_stale(outcome done) {
        if (done.verdict == verdict::stale) return;
        show(std::move(done));
    }

    void deliver() {
        events_.push_back(last_event_);
        auto done = kernel::apply(value_, cause::user_event{last_event_, user_}, env_);
        const bool is_applied = done.verdict == verdict::applied;
        if (is_applied && sent_from_) entered_.mark_sent(*sent_from_);
        sent_from_ = nullptr;
        show(std::move(done));
    }

    void show(outcome done) {
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

    /// Changes the page as a browser does. Content that no patch brings does not appear.
    void apply(const patch& change) {
        if (change.kind == patch_kind::notice) return add_notice(change);
        if (change.kind == patch_kind::command) apply_command(change.json);
        for (const auto* fresh : page_.apply(change))
            entered_.drop_sent(*fresh);
    }

    void apply_command(const std::string& json) {
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

    void add_notice(const patch& notice) {
        notices_.push_back(visible_text(*parse(to_html(notice))));
    }

    beginning beginning_;
    std::optional<recorded_run> recorded_;  ///< empty without an export
    bool is_replaying_ = false;
    stube::secret_keys secrets_{{"test", "a key for tests, which is no secret"}};
    random_bits random_{std::uint64_t{0}};
    app_objects objects_;
    environment env_;
    conversation value_;
    bool has_begun_ = false;
    bool ended_ = false;
    patched_page page_;
    entries entered_;
    std::vector<std::string> notices_;
    verdict last_ = verdict::applied;
    std::string error_;
    event last_event_;
    event_id last_id_ = 0;
    const node* sent_from_ = nullptr;
    std::string scope_;  ///< document id of an instance, or empty
    std::vector<patch> patches_;
    std::vector<event> events_;
    std::vector<command::work> work_;
    std::vector<std::string> published_;
    std::vector<std::string> aliases_;
    std::vector<std::string> client_events_;
    std::string title_;
    std::string url_;
    std::optional<stube::principal> user_;  ///< empty: the user who began the conversation
};

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

test_conversation::test_conversation(effect::call root)
    : impl_(std::make_unique<impl>(std::move(root))) {}

test_conversation::test_conversation(conversation from)
    : impl_(std::make_unique<impl>(std::move(from))) {}

test_conversation::test_conversation(std::unique_ptr<impl> made) : impl_(std::move(made)) {}

test_conversation test_conversation::read_export(std::istream& document, std::uint64_t head) {
    return test_conversation(std::make_unique<impl>(recorded_run(document, head)));
}

replay_report test_conversation::replay(std::uint64_t until) {
    return impl_->replay(until);
}

test_conversation::test_conversation(test_conversation&&) noexcept = default;
test_conversation& test_conversation::operator=(test_conversation&&) noexcept = default;
test_conversation::~test_conversation() = default;

test_conversation& test_conversation::provide(void* app, const std::type_info& type) {
    impl_->provide(app, type);
    return *this;
}

test_conversation& test_conversation::secret_keys(stube::secret_keys keys) {
    impl_->set_secret_keys(std::move(keys));
    return *this;
}

test_conversation& test_conversation::random_seed(std::uint64_t seed) {
    impl_->set_random_seed(seed);
    return *this;
}

test_conversation& test_conversation::principal(stube::principal who) {
    impl_->set_principal(std::move(who));
    return *this;
}

test_conversation& test_conversation::as(stube::principal who) {
    impl_->ensure_running().act_as(std::move(who));
    return *this;
}

namespace {

/// The controls of a field.
template <class Conversation, class Field>
nodes controls_of(Conversation& t, const Field& which) {
    if (!which.component.empty() && !t.shows(which.component)) {
        misuse(
            std::string(which.component) +
            " is not on the page: " + std::string(t.value().top().type->name) + " is"
        );
    }
    const auto& where = t.take_scope();
    auto found = visible_controls(where);
    std::erase_if(found, [&](const node* each) {
        const auto* owner = t.owner_of(*each);
        const bool is_of_component =
            which.component.empty() || (owner && owner->type->name == which.component);
        return !is_of_component || field_of(*each) != which.name;
    });
    return only_control(std::move(found), where, quoted(which.name));
}

}  // namespace

test_conversation& test_conversation::within(std::string_view text) {
    impl_->set_scope(text);
    return *this;
}

test_conversation& test_conversation::back() {
    impl_->ensure_running().go_to_step(std::nullopt);
    return *this;
}

test_conversation& test_conversation::forward() {
    impl_->ensure_running().forward();
    return *this;
}

test_conversation& test_conversation::deliver(std::string_view topic, const std::string& message) {
    impl_->ensure_running().receive(topic, message);
    return *this;
}

test_conversation& test_conversation::run_work() {
    impl_->ensure_running().run_work();
    return *this;
}

std::string test_conversation::title() const {
    return impl_->ensure_begun().title();
}

std::string test_conversation::url() const {
    return impl_->ensure_begun().url();
}

std::vector<std::string> test_conversation::published() const {
    return impl_->ensure_begun().published();
}

std::vector<std::string> test_conversation::client_events() const {
    return impl_->ensure_begun().client_events();
}

std::size_t test_conversation::waiting_work() const {
    return impl_->ensure_begun().waiting_work();
}

const std::vector<patch>& test_conversation::patches() const {
    return impl_->ensure_begun().patches();
}

const std::vector<event>& test_conversation::events() const {
    return impl_->ensure_begun().events();
}

test_conversation& test_conversation::click(std::string_view label) {
    auto& t = impl_->ensure_running();
    const auto& target = find_clickable(t.page(), t.take_scope(), label);
    if (auto own = event_of(target, "click")) {
        t.send_from(target, *own, instance_around(target));
    } else {
        const auto* form = submitted_form(target);
        t.send_from(target, *event_of(*form, "submit"), form);
    }
    return *this;
}

test_conversation& test_conversation::submit() {
    auto& t = impl_->ensure_running();
    auto forms = find_all(t.take_scope(), [](const node& each) {
        return each.tag == "form" && is_wired(each, "submit") && !is_hidden(each);
    });
    if (forms.size() != 1) {
        misuse(
            "submit() needs one form with on<\"submit\", ...> on the page; there are " +
            std::to_string(forms.size())
        );
    }
    t.send_from(*forms.front(), *event_of(*forms.front(), "submit"), forms.front());
    return *this;
}

test_conversation& test_conversation::fill(std::string_view label, std::string_view text) {
    auto& t = impl_->ensure_running();
    t.send_change_events(
        enter(t.entered(), controls_labelled(t.page(), t.take_scope(), label), text)
    );
    return *this;
}

test_conversation& test_conversation::fill_field(own_field which, std::string_view text) {
    auto& t = impl_->ensure_running();
    t.send_change_events(enter(t.entered(), controls_of(t, which), text));
    return *this;
}

test_conversation& test_conversation::check(std::string_view label) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick(t.entered(), controls_labelled(t.page(), t.take_scope(), label), true)
    );
    return *this;
}

test_conversation& test_conversation::uncheck(std::string_view label) {
    auto& t = impl_->ensure_running();
    t.send_change_events(
        tick(t.entered(), controls_labelled(t.page(), t.take_scope(), label), false)
    );
    return *this;
}

test_conversation& test_conversation::check_field(own_field which, bool yes) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick(t.entered(), controls_of(t, which), yes));
    return *this;
}

test_conversation&
test_conversation::check_choice(own_field which, std::string_view choice, bool yes) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick_choice(t.entered(), controls_of(t, which), choice, yes));
    return *this;
}

test_conversation& test_conversation::send_member(
    std::string_view name,
    const event_function* target,
    std::string arguments
) {
    auto& t = impl_->ensure_running();
    t.send_member(name, target, std::move(arguments));
    return *this;
}

test_conversation& test_conversation::repeat_last_event() {
    impl_->ensure_begun().send_last_again(false);
    return *this;
}

test_conversation& test_conversation::resend_to_previous() {
    impl_->ensure_begun().send_last_again(true);
    return *this;
}

test_conversation& test_conversation::restart() {
    impl_->restart();
    return *this;
}

test_conversation& test_conversation::advance(std::chrono::milliseconds by) {
    impl_->advance(by);
    return *this;
}

time_point test_conversation::now() const {
    return impl_->env().now;
}

page_text test_conversation::text() const {
    auto& t = impl_->ensure_begun();
    std::string out;
    for (const auto& each : t.notices())
        out.append(each).append("\n");
    out += visible_text(t.page());
    if (out.ends_with('\n')) out.pop_back();
    return page_text(std::move(out));
}

std::string test_conversation::html() const {
    return impl_->ensure_begun().html();
}

std::vector<std::string> test_conversation::warnings() const {
    return impl_->ensure_begun().warnings();
}

std::vector<std::string> test_conversation::notices() const {
    return impl_->ensure_begun().notices();
}

std::string test_conversation::entered_in(own_field which) const {
    auto& t = impl_->ensure_running();
    auto found = controls_of(t, which);
    for (const auto* each : found) {
        if (is_check_box(*each)) return t.entered().is_checked(*each) ? "on" : "";
        if (!is_radio(*each)) return t.entered().value(*each);
        if (t.entered().is_checked(*each)) return std::string(each->get("value"));
    }
    return "";
}

std::string test_conversation::message_of(own_field which) const {
    auto& t = impl_->ensure_running();
    const auto& control = *controls_of(t, which).front();
    // For a group of controls, the element around them refers to the message.
    const auto* described = &control;
    while (described->parent && !described->has("aria-describedby") && !is_instance(*described))
        described = described->parent;
    const auto id = described->get("aria-describedby");
    auto found =
        find_all(t.page(), [&](const node& each) { return !id.empty() && each.get("id") == id; });
    return found.empty() ? "" : visible_text(*found.front());
}

bool test_conversation::is_kept() const {
    return impl_->ensure_begun().value().kept;
}

const std::vector<std::string>& test_conversation::aliases() const {
    return impl_->ensure_begun().aliases();
}

bool test_conversation::ended() const {
    return impl_->ensure_begun().ended();
}

verdict test_conversation::last() const {
    return impl_->ensure_begun().last();
}

std::string test_conversation::error() const {
    return impl_->ensure_begun().error();
}

const conversation& test_conversation::value() const {
    return impl_->ensure_begun().value();
}

}  // namespace stube
