#include "runtime/test_page.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <set>

namespace stube::test_page {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) {
    return lower(c) >= 'a' && lower(c) <= 'z';
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::array<std::string_view, Size>& words) {
    return std::ranges::find(words, word) != words.end();
}

// --- characters

void append_utf8(std::string& out, std::uint32_t c) {
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) c = 0xFFFD;
    auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        tail(0);
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        tail(6), tail(0);
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        tail(12), tail(6), tail(0);
    }
}

/// Appends what the character reference `name` (without & and ;) stands for; false if it is none.
bool append_reference(std::string& out, std::string_view name) {
    static const std::map<std::string_view, std::string_view> known{
        {"amp", "&"},
        {"lt", "<"},
        {"gt", ">"},
        {"quot", "\""},
        {"apos", "'"},
        {"nbsp", "\xC2\xA0"},
    };
    if (auto found = known.find(name); found != known.end()) {
        out += found->second;
        return true;
    }
    if (name.size() < 2 || name[0] != '#') return false;
    const bool is_hex = lower(name[1]) == 'x';
    name.remove_prefix(is_hex ? 2 : 1);
    std::uint32_t c = 0;
    auto [end, error] =
        std::from_chars(name.data(), name.data() + name.size(), c, is_hex ? 16 : 10);
    if (name.empty() || error != std::errc() || end != name.data() + name.size()) return false;
    append_utf8(out, c);
    return true;
}

std::string decoded(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto ampersand = text.find('&');
        out += text.substr(0, ampersand);
        if (ampersand == text.npos) break;
        text.remove_prefix(ampersand);
        const auto end = text.find(';');
        if (end != text.npos && append_reference(out, text.substr(1, end - 1))) {
            text.remove_prefix(end + 1);
        } else {
            out += '&';
            text.remove_prefix(1);
        }
    }
    return out;
}

// --- reading

constexpr std::array<std::string_view, 14> void_elements{
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "param",
    "source",
    "track",
    "wbr"
};

/// Elements whose content is text up to their end tag.
constexpr std::array<std::string_view, 4> text_elements{"script", "style", "textarea", "title"};

class reader {
public:
    explicit reader(std::string_view html) : rest_(html), page_(std::make_unique<node>()) {
        open_.push_back(page_.get());
    }

    std::unique_ptr<node> read() {
        while (!rest_.empty())
            read_next();
        return std::move(page_);
    }

private:
    void read_next() {
        if (rest_.starts_with("<!--")) {
            take_through("-->");
        } else if (rest_.starts_with("<!") || rest_.starts_with("<?")) {
            take_through(">");
        } else if (rest_.starts_with("</")) {
            close(rest_.substr(2));
        } else if (rest_.size() > 1 && rest_[0] == '<' && is_letter(rest_[1])) {
            read_element();
        } else {
            add_text(take_to(rest_.find('<', 1)));
        }
    }

    std::string_view take_to(std::size_t end) {
        auto taken = rest_.substr(0, end);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// Up to and with `mark`; the returned text is without it.
    std::string_view take_through(std::string_view mark) {
        auto taken = take_to(rest_.find(mark));
        rest_.remove_prefix(std::min(mark.size(), rest_.size()));
        return taken;
    }

    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_[0]))
            rest_.remove_prefix(1);
    }

    node& add(node made) {
        made.parent = open_.back();
        open_.back()->children.push_back(std::make_unique<node>(std::move(made)));
        return *open_.back()->children.back();
    }

    void add_text(std::string_view text) {
        node made;
        made.text = decoded(text);
        add(std::move(made));
    }

    void close(std::string_view from) {
        const auto tag = lowered(from.substr(0, from.find_first_of(" \t\r\n/>")));
        take_through(">");
        auto found = std::ranges::find(open_.rbegin(), open_.rend(), tag, &node::tag);
        if (!tag.empty() && found != open_.rend()) open_.erase(found.base() - 1, open_.end());
    }

    void read_element() {
        rest_.remove_prefix(1);
        node made;
        made.tag = lowered(take_to(rest_.find_first_of(" \t\r\n/>")));
        while (read_attribute(made)) {
        }
        take_through(">");
        auto& element = add(std::move(made));
        if (is_one_of(element.tag, void_elements)) return;
        open_.push_back(&element);
        if (is_one_of(element.tag, text_elements)) read_text_content();
    }

    bool read_attribute(node& of) {
        while (!rest_.empty() && (is_blank(rest_[0]) || rest_[0] == '/'))
            rest_.remove_prefix(1);
        if (rest_.empty() || rest_[0] == '>') return false;
        auto name = lowered(take_to(rest_.find_first_of(" \t\r\n/>=", 1)));
        skip_blanks();
        std::string value;
        const bool is_bare = !rest_.starts_with('=');
        if (!is_bare) {
            rest_.remove_prefix(1);
            skip_blanks();
            value = decoded(take_value());
        }
        if (!of.has(name)) of.attributes.push_back({std::move(name), std::move(value), is_bare});
        return true;
    }

    std::string_view take_value() {
        if (!rest_.starts_with('"') && !rest_.starts_with('\'')) {
            return take_to(rest_.find_first_of(" \t\r\n>"));
        }
        const auto quote = rest_.substr(0, 1);
        rest_.remove_prefix(1);
        return take_through(quote);
    }

    void read_text_content() {
        const auto end = "</" + open_.back()->tag;
        auto text = take_to(rest_.find(end));
        if (open_.back()->tag == "textarea" && text.starts_with('\n')) text.remove_prefix(1);
        if (!text.empty()) add_text(text);
    }

    std::string_view rest_;
    std::unique_ptr<node> page_;
    std::vector<node*> open_;
};

// --- text

enum class gap { none, blank, line };

class text_writer {
public:
    void text(std::string_view from) {
        for (char c : from) {
            if (is_blank(c)) {
                leave(gap::blank);
            } else {
                put(c);
            }
        }
    }

    void leave(gap wanted) { pending_ = std::max(pending_, wanted); }

    std::string take() { return std::move(out_); }

private:
    void put(char c) {
        if (!out_.empty() && pending_ != gap::none) out_ += pending_ == gap::line ? '\n' : ' ';
        pending_ = gap::none;
        out_ += c;
    }

    std::string out_;
    gap pending_ = gap::none;
};

/// What an element keeps between itself and its neighbours.
gap gap_around(std::string_view tag) {
    static const std::set<std::string_view> apart{
        "audio",
        "button",
        "img",
        "input",
        "label",
        "meter",
        "option",
        "output",
        "progress",
        "select",
        "td",
        "textarea",
        "th",
        "video"
    };
    static const std::set<std::string_view> in_line{"",     "a",     "abbr", "b",      "bdi", "bdo",
                                                    "cite", "code",  "data", "del",    "dfn", "em",
                                                    "i",    "ins",   "kbd",  "mark",   "q",   "s",
                                                    "samp", "small", "span", "strong", "sub", "sup",
                                                    "time", "u",     "var",  "wbr"};
    if (in_line.contains(tag)) return gap::none;
    return apart.contains(tag) ? gap::blank : gap::line;
}

bool hides_itself(const node& of) {
    static const std::set<std::string_view>
        never_shown{"head", "script", "style", "template", "title", "datalist"};
    if (never_shown.contains(of.tag) || of.has("hidden")) return true;
    if (of.tag == "dialog" && !of.has("open")) return true;
    if (of.tag == "input" && of.get("type") == "hidden") return true;
    const auto* around = of.parent;
    return around && around->tag == "details" && !around->has("open") && of.tag != "summary";
}

enum class reading { by_eye, aloud };

void write_text(text_writer& out, const node& of, reading how) {
    if (hides_itself(of) || of.tag == "textarea") return;
    if (how == reading::aloud && of.get("aria-hidden") == "true") return;
    const auto apart = gap_around(of.tag);
    out.leave(apart);
    if (how == reading::aloud && of.tag == "img") out.text(of.get("alt"));
    out.text(of.text);
    for (const auto& child : of.children)
        write_text(out, *child, how);
    out.leave(apart);
}

std::string read_text(const node& of, reading how) {
    text_writer out;
    if (!of.text.empty()) out.text(of.text);
    for (const auto& child : of.children)
        write_text(out, *child, how);
    return out.take();
}

std::string squeezed(std::string_view text) {
    text_writer out;
    out.text(text);
    return out.take();
}

const node* ancestor(const node& of, const std::function<bool(const node&)>& wanted) {
    const auto* each = of.parent;
    while (each && !wanted(*each))
        each = each->parent;
    return each;
}

const node* by_id(const node& page, std::string_view id) {
    auto found = find_all(page, [&](const node& each) { return each.get("id") == id; });
    return found.empty() ? nullptr : found.front();
}

std::string texts_of_ids(const node& page, std::string_view ids) {
    std::string out;
    while (!ids.empty()) {
        const auto end = std::min(ids.find(' '), ids.size());
        const auto* each = by_id(page, ids.substr(0, end));
        if (each) out.append(" ").append(read_text(*each, reading::aloud));
        ids.remove_prefix(std::min(end + 1, ids.size()));
    }
    return squeezed(out);
}

bool is_button(const node& of) {
    static const std::set<std::string_view> types{"submit", "button", "reset", "image"};
    return of.tag == "button" || (of.tag == "input" && types.contains(of.get("type")));
}

std::string label_of(const node& page, const node& control) {
    const auto id = control.get("id");
    auto labels = find_all(page, [&](const node& each) {
        return each.tag == "label" && !id.empty() && each.get("for") == id;
    });
    const auto* around = ancestor(control, [](const node& each) { return each.tag == "label"; });
    if (around) labels.push_back(around);
    std::string out;
    for (const auto* each : labels)
        out.append(" ").append(read_text(*each, reading::aloud));
    return squeezed(out);
}

std::string content_name(const node& page, const node& of) {
    if (is_control(of)) return label_of(page, of);
    if (of.tag == "input") return squeezed(of.has("value") ? of.get("value") : "Submit");
    return read_text(of, reading::aloud);
}

// --- values

std::string rendered_selection(const node& select) {
    auto options = options_of(select);
    auto chosen = std::ranges::find_if(options, [](const node* o) { return o->has("selected"); });
    if (chosen == options.end()) {
        chosen = std::ranges::find_if(options, [](const node* o) { return !o->has("disabled"); });
    }
    return chosen == options.end() ? std::string() : value_of_option(**chosen);
}

std::string rendered_value(const node& control) {
    if (control.tag == "textarea") return control.children.empty() ? "" : control.children[0]->text;
    if (control.tag == "select") return rendered_selection(control);
    if (is_check_box(control) || is_radio(control)) {
        return control.has("value") ? std::string(control.get("value")) : "on";
    }
    return std::string(control.get("value"));
}

bool is_instance_id(std::string_view id) {
    return id.size() > 1 && id[0] == 'i' &&
           std::ranges::all_of(id.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

const std::string* node::find(std::string_view attribute) const {
    auto found = std::ranges::find(attributes, attribute, &node_attribute::name);
    return found == attributes.end() ? nullptr : &found->value;
}

std::string_view node::get(std::string_view attribute) const {
    const auto* found = find(attribute);
    return found ? std::string_view(*found) : std::string_view();
}

std::unique_ptr<node> parse(std::string_view html) {
    return reader(html).read();
}

namespace {

void write_text(std::string& out, const std::string& text) {
    markup escaped;
    escaped.append_text(text);
    out += escaped.text();
}

}  // namespace

void write_html(std::string& out, const node& from) {
    if (from.tag.empty()) return write_text(out, from.text);
    markup tag;
    tag.append_unescaped("<" + from.tag);
    for (const auto& [name, value, is_bare] : from.attributes) {
        tag.append_unescaped(" " + name);
        if (is_bare) continue;
        tag.append_unescaped("=\"");
        tag.append_attribute_value(value);
        tag.append_unescaped("\"");
    }
    out.append(tag.text()).append(">");
    if (is_one_of(from.tag, void_elements)) return;
    if (from.tag == "textarea") out += '\n';
    for (const auto& child : from.children)
        write_html(out, *child);
    out.append("</").append(from.tag).append(">");
}

nodes find_all(const node& from, const std::function<bool(const node&)>& wanted) {
    nodes out;
    for (const auto& child : from.children) {
        if (child->tag.empty()) continue;
        if (wanted(*child)) out.push_back(child.get());
        auto below = find_all(*child, wanted);
        out.insert(out.end(), below.begin(), below.end());
    }
    return out;
}

std::string visible_text(const node& of) {
    return read_text(of, reading::by_eye);
}

std::string accessible_name(const node& page, const node& of) {
    if (auto named = texts_of_ids(page, of.get("aria-labelledby")); !named.empty()) return named;
    if (auto named = squeezed(of.get("aria-label")); !named.empty()) return named;
    if (auto named = content_name(page, of); !named.empty()) return named;
    return squeezed(of.get("title"));
}

bool is_hidden(const node& of) {
    return hides_itself(of) || ancestor(of, hides_itself) != nullptr;
}

bool is_disabled(const node& of) {
    if (of.has("disabled")) return true;
    return ancestor(of, [](const node& each) {
               return each.tag == "fieldset" && each.has("disabled");
           }) != nullptr;
}

void wire::event(std::string& out, const hole& h) const {
    if (h.event.empty()) {
        out.append("i").append(std::to_string(h.instance)).append(".").append(h.name);
        return;
    }
    markup attribute;
    attribute.append_unescaped(" data-on-");
    attribute.append_unescaped(h.event);
    attribute.append_unescaped("=\"");
    attribute.append_attribute_value("i" + std::to_string(h.instance) + "." + std::string(h.name));
    if (!h.text.empty()) attribute.append_attribute_value("(" + h.text + ")");
    attribute.append_unescaped("\"");
    if (h.modifiers && !h.modifiers->keys.empty()) {
        const auto keys = boost::json::serialize(boost::json::value_from(h.modifiers->keys));
        detail::append_attribute(attribute, {"data-keys", keys});
    }
    if (h.modifiers && !h.modifiers->question.empty()) {
        detail::append_attribute(attribute, {"data-confirm", h.modifiers->question});
    }
    out += attribute.text();
}

std::optional<wired_event> event_of(const node& of, std::string_view on) {
    const auto* wired = of.find("data-on-" + lowered(on));
    if (!wired) return std::nullopt;
    std::string_view text = *wired;
    wired_event out;
    const auto dot = text.find('.');
    std::from_chars(text.data() + 1, text.data() + dot, out.instance);
    text.remove_prefix(dot + 1);
    const auto open = std::min(text.find('('), text.size());
    out.name = text.substr(0, open);
    if (open < text.size()) out.arguments = text.substr(open + 1, text.size() - open - 2);
    if (const auto* keys = of.find("data-keys")) {
        out.keys = boost::json::value_to<std::vector<std::string>>(boost::json::parse(*keys));
    }
    out.question = of.get("data-confirm");
    return out;
}

const node* submitted_form(const node& button) {
    const auto type = button.get("type");
    const bool submits = button.tag == "button"
                             ? type.empty() || type == "submit"
                             : button.tag == "input" && (type == "submit" || type == "image");
    if (!submits) return nullptr;
    return ancestor(button, [](const node& each) { return each.tag == "form"; });
}

bool is_control(const node& of) {
    return of.tag == "select" || of.tag == "textarea" || (of.tag == "input" && !is_button(of));
}

bool is_check_box(const node& of) {
    return of.tag == "input" && of.get("type") == "checkbox";
}

bool is_radio(const node& of) {
    return of.tag == "input" && of.get("type") == "radio";
}

bool is_list(const node& of) {
    return of.tag == "select" && of.has("multiple");
}

nodes options_of(const node& select) {
    return find_all(select, [](const node& each) { return each.tag == "option"; });
}

std::string value_of_option(const node& option) {
    return option.has("value") ? std::string(option.get("value")) : visible_text(option);
}

bool is_instance(const node& of) {
    return is_instance_id(of.get("id"));
}

const node* instance_around(const node& of) {
    return ancestor(of, is_instance);
}

// --- what the user has entered

entries::key entries::key_of(const node& control) {
    const auto* instance = instance_around(control);
    std::string name(control.get("name"));
    if (is_check_box(control)) name += "=" + rendered_value(control);
    if (control.get("name").empty()) name = "#" + std::string(control.get("id"));
    return {std::string(instance ? instance->get("id") : ""), std::move(name)};
}

entries::key entries::key_of_option(const node& option) {
    auto out = key_of(*ancestor(option, [](const node& each) { return each.tag == "select"; }));
    out.second += "=" + value_of_option(option);
    return out;
}

std::vector<entries::key> entries::keys_of(const node& control) {
    if (!is_list(control)) return {key_of(control)};
    std::vector<key> out;
    for (const auto* option : options_of(control))
        out.push_back(key_of_option(*option));
    return out;
}

void entries::enter(const node& control, std::string value) {
    values_[key_of(control)] = {std::move(value)};
}

void entries::check(const node& box, bool yes) {
    values_[key_of(box)] = {yes ? "on" : ""};
}

void entries::choose(const node& option, bool yes) {
    values_[key_of_option(option)] = {yes ? "on" : ""};
}

const std::string* entries::find(const key& at) const {
    const auto found = values_.find(at);
    return found == values_.end() ? nullptr : &found->second.value;
}

std::string entries::value(const node& control) const {
    const auto* found = find(key_of(control));
    return found && !is_check_box(control) ? *found : rendered_value(control);
}

bool entries::is_checked(const node& box) const {
    const auto* found = find(key_of(box));
    if (!found) return box.has("checked");
    return *found == (is_radio(box) ? rendered_value(box) : "on");
}

bool entries::is_chosen(const node& option) const {
    const auto* found = find(key_of_option(option));
    return found ? *found == "on" : option.has("selected");
}

std::vector<form_value> entries::form_below(const node& from) const {
    std::vector<form_value> out;
    for (const auto* control : find_all(from, is_control)) {
        std::string name(control->get("name"));
        if (name.empty() || is_disabled(*control)) continue;
        if (is_list(*control)) {
            for (const auto* option : options_of(*control)) {
                if (is_chosen(*option) && !is_disabled(*option))
                    out.push_back({name, value_of_option(*option)});
            }
            continue;
        }
        const bool has_box = is_check_box(*control) || is_radio(*control);
        if (has_box && !is_checked(*control)) continue;
        out.push_back({std::move(name), has_box ? rendered_value(*control) : value(*control)});
    }
    return out;
}

void entries::send_below(const node& from) {
    for (const auto* control : find_all(from, is_control)) {
        for (const auto& each : keys_of(*control)) {
            if (const auto found = values_.find(each); found != values_.end())
                found->second.is_sent = true;
        }
    }
}

void entries::take_words(const node& fresh) {
    auto controls = find_all(fresh, is_control);
    if (is_control(fresh)) controls.push_back(&fresh);
    for (const auto* control : controls) {
        for (const auto& each : keys_of(*control)) {
            const auto found = values_.find(each);
            if (found != values_.end() && found->second.is_sent) values_.erase(found);
        }
    }
}

void entries::keep_only(const node& page) {
    std::set<key> present;
    for (const auto* control : find_all(page, is_control))
        std::ranges::copy(keys_of(*control), std::inserter(present, present.end()));
    std::erase_if(values_, [&](const auto& each) { return !present.contains(each.first); });
}

}  // namespace stube::test_page
