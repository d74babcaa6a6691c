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

/// Tests without a port, a browser or a store, for any test framework.
namespace stube {

/// Text that a test looks into. Blanks are joined, blocks stand on lines of their own.
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

/// One conversation and the page that shows it, as a user has it before them:
///
///     test_conversation t{book_room{}};
///     t.fill<&pick_dates::arrival>("2026-12-01").click("Next");
///     CHECK(t.text().contains("Choose a room"));
///     t.back();
///     CHECK(t.entered<&pick_dates::arrival>() == "2026-12-01");
///     t.forward();
///     CHECK(t.text().contains("Choose a room"));
///
/// It begins with the first thing that is done or asked, so that `provide`, `principal` and
/// `advance` can prepare it. Events send what a browser sends: a form that is submitted its own
/// controls, every other event all controls of its component. `required`, `min` and the like stop
/// nobody here, as they do not stop a user who wants to get past them.
///
/// The page is changed by the patches of each event, as a browser changes it: what no patch brings
/// is not on it, and what was typed stays until a patch brings the control. HTML that a browser
/// would show differently from how it is written (a form in a form, a list in a paragraph) throws
/// std::logic_error with the components' names.
///
/// What a component throws makes `failed()` true and changes nothing. What a test does wrong (no
/// such button, no such field) throws std::logic_error, which says what there is instead.
class test_conversation {
public:
    template <class C>
        requires(!std::same_as<C, test_conversation>)
    explicit test_conversation(C root) : test_conversation(root_call(std::move(root))) {}

    template <class C>
    explicit test_conversation(call_request<C> root)
        : test_conversation(std::move(root).release()) {}

    explicit test_conversation(effect::call root);

    /// Goes on from another one, see <stube/runtime/snapshot.hpp>.
    explicit test_conversation(conversation from);
    test_conversation(test_conversation&&) noexcept;
    test_conversation& operator=(test_conversation&&) noexcept;
    ~test_conversation();

    // --- before it begins

    /// The application's object, see `context::app`. Outlives this.
    template <class App>
    test_conversation& provide(App& app) {
        return provide(&app, typeid(App));
    }

    test_conversation& principal(std::string who);

    // --- where a user looks

    /// The next act, or the next question, is about the smallest component on the page in which
    /// this text can be read:
    ///
    ///     t.within("Buy milk").click("Edit");
    test_conversation& within(std::string_view text);

    // --- what a user does

    /// Clicks the one enabled button or other control with a click event that has this visible text
    /// or accessible name; a submit button sends its form.
    test_conversation& click(std::string_view label);

    /// Submits the one form of the page, as the return key does.
    test_conversation& submit();

    /// Enters `text` into the control of a field. For a selection or radio buttons it is the value
    /// of one of them.
    template <auto Member, class Type = decltype(Member)>
    test_conversation& fill(std::string_view text) {
        return fill_field(field_on_page<Member>(), text);
    }

    /// The same for the control with this label.
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

    /// One of the choices of a list, by its value: a check box or an option.
    template <auto Member, class Type = decltype(Member)>
    test_conversation& check(std::string_view choice) {
        return check_choice(field_on_page<Member>(), choice, true);
    }

    template <auto Member, class Type = decltype(Member)>
    test_conversation& uncheck(std::string_view choice) {
        return check_choice(field_on_page<Member>(), choice, false);
    }

    /// Sends the event to the one component on the page that has the member, whether a control for
    /// it is there or not.
    template <auto Member, class Type = decltype(Member), class... Arguments>
    test_conversation& send(const Arguments&... arguments) {
        using parameters = typename detail::member<Member>::arguments;
        static_assert(
            sizeof...(Arguments) == std::tuple_size_v<parameters>,
            "stube: this event has another number of arguments than its member takes."
        );
        return send_member(
            detail::member_name<Member>(),
            &detail::event_target<Member>,
            encode_as(static_cast<parameters*>(nullptr), arguments...)
        );
    }

    /// The browser's Back: one step of the conversation's history.
    test_conversation& back();

    /// The browser's Forward, after Back.
    test_conversation& forward();

    // --- what others do

    /// Something is published to a topic from outside of this conversation:
    ///
    ///     t.publish("news", "Rain");
    ///     CHECK(t.text().contains("Rain"));
    template <class T>
    test_conversation& publish(std::string_view topic, const T& value) {
        return deliver(topic, detail::one_argument(value));
    }

    /// Runs all background work that was asked for, and delivers the results:
    ///
    ///     t.click("Load").run_work();
    ///     CHECK(t.text().contains("The sum is 2026"));
    test_conversation& run_work();

    // --- what may go wrong on the way

    /// The last event arrives once more with the same id: a browser that got no answer sends it
    /// again.
    test_conversation& repeat_last_event();

    /// The last event once more as a new one, to the same instance, even if that has left: the
    /// second half of a double click.
    test_conversation& resend_to_previous();

    /// The process ends and another one goes on: what a store keeps is written and read back, the
    /// `wakeup` hooks run, background work that waits fails. Throws std::logic_error if the
    /// conversation holds a component that cannot be kept, and `decode_error` if what was written
    /// cannot be read.
    test_conversation& restart();

    // --- the clock; it stands still and begins at noon of 2026-01-01, UTC

    /// Timers that are due on the way are called, each at its time:
    ///
    ///     CHECK(t.text().contains("0 seconds"));
    ///     t.advance(3s);
    ///     CHECK(t.text().contains("3 seconds"));
    test_conversation& advance(std::chrono::milliseconds by);
    time_point now() const;

    // --- what there is

    /// What a user can read: messages first, then the view. Not what stands in controls.
    page_text text() const;

    /// The view as HTML. Events are written as `data-on-click="i2.remove([7])"`.
    std::string html() const;

    /// Members that the page reaches only through events that need scripts, one text each, such as
    /// "demo/search: update (input)". A page without any can be used before its scripts have run.
    std::vector<std::string> warnings() const;

    /// The messages above the view that the last event brought.
    std::vector<std::string> notices() const;

    /// What stands in the control of a field; for a check box "on" or "".
    template <auto Member, class Type = decltype(Member)>
    std::string entered() const {
        return entered_in(field_on_page<Member>());
    }

    /// The message shown at the control of a field, empty if there is none.
    template <auto Member, class Type = decltype(Member)>
    std::string message_at() const {
        return message_of(field_on_page<Member>());
    }

    /// The page's title and address, as the components have set them; empty before they have.
    std::string title() const;
    std::string url() const;

    /// What was published to topics and for scripts of the page, as "topic [\"text\"]" and
    /// "name {...}".
    std::vector<std::string> published() const;
    std::vector<std::string> client_events() const;

    /// How many pieces of background work wait for `run_work`.
    std::size_t waiting_work() const;

    /// The patches of the last event, as they are sent to a page that is open.
    const std::vector<kernel::patch>& patches() const;

    /// All events so far, for `replay`.
    const std::vector<kernel::event>& events() const;

    bool ended() const;

    /// True if it is marked as worth keeping:
    ///
    ///     CHECK(t.click("Save draft").is_kept());
    bool is_kept() const;

    /// What came of the last event, or of the beginning.
    kernel::verdict last() const;

    /// True if a component threw during the last event: nothing was changed.
    bool failed() const { return last() == kernel::verdict::failed; }

    /// What the log would say about the last event: why it failed or was refused. Empty if all went
    /// well.
    std::string error() const;

    /// The conversation as it stands; after its end, without instances.
    const conversation& value() const;

private:
    class impl;

    template <class C>
    static effect::call root_call(C root) {
        static_cast<void>(&detail::known<C>);
        return {&type_of<C>(), std::make_shared<const C>(std::move(root)), {}, {}};
    }

    /// A field of a component: of any with that member, if the class is none itself.
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
            "stube: an argument of this event has another type than the member's parameter."
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
