#include "runtime/testing/test_controls.hpp"
#include "runtime/testing/tested_run.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace stube {

using namespace kernel;
using namespace test_page;

std::ostream& operator<<(std::ostream& out, const page_text& text) {
    return out << text.text_;
}

test_conversation::test_conversation(effect::call root)
    : impl_(std::make_unique<impl>(std::move(root))) {}

test_conversation::test_conversation(conversation from)
    : impl_(std::make_unique<impl>(std::move(from))) {}

test_conversation::test_conversation(std::unique_ptr<impl> made) : impl_(std::move(made)) {}

test_conversation test_conversation::read_export(std::istream& document, std::uint64_t head) {
    return test_conversation(std::make_unique<impl>(recorded_run(document, head)));
}

replay_report test_conversation::replay(std::uint64_t until) {
    return impl_->replay(until);
}

test_conversation::test_conversation(test_conversation&&) noexcept = default;
test_conversation& test_conversation::operator=(test_conversation&&) noexcept = default;
test_conversation::~test_conversation() = default;

test_conversation& test_conversation::provide(void* app, const std::type_info& type) {
    impl_->provide(app, type);
    return *this;
}

test_conversation& test_conversation::secret_keys(stube::secret_keys keys) {
    impl_->set_secret_keys(std::move(keys));
    return *this;
}

test_conversation& test_conversation::random_seed(std::uint64_t seed) {
    impl_->set_random_seed(seed);
    return *this;
}

test_conversation& test_conversation::principal(stube::principal who) {
    impl_->set_principal(std::move(who));
    return *this;
}

test_conversation& test_conversation::as(stube::principal who) {
    impl_->ensure_running().act_as(std::move(who));
    return *this;
}

namespace {

/// The controls of a field.
template <class Conversation, class Field>
nodes controls_of(Conversation& t, const Field& which) {
    if (!which.component.empty() && !t.shows(which.component)) {
        misuse(
            std::string(which.component) +
            " is not on the page: " + std::string(t.value().top().type->name) + " is"
        );
    }
    const auto& where = t.take_scope();
    auto found = visible_controls(where);
    std::erase_if(found, [&](const node* each) {
        const auto* owner = t.owner_of(*each);
        const bool is_of_component =
            which.component.empty() || (owner && owner->type->name == which.component);
        return !is_of_component || field_of(*each) != which.name;
    });
    return only_control(std::move(found), where, quoted(which.name));
}

}  // namespace

test_conversation& test_conversation::within(std::string_view text) {
    impl_->set_scope(text);
    return *this;
}

test_conversation& test_conversation::back() {
    impl_->ensure_running().go_to_step(std::nullopt);
    return *this;
}

test_conversation& test_conversation::forward() {
    impl_->ensure_running().forward();
    return *this;
}

test_conversation& test_conversation::deliver(std::string_view topic, const std::string& message) {
    impl_->ensure_running().receive(topic, message);
    return *this;
}

test_conversation& test_conversation::run_work() {
    impl_->ensure_running().run_work();
    return *this;
}

std::string test_conversation::title() const {
    return impl_->ensure_begun().title();
}

std::string test_conversation::url() const {
    return impl_->ensure_begun().url();
}

std::vector<std::string> test_conversation::published() const {
    return impl_->ensure_begun().published();
}

std::vector<std::string> test_conversation::client_events() const {
    return impl_->ensure_begun().client_events();
}

std::size_t test_conversation::waiting_work() const {
    return impl_->ensure_begun().waiting_work();
}

const std::vector<patch>& test_conversation::patches() const {
    return impl_->ensure_begun().patches();
}

const std::vector<event>& test_conversation::events() const {
    return impl_->ensure_begun().events();
}

test_conversation& test_conversation::click(std::string_view label) {
    auto& t = impl_->ensure_running();
    const auto& target = find_clickable(t.page(), t.take_scope(), label);
    if (auto own = event_of(target, "click")) {
        t.send_from(target, *own, instance_around(target));
    } else {
        const auto* form = submitted_form(target);
        t.send_from(target, *event_of(*form, "submit"), form);
    }
    return *this;
}

test_conversation& test_conversation::submit() {
    auto& t = impl_->ensure_running();
    auto forms = find_all(t.take_scope(), [](const node& each) {
        return each.tag == "form" && is_wired(each, "submit") && !is_hidden(each);
    });
    if (forms.size() != 1) {
        misuse(
            "submit() needs one form with on<\"submit\", ...> on the page; there are " +
            std::to_string(forms.size())
        );
    }
    t.send_from(*forms.front(), *event_of(*forms.front(), "submit"), forms.front());
    return *this;
}

test_conversation& test_conversation::fill(std::string_view label, std::string_view text) {
    auto& t = impl_->ensure_running();
    t.send_change_events(
        enter(t.entered(), controls_labelled(t.page(), t.take_scope(), label), text)
    );
    return *this;
}

test_conversation& test_conversation::fill_field(own_field which, std::string_view text) {
    auto& t = impl_->ensure_running();
    t.send_change_events(enter(t.entered(), controls_of(t, which), text));
    return *this;
}

test_conversation& test_conversation::check(std::string_view label) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick(t.entered(), controls_labelled(t.page(), t.take_scope(), label), true)
    );
    return *this;
}

test_conversation& test_conversation::uncheck(std::string_view label) {
    auto& t = impl_->ensure_running();
    t.send_change_events(
        tick(t.entered(), controls_labelled(t.page(), t.take_scope(), label), false)
    );
    return *this;
}

test_conversation& test_conversation::check_field(own_field which, bool yes) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick(t.entered(), controls_of(t, which), yes));
    return *this;
}

test_conversation&
test_conversation::check_choice(own_field which, std::string_view choice, bool yes) {
    auto& t = impl_->ensure_running();
    t.send_change_events(tick_choice(t.entered(), controls_of(t, which), choice, yes));
    return *this;
}

test_conversation& test_conversation::send_member(
    std::string_view name,
    const event_function* target,
    std::string arguments
) {
    auto& t = impl_->ensure_running();
    t.send_member(name, target, std::move(arguments));
    return *this;
}

test_conversation& test_conversation::repeat_last_event() {
    impl_->ensure_begun().send_last_again(false);
    return *this;
}

test_conversation& test_conversation::resend_to_previous() {
    impl_->ensure_begun().send_last_again(true);
    return *this;
}

test_conversation& test_conversation::restart() {
    impl_->restart();
    return *this;
}

test_conversation& test_conversation::advance(std::chrono::milliseconds by) {
    impl_->advance(by);
    return *this;
}

time_point test_conversation::now() const {
    return impl_->env().now;
}

page_text test_conversation::text() const {
    auto& t = impl_->ensure_begun();
    std::string out;
    for (const auto& each : t.notices())
        out.append(each).append("\n");
    out += visible_text(t.page());
    if (out.ends_with('\n')) out.pop_back();
    return page_text(std::move(out));
}

std::string test_conversation::html() const {
    return impl_->ensure_begun().html();
}

std::vector<std::string> test_conversation::warnings() const {
    return impl_->ensure_begun().warnings();
}

std::vector<std::string> test_conversation::notices() const {
    return impl_->ensure_begun().notices();
}

std::string test_conversation::entered_in(own_field which) const {
    auto& t = impl_->ensure_running();
    auto found = controls_of(t, which);
    for (const auto* each : found) {
        if (is_check_box(*each)) return t.entered().is_checked(*each) ? "on" : "";
        if (!is_radio(*each)) return t.entered().value(*each);
        if (t.entered().is_checked(*each)) return std::string(each->get("value"));
    }
    return "";
}

std::string test_conversation::message_of(own_field which) const {
    auto& t = impl_->ensure_running();
    const auto& control = *controls_of(t, which).front();
    // For a group of controls, the element around them refers to the message.
    const auto* described = &control;
    while (described->parent && !described->has("aria-describedby") && !is_instance(*described))
        described = described->parent;
    const auto id = described->get("aria-describedby");
    auto found =
        find_all(t.page(), [&](const node& each) { return !id.empty() && each.get("id") == id; });
    return found.empty() ? "" : visible_text(*found.front());
}

bool test_conversation::is_kept() const {
    return impl_->ensure_begun().value().kept;
}

const std::vector<std::string>& test_conversation::aliases() const {
    return impl_->ensure_begun().aliases();
}

bool test_conversation::ended() const {
    return impl_->ensure_begun().ended();
}

verdict test_conversation::last() const {
    return impl_->ensure_begun().last();
}

std::string test_conversation::error() const {
    return impl_->ensure_begun().error();
}

const conversation& test_conversation::value() const {
    return impl_->ensure_begun().value();
}

}  // namespace stube
