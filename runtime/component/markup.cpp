#include <stube/runtime/markup.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace stube {
namespace {

/// The entity for a character that text or a double-quoted value must not contain, or an empty text
/// for other characters. NUL cannot be represented in HTML and becomes U+FFFD.
constexpr std::string_view entity(char c, bool in_attribute) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return in_attribute ? "&quot;" : "";
    case '\0':
        return "\xEF\xBF\xBD";
    default:
        return "";
    }
}

void append_escaped(std::string& out, std::string_view text, bool in_attribute) {
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto replacement = entity(text[i], in_attribute);
        if (replacement.empty()) continue;
        out.append(text.substr(done, i - done)).append(replacement);
        done = i + 1;
    }
    out.append(text.substr(done));
}

void append_own_id(std::string& out, std::uint64_t instance, std::string_view name) {
    std::array<char, 24> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), instance).ptr;
    out += 'i';
    out.append(digits.data(), end);
    if (!name.empty()) out.append("-").append(name);
}

}  // namespace

bool hole::operator==(const hole& other) const {
    const auto parts = [](const hole& h) {
        return std::tie(
            h.at,
            h.what,
            h.element,
            h.event,
            h.name,
            h.text,
            h.instance,
            h.above,
            h.sent_by,
            h.in_form
        );
    };
    const bool same_modifiers = modifiers == other.modifiers ||
                                (modifiers && other.modifiers && *modifiers == *other.modifiers);
    return parts(*this) == parts(other) && same_modifiers;
}

markup& markup::operator+=(const markup& other) {
    if (other.empty()) return *this;
    if (empty()) return *this = other;
    auto shift = static_cast<std::uint32_t>(text_.size());
    text_ += other.text_;
    for (const auto& h : other.holes_) {
        holes_.push_back(h);
        holes_.back().at += shift;
    }
    takes_id_ = false;
    return *this;
}

void markup::append_text(std::string_view text) {
    append_escaped(text_, text, false);
    takes_id_ = false;
}

void markup::append_attribute_value(std::string_view text) {
    append_escaped(text_, text, true);
}

void markup::append_hole(hole h) {
    h.at = static_cast<std::uint32_t>(text_.size());
    holes_.push_back(std::move(h));
}

namespace {

/// The value of the attribute `type` in a start tag, or an empty text.
std::string_view type_in(std::string_view start_tag) {
    return attribute_in(start_tag, "type").value_or("");
}

hole::sender sender_of(std::string_view element, std::string_view event, std::string_view tag) {
    using enum hole::sender;
    if (element == "form") return event == "submit" ? form : none;
    if (event != "click") return none;
    if (element == "button") return type_in(tag) == "reset" ? none : button;
    if (element == "a") return attribute_in(tag, "href") ? none : link;
    if (element != "input") return none;
    const auto type = type_in(tag);
    return type == "submit" || type == "button" || type == "image" ? input_button : none;
}

bool is_own_submit(std::string_view element, std::string_view tag) {
    if (element != "button" && element != "input") return false;
    const auto type = type_in(tag);
    return type == "submit" || (element == "button" ? type.empty() : type == "image");
}

}  // namespace

void markup::end_start_tag(std::string_view element) {
    bool has_event = false;
    bool is_pressed = false;
    std::optional<hole> form_start;
    for (auto& h : holes_) {
        h.element = element;
        if (h.what != hole::kind::event || h.event.empty()) continue;
        has_event = true;
        h.sent_by = sender_of(element, h.event, text_);
        is_pressed = is_pressed || h.is_button();
        if (h.sent_by == hole::sender::form) form_start = h;
    }
    // Before the scripts have run, type="button" would make the button do nothing.
    constexpr std::string_view unpressed = " type=\"button\"";
    const auto offset = is_pressed ? text_.find(unpressed) : text_.npos;
    if (offset != text_.npos) {
        constexpr std::string_view pressed = " type=\"submit\"";
        text_.replace(offset, unpressed.size(), pressed);
        static_assert(unpressed.size() == pressed.size());
    }
    const bool is_own = !has_event && is_own_submit(element, text_);
    text_ += '>';
    if (is_own) append_hole({.what = hole::kind::own_submit});
    if (!form_start) return;
    form_start->what = hole::kind::form_start;
    form_start->sent_by = hole::sender::none;
    append_hole(*std::move(form_start));
}

void markup::enter_form(std::size_t from) {
    const auto begin = holes_.begin() + static_cast<std::ptrdiff_t>(from);
    holes_.erase(
        std::remove_if(
            begin,
            holes_.end(),
            [](const hole& h) { return h.what == hole::kind::owner; }
        ),
        holes_.end()
    );
    for (auto& h : holes().subspan(from))
        h.in_form = true;
}

void markup::end_form(std::size_t from, std::size_t begin) {
    enter_form(from);
    const auto inside = holes().subspan(from);
    const auto first = std::ranges::find_if(inside, [](const hole& h) {
        return h.what == hole::kind::own_submit || h.what == hole::kind::child ||
               h.what == hole::kind::children || h.is_button();
    });
    const bool is_submitted = from > 0 && holes_[from - 1].what == hole::kind::form_start;
    if (!is_submitted || first == inside.end() || first->what == hole::kind::own_submit) return;
    constexpr std::string_view button =
        "<button class=\"stube-enter\" tabindex=\"-1\" aria-hidden=\"true\"></button>";
    text_.insert(begin, button);
    for (auto& h : inside)
        h.at += static_cast<std::uint32_t>(button.size());
}

void markup::mark_component(std::string_view name) {
    std::string mark = " data-stube-component=\"";
    append_escaped(mark, name, true);
    mark += '"';
    auto offset = text_.find_first_of(" >");
    if (!takes_id_) {
        mark.insert(0, "<div").append(">");
        text_ += "</div>";
        offset = 0;
    } else if (!holes_.empty()) {
        offset = std::min<std::size_t>(offset, holes_.front().at);
    }
    text_.insert(offset, mark);
    for (auto& h : holes_)
        h.at += static_cast<std::uint32_t>(mark.size());
    takes_id_ = true;
}

std::optional<std::string_view> attribute_in(std::string_view start_tag, std::string_view name) {
    auto begin = start_tag.find(name);
    for (; begin != start_tag.npos; begin = start_tag.find(name, begin + 1)) {
        auto rest = start_tag.substr(begin + name.size());
        if (begin == 0 || start_tag[begin - 1] != ' ' || !rest.starts_with("=\"")) continue;
        rest.remove_prefix(2);
        return rest.substr(0, rest.find('"'));
    }
    return std::nullopt;
}

markup raw_html(std::string_view html) {
    markup out;
    out.append_unescaped(html);
    return out;
}

std::string element_id(std::uint64_t instance, std::string_view name) {
    std::string out;
    append_own_id(out, instance, name);
    return out;
}

void write_markup(std::string& out, const markup& m, const markup_wire& wire) {
    const auto text = m.text();
    std::size_t done = 0;
    for (const auto& h : m.holes()) {
        out.append(text.substr(done, h.at - done));
        done = h.at;
        switch (h.what) {
        case hole::kind::event:
            wire.event(out, h);
            break;
        case hole::kind::own_id:
            append_own_id(out, h.instance, h.name);
            break;
        case hole::kind::owner:
            wire.owner(out, h);
            break;
        case hole::kind::form_start:
            wire.form_start(out, h);
            break;
        case hole::kind::own_submit:
        case hole::kind::child:
        case hole::kind::list:
        case hole::kind::children:
            break;  // compose() has filled these
        }
    }
    out.append(text.substr(done));
}

namespace {

/// Appends the text and the holes of `rendered` from the offset `done` on.
void compose_from(
    markup& out,
    const markup& rendered,
    std::size_t done,
    std::uint64_t instance,
    const std::function<void(const hole&)>& fill
) {
    const auto text = rendered.text();
    for (const auto& h : rendered.holes()) {
        out.append_unescaped(text.substr(done, h.at - done));
        done = h.at;
        switch (h.what) {
        case hole::kind::event:
        case hole::kind::form_start: {
            auto known = h;
            if (known.instance == 0) known.instance = instance;
            out.append_hole(std::move(known));
            break;
        }
        case hole::kind::own_id:
            out.append_unescaped(element_id(instance, h.name));
            break;
        case hole::kind::owner:
            out.append_hole(h);
            break;
        case hole::kind::own_submit:
            break;
        case hole::kind::child:
        case hole::kind::list:
        case hole::kind::children: {
            const auto from = out.holes().size();
            fill(h);
            if (h.in_form) out.enter_form(from);
        }
        }
    }
    out.append_unescaped(text.substr(done));
}

}  // namespace

void compose(
    markup& out,
    const markup& rendered,
    std::uint64_t instance,
    const std::function<void(const hole&)>& fill,
    std::string_view name
) {
    const auto id = element_id(instance, name);
    if (!rendered.takes_id()) {
        out.append_unescaped("<div id=\"" + id + "\">");
        compose_from(out, rendered, 0, instance, fill);
        return out.append_unescaped("</div>");
    }
    const auto text = rendered.text();
    auto tag_end = text.find_first_of(" >");
    if (!rendered.holes().empty())
        tag_end = std::min<std::size_t>(tag_end, rendered.holes().front().at);
    out.append_unescaped(text.substr(0, tag_end));
    out.append_unescaped(" id=\"" + id + "\"");
    compose_from(out, rendered, tag_end, instance, fill);
}

namespace detail {

void refuse_second_id(std::string_view tag) {
    throw wrong_markup(
        "<" + std::string(tag) +
        "> with a keyed<...> list cannot have an id of its own, because it has the id of the list. "
        "Put your id on an element around it"
    );
}

void append_attribute(markup& out, const html_attribute& a) {
    if (!a.present) return;
    out.append_unescaped(" ");
    out.append_unescaped(a.name);
    if (!a.value) return;
    out.append_unescaped("=\"");
    out.append_attribute_value(*a.value);
    out.append_unescaped("\"");
}

namespace {

template <class Number>
void append_digits(markup& out, Number value) {
    std::array<char, 40> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append_text(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace

void append_number(markup& out, long long value) {
    append_digits(out, value);
}

void append_number(markup& out, unsigned long long value) {
    append_digits(out, value);
}

void append_number(markup& out, double value) {
    append_digits(out, value);
}

}  // namespace detail

}  // namespace stube
