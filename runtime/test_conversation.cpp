#include "runtime/test_page.hpp"

#include <stube/runtime/test_conversation.hpp>

#include <ostream>
#include <stdexcept>

namespace stube {

using namespace test_page;

namespace {

[[noreturn]] void misuse(const std::string& what) {
    throw std::logic_error("stube: " + what);
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text) + "\"";
}

/// `"Next", "Back"`, or the word for an empty list.
std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& each : names)
        out += (out.empty() ? "" : ", ") + quoted(each);
    return out.empty() ? "none" : out;
}

bool says(const node& page, const node& element, std::string_view label) {
    return visible_text(element) == label || accessible_name(page, element) == label;
}

bool is_wired(const node& of, std::string_view on) {
    return of.has("data-on-" + std::string(on));
}

/// True if a click on it sends something.
bool can_click(const node& of) {
    if (is_wired(of, "click")) return true;
    const auto* form = submitted_form(of);
    return form && is_wired(*form, "submit");
}

std::string to_html(const patch& from) {
    std::string out;
    write_markup(out, from.content, wire());
    return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const page_text& text) {
    return out << text.text_;
}

class test_conversation::impl {
public:
    explicit impl(effect::call root) : root_(std::move(root)) {
        world_.now =
            std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::hours(12);
        value_.id = "test";
        value_.owner = "test";
        value_.mount = "/";
    }

    surroundings& world() { return world_; }

    void set_principal(std::string who) {
        if (has_begun_) misuse("principal() comes before the conversation begins");
        value_.principal = std::move(who);
    }

    /// Begins if it has not begun yet; every question and every act goes through here.
    impl& begun() {
        if (!has_begun_) {
            has_begun_ = true;
            show(begin(value_, root_, world_));
        }
        return *this;
    }

    /// The same for acts, which need a component on the page.
    impl& alive() {
        begun();
        if (ended_) misuse("the conversation has ended: there is nobody to send an event to");
        if (value_.stack.empty()) misuse("the conversation could not begin: " + error_);
        return *this;
    }

    const conversation& value() const { return value_; }

    const node& page() const { return *page_; }

    const std::string& html() const { return html_; }

    const std::vector<std::string>& notices() const { return notices_; }

    const std::string& error() const { return error_; }

    bool ended() const { return ended_; }

    verdict last() const { return last_; }

    entries& entered() { return entered_; }

    void send(event what) {
        what.id = ++last_id_;
        last_event_ = std::move(what);
        deliver();
    }

    void send_from(const node& element, const wired_event& what, const node* scope) {
        event e;
        e.instance = what.instance;
        e.name = what.name;
        e.arguments = what.arguments;
        if (scope) e.form = entered_.form_below(*scope);
        if (const auto* name = element.find("name"); name && !is_control(element)) {
            e.form.push_back({*name, std::string(element.get("value"))});
        }
        sent_from_ = scope;
        send(std::move(e));
    }

    /// The user has changed a control: it sends its events, if it has any.
    void changed(const node& control) {
        const std::string name(control.get("name"));
        const std::string id(control.get("id"));
        for (std::string_view on : {"input", "change"}) {
            // Found anew: the first event may have replaced the page.
            for (const auto* each : find_all(*page_, is_control)) {
                if (each->get("name") != name || each->get("id") != id) continue;
                if (auto wired = event_of(*each, on)) {
                    send_from(*each, *wired, instance_around(*each));
                    break;
                }
            }
        }
    }

    void send_member(std::string_view name, std::string arguments) {
        event e;
        e.instance = value_.top().id;
        e.name = name;
        e.arguments = std::move(arguments);
        e.form = entered_.form_below(*page_);
        sent_from_ = page_.get();
        send(std::move(e));
    }

    void send_last_again(bool as_new) {
        if (last_event_.id == 0) misuse("no event was sent yet");
        if (as_new) last_event_.id = ++last_id_;
        if (ended_) {
            last_ = verdict::stale;
            error_.clear();
        } else {
            deliver();
        }
    }

    void restart();

private:
    void deliver() {
        auto done = dispatch(value_, last_event_, world_);
        const bool is_applied = done.what == verdict::applied;
        if (is_applied && sent_from_) entered_.forget_below(*sent_from_);
        sent_from_ = nullptr;
        show(std::move(done));
    }

    void show(outcome done) {
        last_ = done.what;
        error_ = std::move(done.error);
        notices_.clear();
        if (done.what == verdict::failed) return add_notice(failure_notice("test"));
        if (done.what == verdict::applied || done.what == verdict::ended) {
            value_ = std::move(done.next);
            ended_ = done.what == verdict::ended;
        }
        for (const auto& each : done.patches)
            apply(each);
    }

    void apply(const patch& what) {
        if (what.what == patch::kind::notice) return add_notice(what);
        html_ = to_html(what);
        page_ = parse(html_);
        entered_.keep_only(*page_);
    }

    void add_notice(const patch& what) { notices_.push_back(visible_text(*parse(to_html(what)))); }

    effect::call root_;
    surroundings world_;
    conversation value_;
    bool has_begun_ = false;
    bool ended_ = false;
    std::string html_;
    std::unique_ptr<node> page_ = parse("");
    entries entered_;
    std::vector<std::string> notices_;
    verdict last_ = verdict::applied;
    std::string error_;
    event last_event_;
    event_id last_id_ = 0;
    const node* sent_from_ = nullptr;
};

void test_conversation::impl::restart() {
    alive();
    if (const auto* flow = value_.not_durable()) {
        misuse(
            "the conversation holds " + std::string(flow->name) +
            ", which lives in memory only: it does not survive a restart"
        );
    }
    auto stored = encode_change(nullptr, value_, false);
    value_ = decode_conversation({stored.id, stored.revision, stored.status, stored.written});
    if (has_wakeup(value_)) return show(wake(value_, world_));
    outcome seen;
    seen.what = verdict::repeated;
    seen.patches.push_back(render_view(value_));
    show(std::move(seen));
    last_ = verdict::applied;
}

// --- finding things on the page

namespace {

const node& find_clickable(const node& page, std::string_view label) {
    std::vector<std::string> names;
    nodes found;
    nodes disabled;
    for (const auto* each : find_all(page, can_click)) {
        if (is_hidden(*each)) continue;
        if (!is_disabled(*each)) names.push_back(accessible_name(page, *each));
        if (says(page, *each, label)) (is_disabled(*each) ? disabled : found).push_back(each);
    }
    if (found.size() == 1) return *found.front();
    const auto there = ". What can be clicked: " + listed(names);
    if (!found.empty()) {
        misuse(
            std::to_string(found.size()) + " controls say " + quoted(label) +
            ": give each an aria-label of its own, or send<...>() the event" + there
        );
    }
    if (!disabled.empty()) misuse(quoted(label) + " is disabled" + there);
    misuse("there is nothing to click that says " + quoted(label) + there);
}

/// Controls of the page that a user can see.
nodes visible_controls(const node& page) {
    return find_all(page, [](const node& each) { return is_control(each) && !is_hidden(each); });
}

/// The one control, or all radio buttons of a group.
nodes only_control(nodes found, const node& page, const std::string& what) {
    const bool is_group = !found.empty() && is_radio(*found.front());
    if (found.size() == 1 || is_group) return found;
    std::vector<std::string> names;
    for (const auto* each : visible_controls(page))
        names.emplace_back(each->get("name"));
    misuse(
        (found.empty() ? "there is no control " : "there are several controls ") + what +
        " on the page. There are: " + listed(names)
    );
}

nodes controls_named(const node& page, std::string_view name) {
    auto found = visible_controls(page);
    std::erase_if(found, [&](const node* each) { return each->get("name") != name; });
    return only_control(std::move(found), page, quoted(name));
}

nodes controls_labelled(const node& page, std::string_view label) {
    auto found = visible_controls(page);
    std::erase_if(found, [&](const node* each) { return accessible_name(page, *each) != label; });
    return only_control(std::move(found), page, "labelled " + quoted(label));
}

const node& choose(const nodes& group, std::string_view value) {
    std::vector<std::string> values;
    for (const auto* each : group) {
        if (each->get("value") == value) return *each;
        values.emplace_back(each->get("value"));
    }
    misuse("no radio button has the value " + quoted(value) + ". There are: " + listed(values));
}

/// The value of the option that has this value, or else this text.
std::string choose_option(const node& select, std::string_view wanted) {
    std::vector<std::string> values;
    for (const auto* each : find_all(select, [](const node& n) { return n.tag == "option"; })) {
        const auto text = visible_text(*each);
        const auto value = each->has("value") ? std::string(each->get("value")) : text;
        if ((value == wanted || text == wanted) && !is_disabled(*each)) return value;
        values.push_back(value);
    }
    misuse("the selection has no option " + quoted(wanted) + ". There are: " + listed(values));
}

void check_can_change(const node& control) {
    if (!is_disabled(control) && !control.has("readonly")) return;
    misuse("the control " + quoted(control.get("name")) + " is disabled or read-only");
}

const node& enter(entries& entered, const nodes& found, std::string_view text) {
    const auto& control = is_radio(*found.front()) ? choose(found, text) : *found.front();
    check_can_change(control);
    if (is_check_box(control)) misuse("use check() and uncheck() for a check box");
    if (control.get("type") == "file") misuse("files cannot be chosen here");
    const bool is_selection = control.tag == "select";
    entered.enter(control, is_selection ? choose_option(control, text) : std::string(text));
    return control;
}

const node& tick(entries& entered, const nodes& found, bool yes) {
    const auto& control = *found.front();
    check_can_change(control);
    if (!is_check_box(control)) {
        misuse("the control " + quoted(control.get("name")) + " is no check box");
    }
    entered.check(control, yes);
    return control;
}

}  // namespace

// --- the public face

test_conversation::test_conversation(effect::call root)
    : impl_(std::make_unique<impl>(std::move(root))) {}

test_conversation::test_conversation(test_conversation&&) noexcept = default;
test_conversation& test_conversation::operator=(test_conversation&&) noexcept = default;
test_conversation::~test_conversation() = default;

test_conversation& test_conversation::provide(void* app, const std::type_info& type) {
    impl_->world().app = app;
    impl_->world().app_type = &type;
    return *this;
}

test_conversation& test_conversation::principal(std::string who) {
    impl_->set_principal(std::move(who));
    return *this;
}

test_conversation& test_conversation::click(std::string_view label) {
    auto& t = impl_->alive();
    const auto& target = find_clickable(t.page(), label);
    if (auto own = event_of(target, "click")) {
        t.send_from(target, *own, instance_around(target));
    } else {
        const auto* form = submitted_form(target);
        t.send_from(target, *event_of(*form, "submit"), form);
    }
    return *this;
}

test_conversation& test_conversation::submit() {
    auto& t = impl_->alive();
    auto forms = find_all(t.page(), [](const node& each) {
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
    auto& t = impl_->alive();
    t.changed(enter(t.entered(), controls_labelled(t.page(), label), text));
    return *this;
}

test_conversation& test_conversation::fill_named(std::string_view name, std::string_view text) {
    auto& t = impl_->alive();
    t.changed(enter(t.entered(), controls_named(t.page(), name), text));
    return *this;
}

test_conversation& test_conversation::check(std::string_view label) {
    auto& t = impl_->alive();
    t.changed(tick(t.entered(), controls_labelled(t.page(), label), true));
    return *this;
}

test_conversation& test_conversation::uncheck(std::string_view label) {
    auto& t = impl_->alive();
    t.changed(tick(t.entered(), controls_labelled(t.page(), label), false));
    return *this;
}

test_conversation& test_conversation::check_named(std::string_view name, bool yes) {
    auto& t = impl_->alive();
    t.changed(tick(t.entered(), controls_named(t.page(), name), yes));
    return *this;
}

test_conversation& test_conversation::send_member(
    std::string_view name,
    const event_function* target,
    std::string arguments
) {
    auto& t = impl_->alive();
    const auto& top = t.value().top();
    const auto* found = top.type->find(name);
    if (!found || found->on_event != target) {
        misuse(
            std::string(name) + " is no member of " + std::string(top.type->name) +
            ", which is on the page"
        );
    }
    t.send_member(name, std::move(arguments));
    return *this;
}

test_conversation& test_conversation::repeat_last_event() {
    impl_->begun().send_last_again(false);
    return *this;
}

test_conversation& test_conversation::resend_to_previous() {
    impl_->begun().send_last_again(true);
    return *this;
}

test_conversation& test_conversation::restart() {
    impl_->restart();
    return *this;
}

test_conversation& test_conversation::advance(std::chrono::milliseconds by) {
    impl_->world().now += by;
    return *this;
}

time_point test_conversation::now() const {
    return impl_->world().now;
}

page_text test_conversation::text() const {
    auto& t = impl_->begun();
    std::string out;
    for (const auto& each : t.notices())
        out.append(each).append("\n");
    out += visible_text(t.page());
    if (out.ends_with('\n')) out.pop_back();
    return page_text(std::move(out));
}

std::string test_conversation::html() const {
    return impl_->begun().html();
}

std::vector<std::string> test_conversation::notices() const {
    return impl_->begun().notices();
}

std::string test_conversation::entered_in(std::string_view name) const {
    auto& t = impl_->alive();
    auto found = controls_named(t.page(), name);
    for (const auto* each : found) {
        if (is_check_box(*each)) return t.entered().is_checked(*each) ? "on" : "";
        if (!is_radio(*each)) return t.entered().value(*each);
        if (t.entered().is_checked(*each)) return std::string(each->get("value"));
    }
    return "";
}

std::string test_conversation::message_of(std::string_view name) const {
    auto& t = impl_->alive();
    const auto& control = *controls_named(t.page(), name).front();
    const auto id = control.get("aria-describedby");
    auto found =
        find_all(t.page(), [&](const node& each) { return !id.empty() && each.get("id") == id; });
    return found.empty() ? "" : visible_text(*found.front());
}

void test_conversation::check_on_page(std::string_view component) const {
    const auto there = impl_->alive().value().top().type->name;
    if (there != component) {
        misuse(std::string(component) + " is not on the page: " + std::string(there) + " is");
    }
}

bool test_conversation::ended() const {
    return impl_->begun().ended();
}

verdict test_conversation::last() const {
    return impl_->begun().last();
}

std::string test_conversation::error() const {
    return impl_->begun().error();
}

const conversation& test_conversation::value() const {
    return impl_->begun().value();
}

}  // namespace stube
