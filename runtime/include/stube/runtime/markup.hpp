#pragma once

#include <boost/json/fwd.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// HTML as a value. Text and attribute values are escaped on their way in, so that escaping cannot
/// be forgotten; the one way around it is `raw_html`. The elements are in <stube/runtime/html.hpp>.
namespace stube {

class context;
class effects;

/// Runs a member with arguments from the browser; see <stube/runtime/component.hpp>.
using event_function = effects (*)(void* self, context& ctx, const boost::json::array& arguments);

/// When an event is sent, and what else happens to it in the browser. Made with `.debounce(...)`
/// and its like, see <stube/runtime/binding.hpp>.
struct event_modifiers {
    std::chrono::milliseconds debounce{};  ///< waits until nothing has happened for this long
    std::chrono::milliseconds throttle{};  ///< sends at most one within this time
    bool once = false;                     ///< only the first one is sent
    bool prevent = false;                  ///< keeps the browser from what it would do by itself
    bool stop = false;                     ///< elements around this one do not get to know of it
    std::vector<std::string> keys{};       ///< `KeyboardEvent.key`; empty for any key
    std::string question{};                ///< what the user must agree to first

    bool operator==(const event_modifiers&) const = default;
};

/// A place in markup that is filled in later: what a component cannot know while it renders.
struct hole {
    enum class kind {
        event,  ///< attributes that send `event` to the member `name` with `text` as JSON arguments
        own_id,  ///< the instance's document id, followed by "-" and `name` when that is not empty
        child,   ///< what the slot `name` shows
        list,    ///< in a tag: the id that makes this element the list `name`
        children,  ///< the elements of the list `name`
        owner,     ///< in the tag of a form control outside of any form: where a form can be named
        form_start,  ///< behind the start tag of a form that sends an event; says which, as above
        own_submit,  ///< a form's own submit button; read by the form around it, then dropped
    };

    /// How a browser without scripts sends an event: as the submission of a form.
    enum class sender {
        none,          ///< it cannot: the event needs scripts
        form,          ///< the form itself
        button,        ///< a submit button with an address of its own
        input_button,  ///< the same as an <input>, whose value is its label
        link,          ///< a link without an address of its own: it leads to a page with a button
    };

    std::uint32_t at = 0;  ///< offset into `markup::text()`
    kind what = kind::own_id;
    std::string_view element{};  ///< the element in whose tag it stands, static storage
    /// DOM event, static storage. Without one the hole stands within an attribute's value and is
    /// the address of the member alone.
    std::string_view event{};
    std::string_view name{};     ///< member, static storage
    std::string text{};          ///< JSON array of arguments, or empty
    std::uint64_t instance = 0;  ///< whose member it is; 0 until it is known
    /// The member, when it is one of the nearest instance above that has it; else null.
    const event_function* above = nullptr;
    std::shared_ptr<const event_modifiers> modifiers{};  ///< of an event; null for none
    sender sent_by = sender::none;                       ///< of an event
    bool in_form = false;  ///< it stands between the tags of a form, as far as is known

    /// True for an event of a button.
    bool is_button() const { return sent_by == sender::button || sent_by == sender::input_button; }

    /// This and `fingerprint` look at all members.
    bool operator==(const hole& other) const;
};

/// A piece of HTML: finished text and the holes in it. A value: copied, moved, joined.
class markup {
public:
    markup() = default;

    std::string_view text() const { return text_; }

    std::span<const hole> holes() const { return holes_; }

    std::span<hole> holes() { return holes_; }

    bool empty() const { return text_.empty() && holes_.empty(); }

    /// True if this is one element without an id of its own, so that an id can be written into its
    /// tag.
    bool takes_id() const { return takes_id_; }

    /// Joins other markup to the end.
    markup& operator+=(const markup& other);

    friend markup operator+(markup left, const markup& right) { return std::move(left += right); }

    friend bool operator==(const markup&, const markup&) = default;

    // What elements are made with.
    void append_text(std::string_view text);             ///< escaped for element content
    void append_attribute_value(std::string_view text);  ///< escaped for a double-quoted value
    void append_unescaped(std::string_view html) { text_ += html; }

    void append_hole(hole h);

    /// Ends the start tag of `element`, in which the holes so far stand.
    void end_start_tag(std::string_view element);

    /// The holes from the one numbered `from` on stand between the tags of a form.
    void enter_form(std::size_t from);

    /// The same before the end tag of a form whose content begins at the offset `begin`. Puts a
    /// submit button there, invisible, unless the form's own is the first: a return key presses the
    /// first one.
    void end_form(std::size_t from, std::size_t begin);

    void mark_takes_id(bool yes) { takes_id_ = yes; }

    /// Writes `data-stube-component="<name>"` into the one element, or into a div around what is
    /// none or several.
    void mark_component(std::string_view name);

private:
    std::string text_;
    std::vector<hole> holes_;
    bool takes_id_ = false;
};

/// Markup from a string that is HTML already. Nothing is escaped: the caller answers for every
/// character.
markup raw_html(std::string_view html);

/// An attribute with its value; without one it is a boolean attribute.
struct attribute {
    std::string_view name;  ///< static storage
    std::optional<std::string> value;
    bool present = true;

    bool names_id() const { return name == "id"; }
};

namespace detail {

void append_attribute(markup& out, const attribute& a);

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view>;

template <class T>
concept number_like = std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, char>;

/// True for what stands inside an element's tag. Types that write attributes specialise this and
/// provide `write_attributes(markup&, const T&)` for argument-dependent lookup.
template <class T>
inline constexpr bool is_attribute = false;
template <>
inline constexpr bool is_attribute<attribute> = true;
template <class T>
inline constexpr bool is_attribute<std::optional<T>> = is_attribute<T>;

inline void write_attributes(markup& out, const attribute& a) {
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

/// True for slots and lists of components, which stand in markup by `put_children`.
template <class T>
inline constexpr bool is_children = false;

/// True for those that make the element they stand in their list.
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
    } else if constexpr (std::ranges::input_range<const T>) {
        for (const auto& element : part)
            put_child(out, element);
    } else {
        static_assert(
            always_false<T>,
            "stube: this cannot stand in an element. Text, numbers, markup, attributes, optionals "
            "and ranges of them can; write when(condition, ...) for something that is shown only "
            "sometimes."
        );
    }
}

/// Markup that no browser would show as it is written. The component's name is added to the text.
class wrong_markup : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// Throws `wrong_markup`: the element of a list has the list's id.
[[noreturn]] void refuse_second_id(std::string_view tag);

/// True if the part gives its element an id.
template <class T>
bool names_id(const T& part) {
    if constexpr (requires { part.names_id(); }) return part.names_id();
    if constexpr (requires { part->names_id(); }) return part && part->names_id();
    return false;
}

/// What stands between an element's tags.
enum class content { children, none, verbatim };

/// True for what sends an event unconditionally. Of those in `when(...)` one may be meant at a
/// time.
template <class T>
inline constexpr bool sends_event = false;

template <class... Parts>
markup element(std::string_view tag, content what, const Parts&... parts) {
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
    if (what == content::verbatim) out.append_unescaped("\n");
    if (what != content::none) {
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

/// Joins children without an element around them.
template <class... Parts>
markup fragment(const Parts&... parts) {
    markup out;
    (detail::put_child(out, parts), ...);
    return out;
}

/// One piece of markup for each element of `range`: `each(items, [](const item& i) { return
/// li(i.text); })`.
template <std::ranges::input_range Range, class Function>
markup each(Range&& range, Function function) {
    markup out;
    for (auto&& element : range)
        detail::put_child(out, function(element));
    return out;
}

/// `part` if `condition` holds, else nothing. Takes a child, an attribute, or a function that makes
/// one (called only when it is needed).
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

/// How one wire writes events. `http/` has the browser's, `test_conversation` its own.
class markup_wire {
public:
    virtual ~markup_wire() = default;
    /// Writes attributes, each with a leading space.
    virtual void event(std::string& out, const hole& h) const = 0;

    /// The same for a control that stands in no form, `hole::kind::owner`.
    virtual void owner(std::string& /*out*/, const hole& /*h*/) const {}

    /// Writes elements to stand first in a form, `hole::kind::form_start`.
    virtual void form_start(std::string& /*out*/, const hole& /*h*/) const {}
};

/// The document id of an instance's element, "i7", or one within it, "i7-<name>".
std::string element_id(std::uint64_t instance, std::string_view name = {});

/// The value of an attribute in a start tag, as `element` writes it; nothing without the attribute.
std::optional<std::string_view> attribute_in(std::string_view start_tag, std::string_view name);

/// Writes `m` as finished HTML.
void write_markup(std::string& out, const markup& m, const markup_wire& wire);

/// Fills the holes of what an instance rendered, but for its events, which then know their
/// instance. The document id ("i7", or "i7-<name>") goes into its one element; markup that has
/// none, or several, is wrapped in a div. `fill` appends what belongs into a child, list or
/// children hole.
void compose(
    markup& out,
    const markup& rendered,
    std::uint64_t instance,
    const std::function<void(const hole&)>& fill,
    std::string_view name = {}
);

}  // namespace stube
