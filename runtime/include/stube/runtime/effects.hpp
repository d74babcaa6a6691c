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

/// What a handler wants done: call another component, answer, tell another one something, wait for
/// a while. Effects are data; the kernel carries them out after the handler has returned. Members
/// are named by the names they are described with: static storage.
namespace stube {

struct component_type;

/// Names one component at work within its conversation; never used twice. 0 is nobody.
using instance_id = std::uint64_t;

/// A value on its way from a component that answers to the one that called it. It never leaves the
/// process.
class answer_value {
public:
    answer_value() = default;

    template <class T>
    explicit answer_value(T value)
        : value_(std::make_shared<T>(std::move(value))), type_(&typeid(T)) {}

    bool empty() const { return type_ == nullptr; }

    bool holds(const std::type_info& type) const { return type_ && *type_ == type; }

    /// Throws std::logic_error if the value is of another type.
    template <class T>
    T& get() const {
        if (!holds(typeid(T))) throw_wrong_type(typeid(T));
        return *static_cast<T*>(value_.get());
    }

private:
    [[noreturn]] void throw_wrong_type(const std::type_info& wanted) const;

    std::shared_ptr<void> value_;
    const std::type_info* type_ = nullptr;
};

/// Why a component could not do what it was called for. Reaches the caller through `.or_else<>()`,
/// in a flow as the exception `call_failed`.
struct failure {
    std::string message;  ///< for users
};

/// What users read of a failure that nobody has words for.
inline constexpr const char* not_completed = "This could not be completed.";

/// What users read of work that was under way when the process ended.
inline constexpr const char* was_interrupted = "This was interrupted by a restart.";

namespace effect {

struct call {
    /// Where the callee is shown until it answers.
    enum class place {
        own,   ///< in the caller's place
        slot,  ///< over what the caller's slot shows
        page,  ///< over the whole page
    };

    const component_type* type;
    std::shared_ptr<const void> state;
    std::string_view then = {};     ///< member of the caller; empty for none
    std::string_view or_else = {};  ///< likewise
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

/// One step back in the conversation's history.
struct back {};

/// What came before cannot be returned to.
struct seal {};

/// The conversation is worth keeping, or is not any more.
struct keep {
    bool is_worth_it = true;
};

/// An event for another instance of this conversation.
struct send {
    instance_id target = 0;
    /// Not null: the nearest above that has the member, whatever `target` is.
    const event_function* above = nullptr;
    std::string_view member;
    std::string arguments;  ///< JSON array
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

/// With an empty topic, from all.
struct unsubscribe {
    std::string topic;
};

struct after {
    std::chrono::milliseconds delay;
    std::string_view member;
    std::string arguments;  ///< JSON array
};

struct cancel {
    std::string_view member;
};

/// Work outside of the conversation's turn.
struct run {
    std::function<answer_value()> work;
    std::string_view then = {};
    std::string_view or_else = {};
};

/// Tells the page something.
struct command {
    enum class kind { title, focus, scroll, event, url };

    kind what;
    std::string text;         ///< title, own id, name of the event, address
    std::string detail = {};  ///< JSON
    bool push = false;
};

/// New content for the element with this own id.
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

/// What a handler returns, in order. `return {};` does nothing but show the component again.
/// Effects are joined with `+`; at most one may leave or suspend the component, and it must be the
/// last: `return set_title("Done") + answer(true);`
class [[nodiscard]] effects {
public:
    effects();
    effects(const effects& other);
    effects(effects&& other) noexcept;
    effects& operator=(const effects& other);
    effects& operator=(effects&& other) noexcept;
    ~effects();

    effects(any_effect one);

    // What templates make. None of this is inline: every source with a component would instantiate
    // the variant and its vector, a tenth of the time that it takes to compile.
    effects(effect::call one);
    effects(effect::answer one);
    effects(effect::become one);
    effects(effect::send one);
    effects(effect::publish one);
    effects(effect::subscribe one);
    effects(effect::after one);
    effects(effect::cancel one);
    effects(effect::run one);

    template <class T>
    effects(const answer_request<T>&) {
        static_assert(
            detail::always_false<T>,
            "stube: a member that answers returns answers<T>, T being the component's answer_type "
            "(answers<> without one)."
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

/// An answer on its way into the result of a member. Made by `answer`.
template <class T>
class [[nodiscard]] answer_request {
public:
    explicit answer_request(T value) : value_(std::move(value)) {}

    /// The answer as the component's `answer_type`.
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

/// What a member returns that may answer: `answers<T>`, where T is the component's `answer_type`;
/// `answers<>` in a component without one. Whatever can be returned as `effects` can be returned
/// here too.
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
                "stube: this member returns answers<>, which has no value. Return answers<T>, T "
                "being the component's answer_type."
            );
            return {};
        } else {
            static_assert(
                !std::is_void_v<U> && std::is_convertible_v<U, T>,
                "stube: this answer has another type than the member's answers<T>."
            );
            return std::move(request).template as<T>();
        }
    }
};

/// Answers the caller with `value` and leaves. The answer of the component that a page began with
/// ends the conversation. Only a member that returns `answers<...>` can return this.
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

/// Other effects and then an answer.
template <class T>
answers<T> operator+(effects left, answer_request<T> right) {
    return std::move(left += answers<T>(std::move(right)));
}

/// Leaves with a failure: the caller's `.or_else<>()` gets it; a caller without one shows it as a
/// message.
///
///     effects refuse() { return fail("This card is not accepted."); }
effects fail(std::string message);

/// The same, with a reason that goes to the log and to no user.
///
///     effects lost() { return fail_because("Payments are down.", "bank: no answer in 5 s"); }
effects fail_because(std::string message, std::string internal);

/// Ends the whole conversation. `final_view` stays on the page; nothing of the conversation is
/// kept.
///
///     effects leave() { return end(p("Goodbye.")); }
effects end(markup final_view = {});

/// Goes back one step of the conversation's history: an event that called, answered or became is a
/// step. What the handler has changed is given up too. Does nothing at the beginning.
///
///     effects previous() { return back(); }
effects back();

/// A point of no return: the steps so far are forgotten, so that Back cannot lead to them. For what
/// was done in the world outside:
///
///     effects pay() { return no_way_back() + call<receipt>(total); }
effects no_way_back();

/// Marks the conversation as worth keeping, for work that its user would miss: it does not make
/// room when the same visitor has too many conversations, and it is deleted after
/// `conversation_options::kept_timeout` without use instead of `idle_timeout`. With `false` it is
/// like any other again. The mark is stored with the conversation, and counts from the first use
/// on: what a start() marks and nobody ever looks at is not kept for that.
///
///     effects save_draft() { return keep(); }
///     effects discard() { return keep(false); }
effects keep(bool is_worth_it = true);

/// Sets the page's title:
///
///     effects open(const std::string& name) { return set_title(name + " - Notes"); }
effects set_title(std::string text);

/// Dispatches the event `name` on the page's document, for scripts of the application's.
/// `detail_json` is its detail: any JSON.
///
///     effects saved() { return client_event("notes:saved", R"({"number":7})"); }
effects client_event(std::string name, std::string detail_json = "null");

/// Changes the page's address to `url`, a path of this server, as a new step of the history: the
/// browser's Back returns to the state before. The address of a conversation's root is better
/// derived from its state: see `url()` in <stube/runtime/component.hpp>.
///
///     effects show(int number) { return push_url("/notes?number=" + std::to_string(number)); }
effects push_url(std::string url);

/// Changes the page's address without a new step:
///
///     effects sort() { return replace_url("/notes?sorted=true"); }
effects replace_url(std::string url);

/// Moves the focus to the element with the own id `name`, `input(own_id{"id", "search"})`:
///
///     effects find() { return focus_on("search"); }
effects focus_on(std::string name);

/// Scrolls to it:
///
///     effects newest() { return scroll_to("end"); }
effects scroll_to(std::string name);

/// Shows `content`, one element, in place of the element with the own id `name`, until the
/// component is rendered again: for output that is no state, such as a progress line.
///
///     effects half() { return patch_element("progress", p("Half of it is done.")); }
effects patch_element(std::string name, markup content);

/// Stops hearing of a topic; without one, of all:
///
///     effects quiet() { return unsubscribe("news"); }
effects unsubscribe(std::string topic = {});

}  // namespace stube
