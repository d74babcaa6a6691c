#pragma once

#include <stube/runtime/markup.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// The browser protocol from the page to the server. Only this file decides how an event is written
/// into HTML.
///
/// The address of an event, `<base>/stube/event/<conversation>/<instance>/<member>`, is written
/// where a browser without scripts finds it:
///
///     <form method="post" action="...">          submit
///     <button formaction="...">                  click; also of <input type="submit">
///     <a href="...">                             click, if the link has no address of its own: it
///                                                leads to a page with a button
///     data-stube-action="..."                    any other event: only scripts can send it
///
/// Further attributes are for stube-events.js, which sends all events if scripts run:
///
///     name="stube-args" value='[3]'              arguments as JSON, of a button
///     data-stube-args='[3]'                      the same of other elements
///     data-stube-on="<event>"                    the DOM event, unless the element has one by
///                                                itself: submit of a form, change of a control,
///                                                click of anything else
///     data-stube-delay="300"  data-stube-throttle="300"
///     data-stube-keys='["Enter"," "]'  data-stube-prevent  data-stube-stop
///     data-stube-once  data-stube-confirm="<question>"
///
/// An event without a DOM event is written as the address alone; a behavior sends it
/// (stube-behaviors.js).
namespace stube::http {

class html_wire : public markup_wire {
public:
    /// Both must outlive the wire.
    html_wire(std::string_view base_path, std::string_view conversation)
        : base_path_(base_path), conversation_(conversation) {}

    void event(std::string& out, const hole& h) const override;

protected:
    void append_address(std::string& out, const hole& h) const;

    /// Appends the query of the address: only in a page, because scripts receive a patch.
    virtual void append_query(std::string& /*out*/, const hole& /*h*/) const {}

private:
    std::string_view base_path_;
    std::string_view conversation_;
};

enum class loose_form_kind {
    none,      ///< the page has no controls or buttons outside of every form
    of_view,   ///< the only form of the view, so that all values are submitted together
    of_shell,  ///< a separate form, because the view has no form or several
};

/// The form that submits the controls and buttons outside of every form.
struct loose_form {
    loose_form_kind kind = loose_form_kind::none;
    std::string id;          ///< its document id
    bool writes_id = false;  ///< the view's form has no id: the wire writes this one

    static constexpr std::string_view default_id = "stube-form";
};

/// Chooses the form for a page that shows `view`.
loose_form choose_loose_form(const markup& view);

/// Writes events into a whole page, which must work before its scripts have run: as above, and with
///
///     <input type="hidden" name="stube" value="<ticket>">   in each form, see page_ticket.hpp
///     <input type="hidden" name="stube-args-<instance>-<member>" value='[3]'>   in one with
///                                                arguments
///     form="<id>"                                for controls and buttons outside of every form
///     ?ask=<question>  ?args=[3]                 behind the address of a button, where the event
///                                                has a question or its arguments no other place
///
/// A patch has none of these; stube-events.js removes them from the page when it starts.
class page_wire final : public html_wire {
public:
    /// All must outlive the wire.
    page_wire(
        std::string_view base_path,
        std::string_view conversation,
        const loose_form& loose,
        std::string_view ticket
    )
        : html_wire(base_path, conversation), loose_(loose), ticket_(ticket) {}

    void event(std::string& out, const hole& h) const override;
    void owner(std::string& out, const hole& h) const override;
    void form_start(std::string& out, const hole& h) const override;

private:
    void append_query(std::string& out, const hole& h) const override;

    const loose_form& loose_;
    std::string_view ticket_;
};

/// Appends `<input type="hidden" ...>` with the ticket.
void append_ticket(std::string& out, std::string_view ticket);

/// For pages without a conversation: writes no events.
class no_wire final : public markup_wire {
public:
    void event(std::string&, const hole&) const override {}
};

}  // namespace stube::http
