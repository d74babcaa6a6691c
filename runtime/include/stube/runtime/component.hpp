#pragma once

#include <stube/runtime/context.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/runtime/principal.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Turns a plain struct into a component. The data members are its state. The member functions
/// receive its events, answers and messages. BOOST_DESCRIBE_STRUCT names both:
///
///     struct counter {
///         static constexpr std::string_view component = "demo/counter";  // stored: never changes
///         int n = 0;
///         void inc() { ++n; }
///         markup render() const { return div(n, button(on<"click", &counter::inc>, "+")); }
///     };
///     BOOST_DESCRIBE_STRUCT(counter, (), (n, inc))
///
/// A class with private members is described inside the class, with BOOST_DESCRIBE_CLASS. Private
/// data members are stored like public ones. Only public member functions receive events, answers,
/// timers and messages. The members of described base classes belong to the component, too. The
/// compiler refuses a data member that cannot be stored or that is not described. In a class that
/// is not an aggregate (private members, a constructor), it can overlook an undescribed member that
/// fits into the padding.
///
/// A component can have these members as well:
/// - `using answer_type = ...`: the type of its answer.
/// - `render()`: its view. A component without it is a task, which only calls other components.
/// - `start()`: runs when the component begins.
/// - `stop()`: runs when the component has left.
/// - `wakeup()`: runs when the conversation is used again after a restart, after a restored
///   snapshot, and after Back or Forward.
///
/// Handlers, `start` and `wakeup` return `void`, `effects` or `answers<...>`, and `stop` returns
/// `void`. Each of them can take `context&` as its first parameter, `render()` can take
/// `const context&`. The members of all components of a conversation run one at a time, on any
/// thread of the server.
///
/// `render()` runs when the component appears on the page and when its state has changed. It does
/// not run when only other data has changed that it shows, such as the time. To show such data, let
/// a timer or a message run a handler that changes the state.
///
/// `stop()` runs once, on a copy of the last state, after the turn in which the component left has
/// been saved. So it runs after the `start()` of the component that took the place, and not at all
/// if the turn was undone. An exception from `stop()` is logged and changes nothing.
///
///     effects start() { return subscribe<&inbox::arrived>("mail"); }
///     void stop(context& c) { c.app<presence>().leave(c.conversation_id()); }
///     void wakeup(context& c) { unread = c.app<mailbox>().unread(); }  // may be old by now
///
/// Passwords and other secrets are `transient<T>` or `encrypted<T>`, see
/// <stube/runtime/secret.hpp>.
///
/// A member of type `slot<T>` or `keyed<T>` (<stube/runtime/slot.hpp>) contains other components.
///
/// `std::string url() const` returns the address of the page. The kernel calls it after each turn,
/// for the first component of the page only, and changes the browser's address when the result has
/// changed.
///
///     std::string url() const { return "/report?year=" + std::to_string(year); }
///
/// `audience waits_for() const` declares whose events the component accepts. It also applies to the
/// components that it contains or calls, unless they have a `waits_for` of their own. Events of
/// other users are refused, and so is their Back. Without `waits_for`, everybody who may act on the
/// conversation may use the component (see `app::access`).
///
///     audience waits_for() const { return audience::role("approver"); }
///
/// A stored state outlives the program that wrote it. When a release adds a data member, older
/// states have its default value; an added slot gets its child when the conversation is next used.
/// A removed data member is ignored. If a release removes a whole component, conversations that
/// contain it cannot be used, and are kept for a release that has the component. For any other
/// change, raise the `version` of the component (1 by default). `migrate` then converts a state of
/// an older version before it is read:
///
///     static constexpr int version = 3;
///     static void migrate(int from, boost::json::object& state) {
///         if (from < 2) state["name"] = state["nmae"];      // renamed
///         if (from < 3) state["minutes"] = state["hours"].to_number<int>() * 60;
///     }
///
/// A source with a `migrate` includes <boost/json/value.hpp>. `state` contains the JSON of the data
/// members by name, as version `from` wrote it. The stored form of slots and lists is in there,
/// too, and must stay as it is. Each object has room for 16 more members. A seventeenth one
/// invalidates the references into the object. `migrate` runs each time the state is read, until an
/// event changes the component, so it must depend on its arguments only. If it throws, or if its
/// result does not fit the data members, the conversation cannot be used and stays in the store
/// unchanged. The same applies to a conversation that a newer version has written: an older release
/// never overwrites it. <stube/runtime/check_store.hpp> finds such conversations before a release.
///
/// The store also contains the names of member functions that wait for something (`then`,
/// `or_else`, timers, subscriptions, work). `migrate` does not receive these names, so keep a
/// renamed member function under its old name as well for a while.
///
/// A store with an archive records every commit of a conversation. A component can be left out:
///
///     static constexpr bool archived = false;
///
/// Commits are not recorded while such a component is at the root of the page. Recorded commits are
/// kept for ever, unless the component at the root of the page limits that:
///
///     static constexpr std::chrono::days keep_history{365};
///
/// Older commits are then deleted, except the last one, and the whole history is deleted this long
/// after the end of the conversation. The current state does not change.
///
/// The archive can be searched by the values of members (<stube/runtime/conversation_query.hpp>). A
/// component names these members, after their declaration:
///
///     static constexpr std::tuple indexed{&claim::amount, &claim::status};
///
/// Their types are numbers, bool, enums, texts and times, and optionals and fields of these. A
/// secret member cannot be indexed. A base class's member is named `&claim::member`, too.
///
/// For the browser, a component can have:
///
///     static constexpr std::string_view styles = "display: grid; & > .row { gap: .5rem }";
///     static constexpr std::string_view modules = "/notes.js";  // or an array of several
///
/// `styles` is CSS for the component's element, as if it were nested in a rule for that element:
/// `&` selects the element, `.row` an element inside it. The styles are text, not the address of a
/// file, so a component is complete by itself. The site serves the styles of all components as one
/// file, which browsers cache. The elements of components with styles have the attribute
/// `data-stube-component="<component>"`; other components use a class of their own. Put longer
/// style sheets into files of the application: `app::asset` and `page_options::stylesheets`.
///
/// `modules` are the addresses of ES modules that each page loads once. "/" begins an address on
/// this server (`app::asset`). For code that belongs to one element, write a behavior, see
/// <stube/runtime/behavior.hpp>.
namespace stube {

/// One form value as the browser sent it, decoded to UTF-8.
struct form_value {
    std::string name;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(form_value, (), (name, value))

/// Thrown when the arguments of an event do not fit the parameters of its member.
class bad_arguments : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Makes the result of background work from its recorded JSON. Secret values in it are the default
/// values of their types.
using result_decoder = answer_value (*)(const boost::json::value&);

/// A member function that can receive events, answers, failures or messages.
struct member_handler {
    std::string_view name;
    /// Points to null unless some markup sends an event to this member. A browser can call only
    /// such members. Otherwise it could call a member that receives an answer, for example that a
    /// payment was made.
    const event_function* on_event;
    /// Converts a pointer to the component into one to the base class that declares the member.
    void* (*owner)(void* self);
    /// Runs the member with an answer. Null unless the member takes nothing, or one copyable value
    /// that is not a `failure`.
    effects (*on_answer)(void* owner, context&, const answer_value&);
    /// Runs the member with a failure. Null unless the member takes a `failure` or nothing.
    effects (*on_failure)(void* owner, context&, const failure&);
    /// Points to null unless a timer, a topic or another component can send to this member.
    const event_function* on_message = nullptr;
    /// Bit n is set if argument n contains a secret value. A context is not an argument.
    std::uint64_t secret_arguments = 0;
    /// The default values of all arguments, as a JSON array. Null unless one of them is secret.
    std::string (*default_arguments)() = nullptr;
    /// Points to null unless the member receives a value from background work that has JSON.
    const result_decoder* decode_result = nullptr;

    bool is_secret_argument(std::size_t index) const {
        return index < 64 && ((secret_arguments >> index) & 1U) != 0;
    }
};

class embedded_children;

/// The address of a page, as `url()` returns it.
struct page_url {
    std::string text;   ///< empty: the address stays as it is
    bool push = false;  ///< true: a new step of the history; false: in place of the present address
};

/// For `url()`: makes each change of the address a step of the history, which Back can leave:
///
///     page_url url() const { return pushed("/list?page=" + std::to_string(page)); }
inline page_url pushed(std::string url) {
    return {std::move(url), true};
}

/// Encodes text as a value in the query of an address (percent-encoding, RFC 3986, section 2.1):
///
///     std::string url() const { return "/list?words=" + query_value(words); }
std::string query_value(std::string_view text);

/// The value of an indexed member: a number, a real number or a text.
using indexed_value = std::variant<std::int64_t, double, std::string>;

/// The kernel's description of a component. There is one for each type. It is made on first use and
/// never destroyed.
struct component_type {
    std::string_view name;
    const std::type_info* answer_type = nullptr;  ///< null: it answers without a value
    std::vector<member_handler> handlers;

    /// Copies a state, so that a handler can change the copy.
    std::shared_ptr<void> (*copy)(const std::shared_ptr<const void>& state) = nullptr;
    /// Convert a state to JSON text and back. Null if the state cannot be stored (a flow).
    std::string (*encode)(const void* state) = nullptr;
    std::shared_ptr<const void> (*decode)(const boost::json::value&) = nullptr;
    /// The version of the state's shape, and the conversion of older states, which is null without
    /// a `migrate`.
    int version = 1;
    void (*migrate)(int from, boost::json::object& state) = nullptr;
    /// Null for a task.
    markup (*render)(const void* state, const context&) = nullptr;
    /// The address of the page. Null without a `url()`.
    page_url (*url)(const void* state) = nullptr;
    /// The users for whom the component waits. Null without a `waits_for()`.
    audience (*waits_for)(const void* state) = nullptr;
    /// Calls `f` with the name of each slot and list. Null if the component has none.
    void (*each_list)(
        void* state,
        const std::function<void(std::string_view, embedded_children&)>& f
    ) = nullptr;
    /// The hooks. Null for a hook that the component does not have.
    effects (*start)(void* state, context&) = nullptr;
    void (*stop)(void* state, context&) = nullptr;
    effects (*wakeup)(void* state, context&) = nullptr;
    /// Enters form values into the fields that they name, and ignores other values. Null for a
    /// component without fields.
    void (*fill)(void* state, std::span<const form_value>) = nullptr;
    /// Enters only those form values that differ from the text of their field. Returns true if
    /// there was one. Null for a component without fields.
    bool (*keep_typed)(void* state, std::span<const form_value>) = nullptr;
    /// Shows the message of each field without a value. Returns true if there is such a field.
    /// `tried` is the state in which a handler threw `invalid_field`: messages that the handler has
    /// set there are shown as well. It can be null. The function is null for a component without
    /// fields.
    bool (*show_errors)(void* state, const void* tried) = nullptr;

    /// True for a flow: after an answer or a failure, its place in a slot or list stays empty.
    /// Other components remain in their place.
    bool answers_once = false;
    /// Text of a child's initial state. A list compares such texts to find out whether a child must
    /// begin again. Members with their default values are left out, so a release that adds a member
    /// changes no text. Null if states cannot be compared.
    std::string (*initial_state_key)(const void* state) = nullptr;

    /// False: the archive of a store does not record the commits of a conversation while this
    /// component is at the root of its page.
    bool archived = true;

    /// How long the archive keeps the commits of a conversation with this component at the root of
    /// its page. Empty: for ever.
    std::optional<std::chrono::days> keep_history;

    bool has_secret = false;  ///< the state contains a secret value

    /// The names of the indexed members, and their values in a state. The function is null if the
    /// component has none.
    std::vector<std::string_view> indexed;
    std::vector<std::optional<indexed_value>> (*indexed_values)(const void* state) = nullptr;

    /// True if the state contains an `encrypted` value, so that the program needs secret keys.
    bool has_encrypted = false;
    std::vector<std::string_view> secret_fields;  ///< whose form values are secret

    std::string_view styles;                ///< CSS; empty for none
    std::vector<std::string_view> modules;  ///< addresses of ES modules

    /// The address of its `render()`, or of the flow's function: debug information names its
    /// source. Null if it is unknown.
    const void* code = nullptr;

    const member_handler* find(std::string_view member) const;

    /// True if the form value of the field with this name is secret.
    bool is_secret_field(std::string_view field) const;

    bool durable() const { return encode != nullptr; }
};

/// The component with this stored name, or null. Writing `call<C>()`, `become<C>()`, `slot<C>` or
/// `mount<C>()` anywhere in the program makes C known before main() begins (docs/decisions/0003).
const component_type* find_component(std::string_view name);

/// All known components, by name.
std::vector<const component_type*> known_components();

/// Names that belong to two different types. A program with such names must not start.
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

/// The `answer_type` of a component, or void without one.
template <class C>
using answer_type_of = typename detail::answer_of<C>::type;

/// The description of the component C.
template <class C>
const component_type& type_of();

}  // namespace stube

#include <stube/runtime/detail/component_type_of.hpp>
