#pragma once

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/messages.hpp>

#include <boost/json/array.hpp>

#include <chrono>
#include <concepts>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// Tests of an application without a port, a browser or a store, for any test framework.
namespace stube {

/// The visible text of a page. Adjacent blanks are joined, and each block is on a line of its own.
class page_text {
public:
    explicit page_text(std::string text) : text_(std::move(text)) {}

    bool contains(std::string_view part) const { return text_.find(part) != std::string::npos; }

    const std::string& str() const { return text_; }

    operator std::string_view() const { return text_; }

    friend bool operator==(const page_text&, const page_text&) = default;

    friend bool operator==(const page_text& left, std::string_view right) {
        return left.text_ == right;
    }

    friend std::ostream& operator<<(std::ostream& out, const page_text& text);

private:
    std::string text_;
};

/// One conversation and the page that shows it, from the viewpoint of a user:
///
///     test_conversation t{book_room{}};
///     t.fill<&pick_dates::arrival>("2026-12-01").click("Next");
///     CHECK(t.text().contains("Choose a room"));
///     t.back();
///     CHECK(t.entered<&pick_dates::arrival>() == "2026-12-01");
///     t.forward();
///     CHECK(t.text().contains("Choose a room"));
///
/// The conversation begins with the first action or the first query of its state, so that
/// `provide`, `principal` and `advance` can prepare it. Events carry the form values that a browser
/// sends: a submitted form its own controls, every other event all controls of its component.
/// `required`, `min` and similar attributes are ignored, since a user can get past them.
///
/// The patches of each event change the page as they do in a browser. Content that no patch brings
/// does not appear, and typed text stays until a patch replaces the control. HTML that a browser
/// would show differently from how it is written (a form in a form, a list in a paragraph) throws
/// std::logic_error with the names of the components.
///
/// If a component throws, `failed()` is true and nothing changes. A mistake of the test (no such
/// button, no such field) throws std::logic_error whose text lists the alternatives.
class test_conversation {
public:
    template <class C>
        requires(!std::same_as<C, test_conversation>)
    explicit test_conversation(C root) : test_conversation(root_call(std::move(root))) {}

    template <class C>
    explicit test_conversation(call_request<C> root)
        : test_conversation(std::move(root).release()) {}

    explicit test_conversation(effect::call root);

    /// Continues from another conversation, see <stube/runtime/snapshot.hpp>.
    explicit test_conversation(conversation from);
    test_conversation(test_conversation&&) noexcept;
    test_conversation& operator=(test_conversation&&) noexcept;
    ~test_conversation();

    // --- before the conversation begins

    /// Sets the application's object, see `context::app`. The object must outlive this one.
    template <class App>
    test_conversation& provide(App& app) {
        return provide(&app, typeid(App));
    }

    /// Sets the user who begins the conversation.
    test_conversation& principal(stube::principal who);

    /// Sets the keys for `encrypted` values, which `restart` and `context::snapshot` use. Without
    /// this call, there is one key for tests.
    test_conversation& secret_keys(stube::secret_keys keys);

    // --- where a user looks

    /// Restricts the next action, or the next query, to the smallest component on the page that
    /// shows this text:
    ///
    ///     t.within("Buy milk").click("Edit");
    test_conversation& within(std::string_view text);

    // --- what a user does

    /// Sets the user of the following events, as if the page was open in that user's browser too.
    ///
    ///     t.as({"Grace", {"approver"}}).click("Approve");
    test_conversation& as(stube::principal who);

    /// Clicks the one enabled button, or other element with a click event, that has this visible
    /// text or accessible name. A submit button sends its form.
    test_conversation& click(std::string_view label);

    /// Submits the only form of the page, as the return key does.
    test_conversation& submit();

    /// Enters `text` into the control of a field. For a selection, or for radio buttons, `text` is
    /// the value of the choice.
    template <auto Member, class Type = decltype(Member)>
    test_conversation& fill(std::string_view text) {
        return fill_field(field_on_page<Member>(), text);
    }

    /// Enters `text` into the control with this label.
    test_conversation& fill(std::string_view label, std::string_view text);

    template <auto Member, class Type = decltype(Member)>
    test_conversation& check() {
        return check_field(field_on_page<Member>(), true);
    }

    test_conversation& check(std::string_view label);

    template <auto Member, class Type = decltype(Member)>
    test_conversation& uncheck() {
        return check_field(field_on_page<Member>(), false);
    }

    test_conversation& uncheck(std::string_view label);

    /// Checks one of the choices of a list by its value: a check box or an option.
    template <auto Member, class Type = decltype(Member)>
    test_conversation& check(std::string_view choice) {
        return check_choice(field_on_page<Member>(), choice, true);
    }

    template <auto Member, class Type = decltype(Member)>
    test_conversation& uncheck(std::string_view choice) {
        return check_choice(field_on_page<Member>(), choice, false);
    }

    /// Sends the event to the one component on the page that has the member, even if the page has
    /// no control for it.
    template <auto Member, class Type = decltype(Member), class... Arguments>
    test_conversation& send(const Arguments&... arguments) {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            sizeof...(Arguments) == std::tuple_size_v<parameters>,
            "stube: this event has a different number of arguments than its member takes."
        );
        return send_member(
            detail::member_name<Member>(),
            &detail::event_target<Member>,
            encode_as(static_cast<parameters*>(nullptr), arguments...)
        );
    }

    /// Presses the browser's Back button: one step back in the conversation's history.
    test_conversation& back();

    /// Presses the browser's Forward button, after Back.
    test_conversation& forward();

    // --- what happens outside

    /// Publishes a value to a topic from outside this conversation:
    ///
    ///     t.publish("news", "Rain");
    ///     CHECK(t.text().contains("Rain"));
    template <class T>
    test_conversation& publish(std::string_view topic, const T& value) {
        return deliver(topic, detail::one_argument(value));
    }

    /// Runs all background work that the components have started, and delivers the results:
    ///
    ///     t.click("Load").run_work();
    ///     CHECK(t.text().contains("The sum is 2026"));
    test_conversation& run_work();

    // --- faults

    /// Sends the last event again with the same id, as a browser does that received no response.
    test_conversation& repeat_last_event();

    /// Sends the last event again as a new event to the same instance, even if the instance has
    /// left, as the second half of a double click does.
    test_conversation& resend_to_previous();

    /// Simulates a restart of the process: the conversation is encoded and decoded as for a store,
    /// the `wakeup` hooks run, and unfinished background work fails. Throws std::logic_error if the
    /// conversation contains a component that cannot be stored, and `decode_error` if the stored
    /// form cannot be decoded.
    test_conversation& restart();

    // --- the clock, which begins at noon of 2026-01-01, UTC, and moves only by `advance`

    /// Moves the clock. The members of the timers that become due are called, each at its time:
    ///
    ///     CHECK(t.text().contains("0 seconds"));
    ///     t.advance(3s);
    ///     CHECK(t.text().contains("3 seconds"));
    test_conversation& advance(std::chrono::milliseconds by);
    time_point now() const;

    // --- the state

    /// The text that a user can read: messages first, then the view, without the values of
    /// controls.
    page_text text() const;

    /// The view as HTML. Event bindings are written as `data-on-click="i2.remove([7])"`.
    std::string html() const;

    /// The members that the page reaches only through events that need scripts, one text each, such
    /// as "demo/search: update (input)". A page without warnings is usable before its scripts run.
    std::vector<std::string> warnings() const;

    /// The messages above the view that the last event brought.
    std::vector<std::string> notices() const;

    /// The value in the control of a field; for a check box "on" or "".
    template <auto Member, class Type = decltype(Member)>
    std::string entered() const {
        return entered_in(field_on_page<Member>());
    }

    /// The message shown at the control of a field, or an empty text.
    template <auto Member, class Type = decltype(Member)>
    std::string message_at() const {
        return message_of(field_on_page<Member>());
    }

    /// The page's title and address as the components have set them, or an empty text.
    std::string title() const;
    std::string url() const;

    /// The messages published to topics, as "topic [\"text\"]", and the events for scripts of the
    /// page, as "name {...}".
    std::vector<std::string> published() const;
    std::vector<std::string> client_events() const;

    /// The number of pieces of background work that wait for `run_work`.
    std::size_t waiting_work() const;

    /// The patches of the last event, as an open page receives them.
    const std::vector<kernel::patch>& patches() const;

    /// All events since the beginning, for `replay`. They contain the secret values that were sent.
    const std::vector<kernel::event>& events() const;

    bool ended() const;

    /// True if the conversation is marked as worth keeping:
    ///
    ///     CHECK(t.click("Save draft").is_kept());
    bool is_kept() const;

    /// The aliases that the conversation was given, in order; see `write_alias`. The test does not
    /// check whether another conversation has them.
    const std::vector<std::string>& aliases() const;

    /// The verdict on the last event, or on the beginning.
    kernel::verdict last() const;

    /// True if a component threw during the last event. Nothing was changed then.
    bool failed() const { return last() == kernel::verdict::failed; }

    /// The text that the log would contain about the last event: why it failed or was refused.
    /// Empty if it succeeded.
    std::string error() const;

    /// The current conversation; after its end, without instances.
    const conversation& value() const;

private:
    class impl;

    template <class C>
    static effect::call root_call(C root) {
        static_cast<void>(&detail::known<C>);
        return {&type_of<C>(), std::make_shared<const C>(std::move(root)), {}, {}};
    }

    /// A field of a component. `component` is empty if the class of the member is not a component
    /// itself; then any component with that member matches.
    struct own_field {
        std::string_view component;
        std::string_view name;
    };

    template <auto Member, class Type = decltype(Member)>
    static own_field field_on_page() {
        using owner = typename detail::member<Member>::owner;
        if constexpr (requires { owner::component; }) {
            return {owner::component, detail::member_name<Member>()};
        } else {
            return {{}, detail::member_name<Member>()};
        }
    }

    template <class... Parameters, class... Arguments>
    static std::string encode_as(std::tuple<Parameters...>*, const Arguments&... arguments) {
        static_assert(
            (std::is_convertible_v<const Arguments&, Parameters> && ...),
            "stube: an argument of this event has a different type than the member's parameter."
        );
        const detail::form_scope_if<(detail::holds_secret<Parameters> || ...)> form(
            detail::secret_form::readable
        );
        return detail::arguments_text<Parameters...>(arguments...);
    }

    test_conversation& deliver(std::string_view topic, const std::string& message);
    test_conversation& provide(void* app, const std::type_info& type);
    test_conversation& fill_field(own_field which, std::string_view text);
    test_conversation& check_field(own_field which, bool yes);
    test_conversation& check_choice(own_field which, std::string_view choice, bool yes);
    test_conversation&
    send_member(std::string_view name, const event_function* target, std::string arguments);
    std::string entered_in(own_field which) const;
    std::string message_of(own_field which) const;

    std::unique_ptr<impl> impl_;
};

}  // namespace stube
