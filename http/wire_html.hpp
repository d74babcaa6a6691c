#pragma once

#include <stube/runtime/markup.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The browser's wire, from the page to the server. This is the one place that knows how an event
/// becomes attributes of htmx 4:
///
///     hx-post="<base>/stube/event/<conversation>/<instance>/<member>"
///     hx-trigger="<event> delay:300ms throttle:300ms"
///                              unless the event is the one htmx takes by itself (click; submit of
///                              a form) and nothing is said about its time
///     hx-vals='{"stube-args":"[3]"}'
///                              arguments, as JSON text in a form field
///     hx-include="#i<instance>"
///                              a control sends all fields of its own component, in a form or not;
///                              a form that is submitted sends its own by itself
///
/// What htmx cannot do where eval is forbidden, stube.js does:
///
///     data-stube-on="<event>"  it looks at this event and, if it is wanted, tells htmx as
///                              "stube:<event>", which is what hx-trigger names then
///     data-stube-keys='["Enter"," "]'  data-stube-prevent  data-stube-stop
///                              what it looks for, and what it does with the event
///     data-stube-once  data-stube-confirm="<question>"
///                              what it decides before the event is sent
///
/// An event without a DOM event is the address alone, to which a behavior sends
/// (stube-behaviors.js).
///
/// Nothing in them changes with the revision: a changed hx- attribute makes htmx set the element up
/// anew. Where an answer goes (hx-target, hx-swap) and that events wait for each other (hx-sync) is
/// inherited from the page, see page.cpp.
namespace stube::http {

class html_wire final : public markup_wire {
public:
    /// Both outlive the wire.
    html_wire(std::string_view base_path, std::string_view conversation)
        : base_path_(base_path), conversation_(conversation) {}

    void event(std::string& out, const hole& h) const override;

private:
    void address(std::string& out, const hole& h) const;

    std::string_view base_path_;
    std::string_view conversation_;
};

/// For pages without a conversation: events go nowhere.
class no_wire final : public markup_wire {
public:
    void event(std::string&, const hole&) const override {}
};

}  // namespace stube::http
