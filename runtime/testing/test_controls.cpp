#include "runtime/testing/test_controls.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube::test_page {

using namespace kernel;

void misuse(const std::string& mistake) {
    throw std::logic_error("stube: " + mistake);
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

bool is_wired(const node& of, std::string_view on) {
    return of.has("data-on-" + std::string(on));
}

namespace {

/// The names as `"Next", "Back"`, or "none".
std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& each : names)
        out += (out.empty() ? "" : ", ") + quoted(each);
    return out.empty() ? "none" : out;
}

bool has_label(const node& page, const node& element, std::string_view label) {
    return visible_text(element) == label || accessible_name(page, element) == label;
}

/// True if a click on the node sends an event.
bool can_click(const node& of) {
    if (is_wired(of, "click")) return true;
    const auto* form = submitted_form(of);
    return form && is_wired(*form, "submit");
}

const node& choose(const nodes& group, std::string_view value) {
    std::vector<std::string> values;
    for (const auto* each : group) {
        if (each->get("value") == value) return *each;
        values.emplace_back(each->get("value"));
    }
    const std::string kind = is_radio(*group.front()) ? "radio button" : "check box";
    misuse("no " + kind + " has the value " + quoted(value) + ". There are: " + listed(values));
}

/// The option that has this value or this text.
const node& choose_option(const node& select, std::string_view wanted) {
    std::vector<std::string> values;
    for (const auto* each : options_of(select)) {
        const auto value = value_of_option(*each);
        const bool is_wanted = value == wanted || visible_text(*each) == wanted;
        if (is_wanted && !is_disabled(*each)) return *each;
        values.push_back(value);
    }
    misuse("the selection has no option " + quoted(wanted) + ". There are: " + listed(values));
}

void check_can_change(const node& control) {
    if (!is_disabled(control) && !control.has("readonly")) return;
    misuse("the control " + quoted(field_of(control)) + " is disabled or read-only");
}

}  // namespace

const node& find_clickable(const node& page, const node& where, std::string_view label) {
    std::vector<std::string> names;
    nodes found;
    nodes disabled;
    for (const auto* each : find_all(where, can_click)) {
        if (is_hidden(*each)) continue;
        if (!is_disabled(*each)) names.push_back(accessible_name(page, *each));
        if (has_label(page, *each, label)) (is_disabled(*each) ? disabled : found).push_back(each);
    }
    if (found.size() == 1) return *found.front();
    const auto clickable = ". Labels that can be clicked: " + listed(names);
    if (!found.empty()) {
        misuse(
            std::to_string(found.size()) + " controls have the label " + quoted(label) +
            ": give each an aria-label of its own, or send<...>() the event" + clickable
        );
    }
    if (!disabled.empty()) misuse(quoted(label) + " is disabled" + clickable);
    misuse("nothing to click has the label " + quoted(label) + clickable);
}

std::string_view field_of(const node& control) {
    const auto name = control.get("name");
    const auto dash = name.find('-');
    return name.starts_with('i') && dash != name.npos ? name.substr(dash + 1) : name;
}

nodes visible_controls(const node& where) {
    return find_all(where, [](const node& each) { return is_control(each) && !is_hidden(each); });
}

nodes only_control(nodes found, const node& page, const std::string& description) {
    const bool is_group = !found.empty() && std::ranges::all_of(found, [&](const node* each) {
        const bool is_box = is_radio(*each) || is_check_box(*each);
        return is_box && each->get("name") == found.front()->get("name");
    });
    if (found.size() == 1 || is_group) return found;
    std::vector<std::string> names;
    for (const auto* each : visible_controls(page))
        names.emplace_back(field_of(*each));
    misuse(
        (found.empty() ? "there is no control " : "there are several controls ") + description +
        " on the page. There are: " + listed(names)
    );
}

nodes controls_labelled(const node& page, const node& where, std::string_view label) {
    auto found = visible_controls(where);
    std::erase_if(found, [&](const node* each) { return accessible_name(page, *each) != label; });
    return only_control(std::move(found), where, "labelled " + quoted(label));
}

const node& enter(entries& entered, const nodes& found, std::string_view text) {
    const auto& control = is_radio(*found.front()) ? choose(found, text) : *found.front();
    check_can_change(control);
    if (is_check_box(control)) misuse("use check() and uncheck() for a check box");
    if (control.get("type") == "file") misuse("files cannot be chosen here");
    if (is_list(control)) misuse("use check() and uncheck() for a selection of several");
    const bool is_selection = control.tag == "select";
    entered.enter(
        control,
        is_selection ? value_of_option(choose_option(control, text)) : std::string(text)
    );
    return control;
}

const node& tick(entries& entered, const nodes& found, bool yes) {
    const auto& control = *found.front();
    check_can_change(control);
    if (!is_check_box(control)) {
        misuse("the control " + quoted(field_of(control)) + " is not a check box");
    }
    if (found.size() > 1) misuse("name one of the choices of " + quoted(field_of(control)));
    entered.check(control, yes);
    return control;
}

const node& tick_choice(entries& entered, const nodes& found, std::string_view choice, bool yes) {
    if (!is_list(*found.front())) return tick(entered, {&choose(found, choice)}, yes);
    const auto& control = *found.front();
    check_can_change(control);
    entered.choose(choose_option(control, choice), yes);
    return control;
}

}  // namespace stube::test_page
