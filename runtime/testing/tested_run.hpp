#pragma once

#include "runtime/testing/patched_page.hpp"
#include "runtime/testing/recorded_run.hpp"
#include "runtime/testing/test_entries.hpp"
#include "runtime/testing/test_page.hpp"

#include <stube/runtime/app_objects.hpp>
#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/outbox.hpp>
#include <stube/runtime/random_bits.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stube {

/// The conversation of a test, with the page that shows it and the clock. It applies causes with
/// the kernel, and carries out the outbox as the live runtime does. `test_conversation` finds the
/// elements for the actions of a test.
class test_conversation::impl {
public:
    explicit impl(kernel::beginning with) : beginning_(std::move(with)) {
        env_.now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);
        env_.secrets = &secrets_;
        env_.random = &random_;
        env_.app = &objects_;
        value_.id = "test";
        value_.owner = "test";
        value_.mount = "/";
    }

    explicit impl(recorded_run recorded) : impl(kernel::beginning(conversation())) {
        recorded_ = std::move(recorded);
    }

    kernel::environment& env() { return env_; }
    void provide(void* object, const std::type_info& type) { objects_.add(object, type); }
    void set_random_seed(std::uint64_t seed) { random_ = random_bits(seed); }
    void set_secret_keys(stube::secret_keys keys) { secrets_ = std::move(keys); }
    void set_principal(stube::principal who);
    void act_as(stube::principal who) { user_ = std::move(who); }

    /// The instance whose field a control is bound to, or null.
    const kernel::instance* owner_of(const test_page::node& control) const;
    bool shows(std::string_view component) const;
    void set_scope(std::string_view text);

    /// The scope of the next action or query. Resets the scope to the whole page.
    const test_page::node& take_scope();

    /// Begins the conversation if it has not begun. Every action and every query calls this first.
    impl& ensure_begun();

    /// Begins the conversation like `ensure_begun`, and requires a component on the page.
    impl& ensure_running();

    const conversation& value() const { return value_; }
    const test_page::node& page() const { return page_.root(); }
    std::string html() const { return page_.html(); }
    const std::vector<std::string>& aliases() const { return aliases_; }
    std::vector<std::string> warnings() const;
    const std::vector<std::string>& notices() const { return notices_; }
    const std::string& error() const { return error_; }
    bool ended() const { return ended_; }
    kernel::verdict last() const { return last_; }
    test_page::entries& entered() { return entered_; }

    void send(kernel::event e);
    void send_from(
        const test_page::node& element,
        const test_page::wired_event& wired,
        const test_page::node* scope
    );

    /// Sends the events of a control that the user has changed.
    void send_change_events(const test_page::node& control);
    void send_member(std::string_view name, const event_function* target, std::string arguments);
    void go_to_step(std::optional<std::uint64_t> to);
    void forward();
    void receive(std::string_view topic, const std::string& message);
    void run_work();
    void advance(std::chrono::milliseconds by);
    void send_last_again(bool as_new);

    const std::vector<kernel::patch>& patches() const { return patches_; }
    const std::vector<kernel::event>& events() const { return events_; }
    const std::vector<std::string>& published() const { return published_; }
    const std::vector<std::string>& client_events() const { return client_events_; }
    const std::string& title() const { return title_; }
    const std::string& url() const { return url_; }
    std::size_t waiting_work() const { return work_.size(); }

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
    instance_id
    receiver(const test_page::node& where, std::string_view name, const event_function* target);
    kernel::outcome result_of(const kernel::command::work& work);

    /// Carries out the commands of a turn as the live runtime does.
    void carry_out(std::vector<kernel::any_command> outbox);
    void carry_out(kernel::command::work&& work) { work_.push_back(std::move(work)); }

    /// An exception of a `stop` hook is only logged, because the turn is over.
    void carry_out(kernel::command::stop&& stop);
    void carry_out(kernel::command::publish&& message);

    /// A stale timer, message or result does not change the page, unlike a stale event of a user.
    void show_unless_stale(kernel::outcome done);
    void deliver();
    void show(kernel::outcome done);

    /// Changes the page as a browser does. Content that no patch brings does not appear.
    void apply(const kernel::patch& change);
    void apply_command(const std::string& json);
    void add_notice(const kernel::patch& notice);

    kernel::beginning beginning_;
    std::optional<recorded_run> recorded_;  ///< empty without an export
    bool is_replaying_ = false;
    stube::secret_keys secrets_{{"test", "a key for tests, which is no secret"}};
    random_bits random_{std::uint64_t{0}};
    app_objects objects_;
    kernel::environment env_;
    conversation value_;
    bool has_begun_ = false;
    bool ended_ = false;
    test_page::patched_page page_;
    test_page::entries entered_;
    std::vector<std::string> notices_;
    kernel::verdict last_ = kernel::verdict::applied;
    std::string error_;
    kernel::event last_event_;
    kernel::event_id last_id_ = 0;
    const test_page::node* sent_from_ = nullptr;
    std::string scope_;  ///< document id of an instance, or empty
    std::vector<kernel::patch> patches_;
    std::vector<kernel::event> events_;
    std::vector<kernel::command::work> work_;
    std::vector<std::string> published_;
    std::vector<std::string> aliases_;
    std::vector<std::string> client_events_;
    std::string title_;
    std::string url_;
    std::optional<stube::principal> user_;  ///< empty: the user who began the conversation
};

}  // namespace stube
