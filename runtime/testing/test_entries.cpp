#include "runtime/testing/test_entries.hpp"

#include <algorithm>
#include <set>

namespace stube::test_page {

using namespace kernel;
namespace {

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

}  // namespace

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

const std::string* entries::find(const key& of) const {
    const auto found = values_.find(of);
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

void entries::mark_sent(const node& from) {
    for (const auto* control : find_all(from, is_control)) {
        for (const auto& each : keys_of(*control)) {
            if (const auto found = values_.find(each); found != values_.end())
                found->second.is_sent = true;
        }
    }
}

void entries::drop_sent(const node& fresh) {
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
