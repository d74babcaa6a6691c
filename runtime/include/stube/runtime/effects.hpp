#pragma once

#include <stube/runtime/context.hpp>
#include <stube/runtime/markup.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

/// The effects that a handler returns: call another component, answer, send a message, set a timer.
/// Effects are data. The kernel applies them after the handler has returned. An effect names
/// members by their described names, which have static storage.
namespace stube {

struct component_type;

/// Identifies one component at work within its conversation. An id is never used twice. 0 is not an
/// id.
using instance_id = std::uint64_t;

/// The value of an answer, on its way from a component to its caller. It never leaves the process.
class answer_value {
public:
    answer_value() = default;

    template <class T>
    explicit answer_value(T value, std::string (*json_of)(const void* value) = nullptr)
        : value_(std::make_shared<T>(std::move(value))), type_(&typeid(T)), json_of_(json_of) {}

    /// A JSON array with the value. Empty unless the value was made with a function for that.
    std::string json() const { return json_of_ ? json_of_(value_.get()) : std::string(); }

    bool empty() const { return type_ == nullptr; }

    bool holds(const std::type_info& type) const { return type_ && *type_ == type; }

    /// Throws std::logic_error if the value has another type.
    template <class T>
    T& get() const {
        if (!holds(typeid(T))) throw_wrong_type(typeid(T));
        return *static_cast<T*>(value_.get());
    }

private:
    [[noreturn]] void throw_wrong_type(const std::type_info& wanted) const;

    std::shared_ptr<void> value_;
    const std::type_info* type_ = nullptr;
    std::string (*json_of_)(const void* value) = nullptr;
};

/// The reason why a component could not do its work. It reaches the caller's `.or_else<>()`, or in
/// a flow the exception `call_failed`.
struct failure {
    std::string message;  ///< for users
};

/// The message for users if a failure has no message of its own.
inline constexpr const char* not_completed = "This could not be completed.";

/// The message for users if a restart interrupted background work.
inline constexpr const char* was_interrupted = "This was interrupted by a restart.";

namespace effect {

struct call {
    /// The place where the callee is shown until it answers.
    enum class place {
        own,   ///< the place of the caller
        slot,  ///< a slot of the caller, over its content
        page,  ///< the whole page
    };

    const component_type* type;
    std::shared_ptr<const void> state;
    std::string_view then = {};     ///< member of the caller; empty for none
    std::string_view or_else = {};  ///< member of the caller; empty for none
    place where = place::own;
    std::string_view slot = {};
};

struct answer {
    answer_value value;
};

struct fail {
    failure why;
    std::string internal;  ///< for the log only
};

struct become {
    const component_type* type;
    std::shared_ptr<const void> state;
};

struct end {
    markup final_view;
};

/// Goes back one step in the conversation's history.
struct back {};

/// Forgets the history.
struct seal {};

/// Marks the conversation as worth keeping, or removes the mark.
struct keep {
    bool is_worth_it = true;
};

/// Gives the conversation a name in the archive.
struct write_alias {
    std::string name;
};

/// A message to another instance of this conversation.
struct send {
    instance_id target = 0;
    /// If not null, the message goes to the nearest instance above with this member, not to
    /// `target`.
    const event_function* above = nullptr;
    std::string_view member;
    std::string arguments;  ///< JSON array, or empty
};

struct publish {
    std::string topic;
    std::string arguments;  ///< JSON array
    bool here_only = false;
};

struct subscribe {
    std::string topic;
    std::string_view member;
};

/// An empty topic ends all subscriptions of the component.
struct unsubscribe {
    std::string topic;
};

struct after {
    std::chrono::milliseconds delay;
    std::string_view member;
    std::string arguments;  ///< JSON array, or empty
};

struct cancel {
    std::string_view member;
};

/// Background work, outside of the turn.
struct run {
    std::function<answer_value()> work;
    std::string_view then = {};
    std::string_view or_else = {};
};

/// A command to the page.
struct command {
    enum class kind { title, focus, scroll, event, url };

    kind what;
    std::string text;         ///< title, own id, name of the event, or address
    std::string detail = {};  ///< JSON
    bool push = false;
};

/// New content for the element with the own id `name`.
struct patch {
    std::string name;
    markup content;
};

}  // namespace effect

using any_effect = std::variant<
    effect::call,
    effect::answer,
    effect::fail,
    effect::become,
    effect::end,
    effect::back,
    effect::seal,
    effect::keep,
    effect::write_alias,
    effect::send,
    effect::publish,
    effect::subscribe,
    effect::unsubscribe,
    effect::after,
    effect::cancel,
    effect::run,
    effect::command,
    effect::patch>;

template <class T>
class answer_request;

/// The result of a handler: effects, which are applied in order. `return {};` only shows the
/// component again. Join effects with `+`. At most one of them may leave or suspend the component,
/// and that one must be the last: `return set_title("Done") + answer(true);`
class [[nodiscard]] effects {
public:
    effects();
    effects(const effects& other);
    effects(effects&& other) noexcept;
    effects& operator=(const effects& other);
    effects& operator=(effects&& other) noexcept;
    ~effects();

    // None of this is inline, and no constructor takes the variant: otherwise each source with a
    // component would instantiate the variant and its vector, a tenth of its compile time.
    static effects of(any_effect single);
    effects(effect::call call);
    effects(effect::answer answer);
    effects(effect::become become);
    effects(effect::send send);
    effects(effect::publish publish);
    effects(effect::subscribe subscribe);
    effects(effect::after after);
    effects(effect::cancel cancel);
    effects(effect::run run);

    template <class T>
    effects(const answer_request<T>&) {
        static_assert(
            detail::always_false<T>,
            "stube: a member that answers must return answers<T>, where T is the component's "
            "answer_type (answers<> without one)."
        );
    }

    effects& operator+=(effects more);

    friend effects operator+(effects left, effects right) {
        return std::move(left += std::move(right));
    }

    const std::vector<any_effect>& list() const { return list_; }

private:
    std::vector<any_effect> list_;
};

/// The result of `answer`, which a member returns as `answers<T>`.
template <class T>
class [[nodiscard]] answer_request {
public:
    explicit answer_request(T value) : value_(std::move(value)) {}

    /// Converts the value to the component's `answer_type`.
    template <class As>
    answer_value as() && {
        return answer_value(As(std::move(value_)));
    }

private:
    T value_;
};

template <>
class [[nodiscard]] answer_request<void> {};

namespace detail {
template <class T>
inline constexpr bool is_answer = false;
template <class T>
inline constexpr bool is_answer<answer_request<T>> = true;
}  // namespace detail

/// The return type of a member that can answer: `answers<T>`, where T is the component's
/// `answer_type`, or `answers<>` in a component without one. The member can return any `effects` as
/// well.
///
///     answers<bool> yes() { return answer(true); }
template <class T = void>
class [[nodiscard]] answers : public effects {
public:
    answers() = default;

    template <std::convertible_to<effects> Other>
        requires(!detail::is_answer<std::decay_t<Other>>)
    answers(Other&& other) : effects(std::forward<Other>(other)) {}

    template <class U>
    answers(answer_request<U> request) : effects(effect::answer{to_value(std::move(request))}) {}

private:
    template <class U>
    static answer_value to_value([[maybe_unused]] answer_request<U>&& request) {
        if constexpr (std::is_void_v<T>) {
            static_assert(
                std::is_void_v<U>,
                "stube: this member returns answers<>, which has no value. Return answers<T>, "
                "where T is the component's answer_type."
            );
            return {};
        } else {
            static_assert(
                !std::is_void_v<U> && std::is_convertible_v<U, T>,
                "stube: this answer has a different type than the member's answers<T>."
            );
            return std::move(request).template as<T>();
        }
    }
};

/// Answers the caller with `value` and leaves. The answer of the first component of a page ends the
/// conversation. A component in a slot or list answers its owner and stays. Only a member that
/// returns `answers<...>` can return this.
template <class T>
auto answer(T value) {
    if constexpr (std::convertible_to<T, std::string_view> && !std::same_as<T, std::string>) {
        return answer_request<std::string>(std::string(std::string_view(value)));
    } else {
        return answer_request<T>(std::move(value));
    }
}

/// Answers without a value.
inline answer_request<void> answer() {
    return {};
}

/// Joins effects and an answer.
template <class T>
answers<T> operator+(effects left, answer_request<T> right) {
    return std::move(left += answers<T>(std::move(right)));
}

/// Leaves with a failure. The caller's `.or_else<>()` receives it. A caller without `.or_else<>()`
/// shows the message, or fails in turn if it is a task. The failure of the first component of a
/// page ends the conversation. A component in a slot or list stays.
///
///     effects refuse() { return fail("This card is not accepted."); }
effects fail(std::string message);

/// Fails like `fail`, with a second reason that is only logged.
///
///     effects lost() { return fail_because("Payments are down.", "bank: no answer in 5 s"); }
effects fail_because(std::string message, std::string internal);

/// Ends the whole conversation. `final_view` stays on the page. The store deletes the conversation.
///
///     effects leave() { return end(p("Goodbye.")); }
effects end(markup final_view = {});

/// Goes back one step of the conversation's history, and undoes the changes of this handler, too.
/// An event makes a step if it calls, answers, fails, becomes or pushes an address. At the
/// beginning of the history, `back` does nothing. Only for handlers of a user's event.
///
///     effects previous() { return back(); }
effects back();

/// A point of no return: forgets the steps so far, so that Back cannot lead to them. For actions
/// that cannot be undone, such as a payment:
///
///     effects pay() { return no_way_back() + call<receipt>(total); }
effects no_way_back();

/// Marks the conversation as worth keeping, for work that its user would miss. It is not evicted
/// when the visitor has too many conversations, and it expires after
/// `conversation_options::kept_timeout` instead of `idle_timeout`. `keep(false)` removes the mark.
/// The mark is stored. It has no effect before the conversation is used: a mark from `start()` does
/// not keep a conversation whose page nobody has used.
///
///     effects save_draft() { return keep(); }
///     effects discard() { return keep(false); }
effects keep(bool is_worth_it = true);

/// Sets the page's title:
///
///     effects open(const std::string& name) { return set_title(name + " - Notes"); }
effects set_title(std::string text);

/// Dispatches the event `name` on the page's document, for scripts of the application.
/// `detail_json` becomes the `detail` of the event. The turn fails if it is not valid JSON.
///
///     effects saved() { return client_event("notes:saved", R"({"number":7})"); }
effects client_event(std::string name, std::string detail_json = "null");

/// Changes the page's address to `url`, a path on this server, and makes a step of the history:
/// Back in the browser returns to the state before. For the first component of a page, prefer
/// `url()`, which derives the address from the state (<stube/runtime/component.hpp>).
///
///     effects show(int number) { return push_url("/notes?number=" + std::to_string(number)); }
effects push_url(std::string url);

/// Changes the page's address without a step of the history:
///
///     effects sort() { return replace_url("/notes?sorted=true"); }
effects replace_url(std::string url);

/// Moves the focus to the component's element with the own id `name`, such as
/// `input(own_id{"id", "search"})`:
///
///     effects find() { return focus_on("search"); }
effects focus_on(std::string name);

/// Scrolls to the component's element with the own id `name`:
///
///     effects newest() { return scroll_to("end"); }
effects scroll_to(std::string name);

/// Replaces the component's element with the own id `name` by `content`, one element, until the
/// component is rendered again. For output that is not part of the state, such as a progress line:
///
///     effects half() { return patch_element("progress", p("Half of it is done.")); }
effects patch_element(std::string name, markup content);

/// Gives the conversation an alias, such as the number of an order, by which
/// `conversation_history::find_alias` finds it, also after it has ended, and by which an address
/// names it: "/orders?c=@order-4711". A conversation can have
/// several aliases, and an alias belongs to one conversation for ever. The alias is written with
/// the commit of the event. The event fails if another conversation has the alias, if the name is
/// not 1 to 200 bytes of UTF-8 without control characters, and if the store keeps no archive.
///
///     effects submit() { return write_alias("order-" + std::to_string(number)); }
effects write_alias(std::string name);

/// Ends the component's subscription to a topic, or all its subscriptions:
///
///     effects quiet() { return unsubscribe("news"); }
effects unsubscribe(std::string topic = {});

}  // namespace stube
