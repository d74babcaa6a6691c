#include <stube/runtime/effects.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace stube {

effects::effects() = default;
effects::effects(const effects& other) = default;
effects::effects(effects&& other) noexcept = default;
effects& effects::operator=(const effects& other) = default;
effects& effects::operator=(effects&& other) noexcept = default;
effects::~effects() = default;

effects effects::of(any_effect single) {
    effects out;
    out.list_.push_back(std::move(single));
    return out;
}

effects::effects(effect::call call) {
    list_.emplace_back(std::move(call));
}
effects::effects(effect::answer answer) {
    list_.emplace_back(std::move(answer));
}
effects::effects(effect::become become) {
    list_.emplace_back(std::move(become));
}
effects::effects(effect::send send) {
    list_.emplace_back(std::move(send));
}
effects::effects(effect::publish publish) {
    list_.emplace_back(std::move(publish));
}
effects::effects(effect::subscribe subscribe) {
    list_.emplace_back(std::move(subscribe));
}
effects::effects(effect::after after) {
    list_.emplace_back(std::move(after));
}
effects::effects(effect::cancel cancel) {
    list_.emplace_back(cancel);
}
effects::effects(effect::run run) {
    list_.emplace_back(std::move(run));
}

effects& effects::operator+=(effects more) {
    for (auto& added : more.list_)
        list_.push_back(std::move(added));
    return *this;
}

void answer_value::throw_wrong_type(const std::type_info& wanted) const {
    throw std::logic_error(
        std::string("stube: the type of an answer is ") + (type_ ? type_->name() : "none") +
        ", expected " + wanted.name()
    );
}

effects fail(std::string message) {
    return effects::of(effect::fail{{std::move(message)}, {}});
}

effects fail_because(std::string message, std::string internal) {
    return effects::of(effect::fail{{std::move(message)}, std::move(internal)});
}

effects end(markup final_view) {
    return effects::of(effect::end{std::move(final_view)});
}

effects back() {
    return effects::of(effect::back{});
}

effects no_way_back() {
    return effects::of(effect::seal{});
}

effects keep(bool is_worth_it) {
    return effects::of(effect::keep{is_worth_it});
}

effects write_alias(std::string name) {
    return effects::of(effect::write_alias{std::move(name)});
}

effects set_title(std::string text) {
    return effects::of(effect::command{effect::command::kind::title, std::move(text)});
}

effects client_event(std::string name, std::string detail_json) {
    return effects::of(
        effect::command{effect::command::kind::event, std::move(name), std::move(detail_json)}
    );
}

effects push_url(std::string url) {
    return effects::of(effect::command{effect::command::kind::url, std::move(url), {}, true});
}

effects replace_url(std::string url) {
    return effects::of(effect::command{effect::command::kind::url, std::move(url)});
}

effects focus_on(std::string name) {
    return effects::of(effect::command{effect::command::kind::focus, std::move(name)});
}

effects scroll_to(std::string name) {
    return effects::of(effect::command{effect::command::kind::scroll, std::move(name)});
}

effects patch_element(std::string name, markup content) {
    return effects::of(effect::patch{std::move(name), std::move(content)});
}

effects unsubscribe(std::string topic) {
    return effects::of(effect::unsubscribe{std::move(topic)});
}

}  // namespace stube
