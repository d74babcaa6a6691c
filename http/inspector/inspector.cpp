#include "http/inspector/inspector.hpp"

#include "http/inspector/source_lines.hpp"
#include "runtime/component/exception_message.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/tree.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

namespace stube::http {

using namespace html;

std::string inspector_topic(std::string_view conversation) {
    return "stube/inspector/" + std::string(conversation);
}

// --- inspection

inspection::inspection() {
    std::vector<const void*> functions;
    for (const auto* each : known_components())
        functions.push_back(each->code);
    lines_ = std::async(std::launch::async, [functions = std::move(functions)] {
        return source_lines(functions);
    });
}

std::string inspection::source_of(const component_type& type) const {
    if (lines_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return {};
    const auto& all = lines_.get();
    const auto found = all.find(type.code);
    return found == all.end() ? std::string() : found->second;
}

namespace {

/// "counter.cpp:12" of "/home/ada/shop/counter.cpp:12".
std::string file_and_line(const std::string& source) {
    return source.substr(source.rfind('/') + 1);
}

/// Text in a CSS string (CSS Syntax 3, 4.3.7).
void append_css_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        const bool is_plain = c != '"' && c != '\\' && (c < 0 || c >= ' ') && c != 127;
        if (is_plain) {
            out += c;
            continue;
        }
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\%x ", static_cast<unsigned char>(c));
        out += escape.data();
    }
}

}  // namespace

std::string inspection::labels() const {
    constexpr auto longest_wait = std::chrono::seconds(5);
    lines_.wait_for(longest_wait);  // without them, the next page has the labels
    std::string out;
    for (const auto* each : known_components()) {
        const auto source = source_of(*each);
        if (source.empty()) continue;
        out += "[data-stube-component=\"";
        append_css_text(out, each->name);
        out += "\"] { --label: \"";
        append_css_text(out, each->name);
        out += "  ";
        append_css_text(out, file_and_line(source));
        out += "\"; }\n";
    }
    return out;
}

// --- the panel

namespace {

constexpr std::string_view panel_class = "stube-panel";  // in stube-inspect.css

constexpr std::size_t longest_array = 100;  // elements of a state that are shown

/// "2026-11-28 09:15:02" (UTC).
std::string time_text(time_point at) {
    const auto seconds = std::chrono::system_clock::to_time_t(at);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto size = std::strftime(text.data(), text.size(), "%F %T", &parts);
    return {text.data(), size};
}

markup json_tree(std::string_view name, const boost::json::value& value);

markup json_members(const boost::json::value& of) {
    std::vector<markup> out;
    if (const auto* object = of.if_object())
        for (const auto& [key, value] : *object)
            out.push_back(json_tree(key, value));
    if (const auto* array = of.if_array()) {
        for (std::size_t at = 0; at < std::min(array->size(), longest_array); ++at)
            out.push_back(json_tree(std::to_string(at), (*array)[at]));
        if (array->size() > longest_array)
            out.push_back(li(array->size() - longest_array, " more"));
    }
    return ul(each(out, [](const markup& one) { return one; }));
}

/// A member of a state with the members in it, for a list.
markup json_tree(std::string_view name, const boost::json::value& value) {
    const bool has_members = (value.is_object() && !value.get_object().empty()) ||
                             (value.is_array() && !value.get_array().empty());
    if (!has_members) return li(code(name, ": ", boost::json::serialize(value)));
    const auto count = value.is_object() ? value.get_object().size() : value.get_array().size();
    return li(
        details(summary(code(name), span(class_("muted"), " (", count, ")")), json_members(value))
    );
}

std::string action_of(const live::audit_event& of) {
    if (of.kind == "event")
        return of.member + " of " + of.component + " #" + std::to_string(of.instance);
    if (of.kind == "visit") return "visit: " + of.component;
    if (of.kind == "message") return "message: " + of.topic;
    return of.kind;
}

std::string entered_in(const live::audit_event& of) {
    std::string out = of.arguments == "[]" ? "" : of.arguments;
    for (const auto& each : of.fields) {
        if (!out.empty()) out += ", ";
        out += each.name + " = " + each.value.value_or("(secret)");
    }
    return out;
}

/// One rendering of the panel.
class panel {
public:
    panel(const inspector& of, const inspection& with, live::conversation_history history)
        : of_(of), with_(with), history_(std::move(history)) {}

    markup render() {
        shown_ = history_.view(of_.of, of_.head == 0 ? std::nullopt : std::optional(of_.head));
        if (!shown_)
            return section(
                class_(panel_class),
                h1("Inspector"),
                p("The archive does not have this conversation. The history of a component with ",
                  code("archived = false"),
                  " is not kept.")
            );
        return section(
            class_(panel_class),
            h1("Inspector"),
            about(),
            h2("Components"),
            components(),
            h2("Patches of head ", shown_->head),
            patches(),
            h2("Events"),
            events(),
            failures(),
            forks()
        );
    }

private:
    /// The address of the inspected page at a head; 0 for the present page.
    std::string address(std::uint64_t head) const {
        auto out = shown_->value.mount + "?c=" + of_.of + "&inspect=1";
        if (head != 0) out += "&head=" + std::to_string(head);
        return out;
    }

    static markup way(const std::string& to, std::string_view text) {
        return a(href(to), target("_top"), text);
    }

    markup about() const {
        const auto& value = shown_->value;
        const auto user = value.principal.is_anonymous() ? std::string("an anonymous visitor")
                                                         : value.principal.name;
        return fragment(
            p(code(of_.of), " of ", user, ", began at ", time_text(value.created)),
            p("Head ",
              shown_->head,
              ", step ",
              value.step,
              ", ",
              time_text(shown_->time),
              when(shown_->has_ended, ", ended")),
            nav(attr("aria-label", "Inspector"),
                class_("ways"),
                when(of_.head != 0, way(address(0), "Back to now")),
                way(address(0) + "&fork=" + std::to_string(shown_->head), "Fork from here"),
                way(value.mount + "?c=" + of_.of + "&inspect=0", "Close the inspector"))
        );
    }

    // --- components

    /// The states of the head whose state this one continues, by instance.
    std::map<instance_id, std::string> states_before() const {
        std::map<instance_id, std::string> out;
        if (shown_->parent == 0) return out;
        const auto before = history_.view(of_.of, shown_->parent);
        if (!before) return out;
        for (auto& each : tree_lines(before->value))
            out.emplace(each.id, std::move(each.state));
        return out;
    }

    markup components() const {
        const auto before = states_before();
        const auto lines = tree_lines(shown_->value);
        auto next = lines.begin();
        return level(next, lines.end(), 0, before);
    }

    using line_iterator = std::vector<tree_line>::const_iterator;

    /// The lines of one depth with everything below each of them.
    markup level(
        line_iterator& next,
        line_iterator end,
        std::size_t depth,
        const std::map<instance_id, std::string>& before
    ) const {
        std::vector<markup> out;
        while (next != end && next->depth == depth) {
            const auto& line = *next++;
            const bool has_more = next != end && next->depth > depth;
            const auto below = has_more ? level(next, end, next->depth, before) : markup();
            out.push_back(li(component_of(line, before), below));
        }
        return ul(each(out, [](const markup& one) { return one; }));
    }

    markup
    component_of(const tree_line& line, const std::map<instance_id, std::string>& before) const {
        const auto old = before.find(line.id);
        const bool is_changed =
            !before.empty() && (old == before.end() || old->second != line.state);
        const auto source = with_.source_of(*line.type);
        std::string waits;
        for (const auto& each : line.waits)
            waits += ", " + each;
        if (!line.then.empty()) waits += ", answers to " + line.then;
        return details(
            class_(is_changed ? "changed" : "unchanged"),
            open(is_changed),
            summary(
                when(!line.place.empty(), span(class_("muted"), line.place, ": ")),
                code(line.type->name, " #", line.id),
                when(
                    !source.empty(),
                    span(class_("muted"), title(source), " ", file_and_line(source))
                ),
                waits
            ),
            state_of(line.state)
        );
    }

    static markup state_of(const std::string& state) {
        boost::system::error_code error;
        const auto value = boost::json::parse(state, error);
        if (error) return p(class_("muted"), "The state cannot be stored.");
        return json_members(value);
    }

    // --- events

    markup patches() const {
        try {
            const auto all = history_.patches(of_.of, shown_->head);
            if (all.empty()) return p(class_("muted"), "None.");
            return ul(each(all, [](const live::page_patch& one) {
                return li(details(
                    summary(
                        one.kind,
                        when(one.instance != 0, fragment(" #", one.instance)),
                        when(!one.list.empty(), fragment(" ", one.list)),
                        span(class_("muted"), " ", one.html.size(), " bytes")
                    ),
                    pre(code(one.html))
                ));
            }));
        } catch (...) {
            return p(
                class_("failed"),
                "The page cannot be rendered: ",
                current_exception_message()
            );
        }
    }

    markup event_line(const live::audit_event& of) const {
        const bool is_shown = of.head == shown_->head;
        const auto entered = entered_in(of);
        return li(
            attr("aria-current", is_shown ? "step" : "false"),
            a(href(address(of.head)), target("_top"), "#", of.head),
            " ",
            span(class_(of.is_on_current_branch ? "current" : "abandoned"), action_of(of)),
            when(!of.is_on_current_branch, span(class_("visually-hidden"), " (abandoned)")),
            when(!of.principal.empty(), fragment(" by ", of.principal)),
            span(class_("muted"), " ", time_text(of.time)),
            when(!entered.empty(), fragment(" ", code(entered)))
        );
    }

    markup events() const {
        live::head_range range;
        if (of_.before != 0) range.before = of_.before;
        range.count = inspector::events_per_page;
        auto all = history_.event_view(of_.of, range);
        std::ranges::reverse(all);
        const bool has_older = all.size() == range.count && all.back().head > 1;
        return fragment(
            ol(each(all, [&](const live::audit_event& one) { return event_line(one); })),
            when(
                has_older,
                button(
                    class_("secondary"),
                    on<"click", &inspector::show_before>(all.empty() ? 0 : all.back().head),
                    "Older"
                )
            ),
            when(
                of_.before != 0,
                button(class_("secondary"), on<"click", &inspector::show_newest>, "Newest")
            )
        );
    }

    markup failures() const {
        const auto all = history_.failures(of_.of);
        if (all.empty()) return {};
        return fragment(h2("Failures"), ul(each(all, [](const live::audit_failure& one) {
                            return li(
                                class_("failed"),
                                action_of(one.event),
                                " after head ",
                                one.event.parent,
                                ": ",
                                one.why,
                                span(class_("muted"), " ", time_text(one.event.time))
                            );
                        })));
    }

    markup forks() const {
        const auto all = history_.derivations(of_.of);
        if (all.empty()) return {};
        return fragment(h2("Forks"), ul(each(all, [&](const live::forked& one) {
                            const bool is_from_here = one.from == of_.of;
                            const auto& other = is_from_here ? one.id : one.from;
                            return li(
                                is_from_here ? "to " : "from ",
                                a(href(shown_->value.mount + "?c=" + other + "&inspect=1"),
                                  target("_top"),
                                  code(other)),
                                " at head ",
                                one.head
                            );
                        })));
    }

    const inspector& of_;
    const inspection& with_;
    const live::conversation_history history_;
    std::optional<live::head_view> shown_;
};

}  // namespace

effects inspector::start() {
    return subscribe<&inspector::changed>(inspector_topic(of));
}

markup inspector::render(const context& around) const {
    const auto* with = around.find_app<inspection>();
    if (!with)
        return section(
            class_(panel_class),
            h1("Inspector"),
            p("The inspector of this server is off.")
        );
    if (!live::has_history(around))
        return section(
            class_(panel_class),
            h1("Inspector"),
            p("The store keeps no archive. Open it with ",
              code("sqlite_store(path, {.archive = true})"),
              " to see states, events and patches.")
        );
    return panel(*this, *with, live::whole_history_of(around)).render();
}

}  // namespace stube::http
