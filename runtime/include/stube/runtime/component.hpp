#pragma once

#include <stube/runtime/context.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/markup.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// How a plain struct becomes a component. Its data members are its state, its member functions are
/// its events and what receives answers, and BOOST_DESCRIBE_STRUCT names both:
///
///     struct counter {
///         static constexpr std::string_view component = "demo/counter";  // stored: never changes
///         int n = 0;
///         void inc() { ++n; }
///         markup render() const { return div(n, button(on<"click", &counter::inc>, "+")); }
///     };
///     BOOST_DESCRIBE_STRUCT(counter, (), (n, inc))
///
/// A class with private members is described within, by BOOST_DESCRIBE_CLASS. Its private data
/// members are stored like the others; only public member functions receive events, answers, timers
/// and messages. The members of described base classes are its own. The compiler refuses a data
/// member that cannot be stored or is not described; for a class that is no aggregate (private
/// members, a constructor) it can overlook one that is small enough for the padding.
///
/// Optional: `using answer_type = ...` for what it answers; the hooks `start()` (when it comes to
/// life), `stop()` (when it leaves) and `wakeup()` (when it is used again after a restart or after
/// Back). A component without `render()` is a task: it only calls others. Handlers, `start` and
/// `wakeup` return `void`, `effects` or `answers<...>`, `stop` returns `void`; each may take
/// `context&` first. `render()` may take `const context&`. It is called when the component comes
/// onto the page and when its state has changed, and not when only something else has changed that
/// it shows, such as the time: a timer or a message whose handler changes the state does that.
///
/// `stop()` runs once, on a copy of the last state, when the turn in which the component left is
/// saved: so after the `start()` of what took its place, and not for a turn that was undone. What
/// it throws is logged and changes nothing.
///
///     effects start() { return subscribe<&inbox::arrived>("mail"); }
///     void stop(context& c) { c.app<presence>().leave(c.conversation_id()); }
///     void wakeup(context& c) { unread = c.app<mailbox>().unread(); }  // may be old by now
///
/// Members of type `slot<T>` and `keyed<T>` (<stube/runtime/slot.hpp>) are components within it.
///
/// `std::string url() const` of the component that a page begins with is the address that its state
/// stands for: it is compared after each event, and the browser's is changed when it has changed.
///
///     std::string url() const { return "/report?year=" + std::to_string(year); }
///
/// What is stored outlives the program that wrote it. A member that was added has its default in a
/// state that does not have it yet (an added slot gets its child when the conversation is next
/// used), and one that was removed is passed over, without a word from you. Not so a component that
/// is removed altogether: conversations that hold one are kept for a release that knows it. For all
/// else count the shape's `version` up (it is 1 if nothing is said) and let `migrate` bring an
/// older state into the present shape, before it is read:
///
///     static constexpr int version = 3;
///     static void migrate(int from, boost::json::object& state) {
///         if (from < 2) state["name"] = state["nmae"];      // renamed
///         if (from < 3) state["minutes"] = state["hours"].to_number<int>() * 60;
///     }
///
/// It sees the JSON of the data members by their names, written by version `from`, whichever that
/// was, with room for 16 more in each object: only a seventeenth moves the others, and what refers
/// to them goes bad. Slots and lists of components are in there, too: leave those as they are. It
/// runs each time such a state is read, until an event changes the instance, so it goes by its
/// arguments alone. If it throws, or leaves what does not fit the members, the conversation is kept
/// as it is stored and cannot be used. So is one that a newer version has written: an older release
/// never overwrites it (see <stube/runtime/check_store.hpp> for how to find out beforehand). The
/// names of members that somebody waits with (`then`, `or_else`, timers, subscriptions, work) are
/// stored as well: `migrate` does not see them, so a member that is renamed should stay under its
/// old name for a while.
///
/// Also optional, for the browser:
///
///     static constexpr std::string_view styles = "display: grid; & > .row { gap: .5rem }";
///     static constexpr std::string_view modules = "/notes.js";  // or an array of several
///
/// `styles` is CSS that holds within the component's element, as if it were nested in a rule for
/// it: `&` is the element, `.row` something in it. It is text and not the address of a file so that
/// a component is complete by itself; the site serves the styles of all components as one file that
/// browsers keep. The elements of such components, and only those, carry
/// `data-stube-component="<component>"`; others style themselves by a class of their own. Longer
/// style sheets are files of the application: `app::asset` and `page_options::stylesheets`.
///
/// `modules` are addresses of ES modules that every page loads once; "/" begins one of this server
/// (`app::asset`). What belongs to one element is a behavior, see <stube/runtime/behavior.hpp>.
namespace stube {

/// One form value as the browser sent it, decoded to UTF-8.
struct form_value {
    std::string name;
    std::string value;
};

/// Arguments from the browser that do not fit the member they are for.
class bad_arguments : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A member function that events or answers are routed to.
struct handler {
    std::string_view name;
    /// Points to null unless some markup sends an event to this member: a browser may call those
    /// and no others. Without this it could call a member that receives an answer, such as that a
    /// payment was made.
    const event_function* on_event;
    /// From the component to the base class that owns the member.
    void* (*owner)(void* self);
    /// Runs it with an answer; null if it takes more than one value.
    effects (*on_answer)(void* owner, context&, const answer_value&);
    /// Runs it with a failure; null unless it takes a `failure` or nothing.
    effects (*on_failure)(void* owner, context&, const failure&);
    /// Points to null unless a timer, a topic or another component may send to it.
    const event_function* on_message = nullptr;
};

class children;

/// An address that a component's state stands for.
struct page_url {
    std::string text;   ///< empty: leave it as it is
    bool push = false;  ///< a new step of the history, or the present one in place
};

/// What `url()` returns when a change of the address is a step of its own, for the browser's Back:
///
///     page_url url() const { return pushed("/list?page=" + std::to_string(page)); }
inline page_url pushed(std::string url) {
    return {std::move(url), true};
}

/// Any text as a value in the query of an address (percent-encoding; RFC 3986, section 2.1):
///
///     std::string url() const { return "/list?words=" + query_value(words); }
std::string query_value(std::string_view text);

/// All the kernel knows of a component. One for each type, made on first use, never destroyed.
struct component_type {
    std::string_view name;
    const std::type_info* answer_type = nullptr;  ///< null for none
    std::vector<handler> handlers;

    /// A copy of the state that a handler may change.
    std::shared_ptr<void> (*copy)(const std::shared_ptr<const void>& state) = nullptr;
    /// State to JSON text and back. Null if the state cannot be stored (a live coroutine).
    std::string (*encode)(const void* state) = nullptr;
    std::shared_ptr<const void> (*decode)(const boost::json::value&) = nullptr;
    /// The version of its shape, and what brings the state of an older one into it; null if there
    /// is none.
    int version = 1;
    void (*migrate)(int from, boost::json::object& state) = nullptr;
    /// Null for a task.
    markup (*render)(const void* state, const context&) = nullptr;
    /// The address it stands for; null without one.
    page_url (*url)(const void* state) = nullptr;
    /// Calls `f` with the name of each slot and list; null if it has none.
    void (*each_list)(void* state, const std::function<void(std::string_view, children&)>& f) =
        nullptr;
    /// The hooks; null where the component has none.
    effects (*start)(void* state, context&) = nullptr;
    void (*stop)(void* state, context&) = nullptr;
    effects (*wakeup)(void* state, context&) = nullptr;
    /// Gives form values to the fields they name and ignores the others. Null if it has no fields.
    void (*fill)(void* state, std::span<const form_value>) = nullptr;
    /// The same for the fields that hold something else than the form says; false if there is none
    /// such. Null if it has no fields.
    bool (*keep_typed)(void* state, std::span<const form_value>) = nullptr;
    /// Shows the message of every field that holds no value; false if there is none such. `tried`
    /// is the state in which a handler gave up, whose messages stay; null if it is not known. Null
    /// if it has no fields.
    bool (*show_errors)(void* state, const void* tried) = nullptr;

    /// True for what is over when it has answered or failed: in a slot or list nothing takes its
    /// place. Other components stay there.
    bool answers_once = false;
    /// Text of what a state was made from, so that a list can tell whether a child is to begin
    /// anew. Without what has its default: a release that adds members makes no difference. Null if
    /// it cannot be told.
    std::string (*made_from)(const void* state) = nullptr;

    std::string_view styles;                ///< CSS, see above; empty for none
    std::vector<std::string_view> modules;  ///< addresses

    const handler* find(std::string_view member) const;

    bool durable() const { return encode != nullptr; }
};

/// The component with this stored name, or null. Every component that the program can call is
/// known: writing `call<C>()` or `mount<C>()` is what makes it so (docs/decisions/0003).
const component_type* find_component(std::string_view name);

/// Every component that is known, by name.
std::vector<const component_type*> known_components();

/// Names that two different types claim. A program that has any must not start.
std::vector<std::string> clashing_components();

namespace detail {

template <class C>
struct answer_of {
    using type = void;
};

template <class C>
    requires requires { typename C::answer_type; }
struct answer_of<C> {
    using type = typename C::answer_type;
};

}  // namespace detail

/// What a component answers, as it says in `answer_type`; void if it says nothing.
template <class C>
using answer_type_of = typename detail::answer_of<C>::type;

/// The one description of the component C.
template <class C>
const component_type& type_of();

}  // namespace stube

#include <stube/runtime/detail/component_type_of.hpp>
