#pragma once

#include <stube/runtime/detail/iterable.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// HTML as a value. Text and attribute values are escaped when they are added, so that escaping
/// cannot be forgotten. Only `raw_html` is not escaped. The elements are in
/// <stube/runtime/html.hpp>.
namespace stube {

class context;
class effects;

/// Runs a member with arguments from the browser. See <stube/runtime/component.hpp>.
using event_function = effects (*)(void* self, context& ctx, const boost::json::array& arguments);

/// The modifiers of an event, as `.debounce(...)` and the like set them, see
/// <stube/runtime/binding.hpp>.
struct event_modifiers {
    std::chrono::milliseconds debounce{};  ///< sends after a pause of this length without events
    std::chrono::milliseconds throttle{};  ///< sends at most one event within this time
    bool once = false;                     ///< sends only the first event
    bool prevent = false;                  ///< prevents the browser's default action
    bool stop = false;                     ///< hides the event from the elements around this one
    std::vector<std::string> keys{};       ///< keys with modifiers; empty for any key
    std::string question{};                ///< the user must agree to this first

    bool operator==(const event_modifiers&) const = default;
};

/// A place in markup that is filled later, because a component cannot know its content while it
/// renders.
struct hole {
    enum class kind {
        event,     ///< attributes that send `event` to the member `name` with the arguments `text`
        own_id,    ///< the instance's document id, followed by "-" and `name` unless that is empty
        child,     ///< the content of the slot `name`
        list,      ///< in a tag: the id that makes this element the list `name`
        children,  ///< the elements of the list `name`
        owner,     ///< in the tag of a control outside of any form: room for the id of a form
        form_start,  ///< after the start tag of a form that sends an event: room for hidden fields
        own_submit,  ///< marks a form's own submit button for the form around it, then dropped
    };

    /// How a browser without scripts sends an event, as the submission of a form.
    enum class sender {
        none,          ///< it cannot: the event needs scripts
        form,          ///< by the form itself
        button,        ///< by a submit button with an address of its own
        input_button,  ///< the same as an <input>, whose value is its label
        link,          ///< by a link without a `href` of its own: it leads to a page with a button
    };

    std::uint32_t at = 0;  ///< offset into `markup::text()`
    kind what = kind::own_id;
    std::string_view element{};  ///< the element with this hole in its tag; static storage
    /// The DOM event, in static storage. If it is empty, the hole is part of an attribute's value
    /// and becomes only the address of the member.
    std::string_view event{};
    std::string_view name{};     ///< member, slot or list; static storage
    std::string text{};          ///< JSON array of arguments, or empty
    std::uint64_t instance = 0;  ///< the instance with the member; 0 until it is known
    /// The member if it belongs to an instance above; else null.
    const event_function* above = nullptr;
    std::shared_ptr<const event_modifiers> modifiers{};  ///< of an event; null for none
    sender sent_by = sender::none;                       ///< of an event
    bool in_form = false;  ///< true if the hole is known to be between the tags of a form

    /// True for an event of a button.
    bool is_button() const { return sent_by == sender::button || sent_by == sender::input_button; }

    /// Compares all members. `fingerprint` must hash the same ones.
    bool operator==(const hole& other) const;
};

/// A piece of HTML: finished text and the holes in it. It is a value.
class markup {
public:
    markup() = default;

    std::string_view text() const { return text_; }

    std::span<const hole> holes() const { return holes_; }

    std::span<hole> holes() { return holes_; }

    bool empty() const { return text_.empty() && holes_.empty(); }

    /// True if the markup is one element without an id of its own, so that an id can be written
    /// into its tag.
    bool takes_id() const { return takes_id_; }

    /// Appends other markup.
    markup& operator+=(const markup& other);

    friend markup operator+(markup left, const markup& right) { return std::move(left += right); }

    friend bool operator==(const markup&, const markup&) = default;

    // For the functions that make elements.
    void append_text(std::string_view text);             ///< escaped for element content
    void append_attribute_value(std::string_view text);  ///< escaped for a double-quoted value
    void append_unescaped(std::string_view html) { text_ += html; }

    void append_hole(hole h);

    /// Ends the start tag of `element`. All holes so far are in this tag.
    void end_start_tag(std::string_view element);

    /// Records that the holes from number `from` on are between the tags of a form.
    void enter_form(std::size_t from);

    /// Calls `enter_form` for a form whose content begins at the offset `begin`. A return key
    /// presses the first submit button of a form. If that may be a different button than the form's
    /// own, `end_form` inserts an invisible one at the beginning.
    void end_form(std::size_t from, std::size_t begin);

    void mark_takes_id(bool takes_id) { takes_id_ = takes_id; }

    /// Writes `data-stube-component="<name>"` into the one element. Markup that is not one
    /// element gets a div around it.
    void mark_component(std::string_view name);

private:
    std::string text_;
    std::vector<hole> holes_;
    bool takes_id_ = false;
};

/// Markup from a string that is HTML already. Nothing is escaped: the caller is responsible for
/// every character.
markup raw_html(std::string_view html);

/// An attribute and its value. Without a value it is a boolean attribute.
struct html_attribute {
    std::string_view name;  ///< static storage
    std::optional<std::string> value;
    bool present = true;

    bool names_id() const { return name == "id"; }
};

namespace detail {

void append_attribute(markup& out, const html_attribute& a);

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view>;

template <class T>
concept number_like = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

/// True for types that write attributes into the tag of an element. Such a type specialises this
/// and provides `write_attributes(markup&, const T&)` for argument-dependent lookup.
template <class T>
inline constexpr bool is_attribute = false;
template <>
inline constexpr bool is_attribute<html_attribute> = true;
template <class T>
inline constexpr bool is_attribute<std::optional<T>> = is_attribute<T>;

inline void write_attributes(markup& out, const html_attribute& a) {
    append_attribute(out, a);
}

template <class T>
void put_attribute(markup& out, const T& part) {
    if constexpr (is_attribute<T>) {
        if constexpr (requires { part.has_value(); }) {
            if (part) put_attribute(out, *part);
        } else {
            write_attributes(out, part);
        }
    }
}

template <class T>
inline constexpr bool always_false = false;

void append_number(markup& out, long long value);
void append_number(markup& out, unsigned long long value);
void append_number(markup& out, double value);

/// True for slots and lists of components, which provide `put_children`.
template <class T>
inline constexpr bool is_children = false;

/// True for lists of components, whose id becomes the id of the element around them.
template <class T>
inline constexpr bool is_component_list = false;

template <class T>
void put_child(markup& out, const T& part) {
    if constexpr (is_children<T>) {
        put_children(out, part);
    } else if constexpr (is_attribute<T>) {
        return;
    } else if constexpr (std::same_as<T, markup>) {
        out += part;
    } else if constexpr (text_like<T>) {
        out.append_text(part);
    } else if constexpr (std::same_as<T, char>) {
        out.append_text(std::string_view(&part, 1));
    } else if constexpr (std::floating_point<T>) {
        append_number(out, static_cast<double>(part));
    } else if constexpr (number_like<T> && std::is_signed_v<T>) {
        append_number(out, static_cast<long long>(part));
    } else if constexpr (number_like<T>) {
        append_number(out, static_cast<unsigned long long>(part));
    } else if constexpr (requires {
                             part.has_value();
                             *part;
                         }) {
        if (part) put_child(out, *part);
    } else if constexpr (iterable<const T>) {
        for (const auto& element : part)
            put_child(out, element);
    } else if constexpr (requires { part.reveal(); }) {
        static_assert(
            always_false<T>,
            "stube: this is a secret value, which cannot be part of a page."
        );
    } else {
        static_assert(
            always_false<T>,
            "stube: this cannot be part of an element. Text, numbers, markup, attributes, "
            "optionals and ranges of them can. Write when(condition, ...) for a part that is shown "
            "conditionally."
        );
    }
}

/// Thrown for markup that no browser would show as it is written. The kernel adds the name of the
/// component to the message.
class wrong_markup : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Throws `wrong_markup`, because the element of a list has the id of the list.
[[noreturn]] void refuse_second_id(std::string_view tag);

/// True if the part gives its element an id.
template <class T>
bool names_id(const T& part) {
    if constexpr (requires { part.names_id(); }) return part.names_id();
    if constexpr (requires { part->names_id(); }) return part && part->names_id();
    return false;
}

/// The content of an element: children, none (a void element), or children after a newline that
/// parsers drop.
enum class content { children, none, verbatim };

/// True for a part that always sends an event. A part in `when(...)` does not count, because
/// several conditions can exclude each other.
template <class T>
inline constexpr bool sends_event = false;

template <class... Parts>
markup element(std::string_view tag, content kind, const Parts&... parts) {
    static_assert(
        (int{sends_event<Parts>} + ... + 0) <= 1,
        "stube: an element can send only one event. Put the other one on an element around it."
    );
    static_assert(
        !(is_component_list<Parts> || ...) ||
            ((is_component_list<Parts> || is_attribute<Parts>) && ...),
        "stube: a keyed<...> list must be alone in its element, beside attributes: ul(rows)."
    );
    constexpr bool is_list = (is_component_list<Parts> || ...);
    if constexpr (is_list) {
        if ((names_id(parts) || ...)) refuse_second_id(tag);
    }
    markup out;
    out.append_unescaped("<");
    out.append_unescaped(tag);
    (put_attribute(out, parts), ...);
    out.end_start_tag(tag);
    if (kind == content::verbatim) out.append_unescaped("\n");
    if (kind != content::none) {
        const auto from = out.holes().size();
        const auto begin = out.text().size();
        (put_child(out, parts), ...);
        if (tag == "form") out.end_form(from, begin);
        out.append_unescaped("</");
        out.append_unescaped(tag);
        out.append_unescaped(">");
    }
    out.mark_takes_id(!is_list && !(names_id(parts) || ...));
    return out;
}

}  // namespace detail

/// Joins children, without an element around them.
template <class... Parts>
markup fragment(const Parts&... parts) {
    markup out;
    (detail::put_child(out, parts), ...);
    return out;
}

/// Makes one piece of markup for each element of `range`: `each(items, [](const item& i) { return
/// li(i.text); })`.
template <detail::iterable Range, class Function>
markup each(Range&& range, Function function) {
    markup out;
    for (auto&& element : range)
        detail::put_child(out, function(element));
    return out;
}

/// `part` if `condition` is true, else nothing. `part` is a child, an attribute, or a function that
/// makes one. The function is called only if `condition` is true.
template <class Part>
auto when(bool condition, const Part& part) {
    if constexpr (std::invocable<const Part&>) {
        using result = std::decay_t<std::invoke_result_t<const Part&>>;
        return condition ? std::optional<result>(part()) : std::optional<result>();
    } else if constexpr (detail::text_like<Part>) {
        return condition ? std::optional<std::string>(std::string_view(part))
                         : std::optional<std::string>();
    } else {
        return condition ? std::optional<Part>(part) : std::optional<Part>();
    }
}

/// How events are written into HTML. `http/` implements this for browsers, `test_conversation` for
/// tests.
class markup_wire {
public:
    virtual ~markup_wire() = default;
    /// Writes the attributes of `hole::kind::event`, each with a leading space.
    virtual void event(std::string& out, const hole& h) const = 0;

    /// Writes the attributes of `hole::kind::owner`, each with a leading space.
    virtual void owner(std::string& /*out*/, const hole& /*h*/) const {}

    /// Writes the elements of `hole::kind::form_start`, at the beginning of a form.
    virtual void form_start(std::string& /*out*/, const hole& /*h*/) const {}
};

/// The document id of an instance's element, "i7", or of an element within it, "i7-<name>".
std::string element_id(std::uint64_t instance, std::string_view name = {});

/// The value of an attribute in a start tag that `element` has written, or nullopt without the
/// attribute.
std::optional<std::string_view> attribute_in(std::string_view start_tag, std::string_view name);

/// Writes `m` as finished HTML. `wire` writes its events.
void write_markup(std::string& out, const markup& m, const markup_wire& wire);

/// Appends the markup that an instance has rendered, and fills its holes. Holes for events stay and
/// get the id of the instance. The document id ("i7", or "i7-<name>") is written into the one
/// element; markup that is not one element gets a div around it. `fill` appends the content of a
/// child, list or children hole.
void compose(
    markup& out,
    const markup& rendered,
    std::uint64_t instance,
    const std::function<void(const hole&)>& fill,
    std::string_view name = {}
);

}  // namespace stube
