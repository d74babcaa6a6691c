#include "http/handlers/inspect.hpp"

#include "http/handlers/send.hpp"
#include "http/inspector/inspector.hpp"
#include "http/protocol/text.hpp"

#include <stube/runtime/component.hpp>
#include <stube/runtime/conversation_history.hpp>

#include <utility>

namespace stube::http {

namespace {

constexpr std::string_view inspect_cookie = "stube_inspect";
constexpr std::uint64_t no_head = 0;  // heads are numbered from 1

std::string panel_frame(
    std::string_view base_path,
    std::string_view conversation,
    std::optional<std::uint64_t> head
) {
    std::string address(base_path);
    address.append(inspector_path).append("?of=").append(query_value(conversation));
    if (head) address.append("&head=").append(std::to_string(*head));
    std::string out = "<iframe id=\"stube-inspector\" title=\"Inspector\" src=\"";
    append_attribute(out, address);
    return out += "\"></iframe>";
}

void insert_before(std::string& page, std::string_view end_tag, std::string_view inserted) {
    page.insert(page.rfind(end_tag), inserted);
}

/// Adds the style sheets of outlines and labels, and the frame with the panel.
void add_panel(
    std::string& page,
    std::string_view base_path,
    std::string_view conversation,
    std::optional<std::uint64_t> head = {}
) {
    std::string sheets;
    append_stylesheet(sheets, asset_address("stube-inspect.css", base_path));
    append_stylesheet(sheets, std::string(base_path).append(inspector_labels_path));
    page.insert(page.find("</head>"), sheets);
    insert_before(page, "</body>", panel_frame(base_path, conversation, head));
}

/// Above a page of the past.
std::string past_banner(const live::head_view& shown) {
    std::string out = "<p id=\"stube-past\" role=\"status\">The page as it was at head ";
    append_number(out, shown.head);
    out += ". It accepts no input. <a href=\"";
    append_attribute(out, shown.value.mount + "?c=" + shown.value.id + "&inspect=1");
    return out += "\">Back to now</a></p>";
}

}  // namespace

std::optional<archived_request> archived_request_in(exchange& ex) {
    const request_info from(ex.request());
    const auto head = from.query("head");
    const auto fork = from.query("fork");
    const auto conversation = from.query("c");
    if ((!head && !fork) || !conversation || from.query("inspect") != "1") return std::nullopt;
    if (!ex.site().may_inspect(ex.request())) return std::nullopt;
    const auto wanted = head ? archived_request::purpose::show : archived_request::purpose::fork;
    const auto number = parse_number(head ? *head : *fork).value_or(no_head);
    return archived_request{wanted, conversation->substr(0, conversation->find('.')), number};
}

void show_archived_page(exchange& ex, const mount_point& mount, const archived_request& wanted) {
    auto& live = *ex.site().live;
    if (!live.keeps_archive()) return send_problem(ex, 404);
    const auto history = live.history();
    const auto shown = history.view(wanted.conversation, wanted.head);
    const auto content = history.page(wanted.conversation, wanted.head);
    if (!shown || !content || shown->value.mount != ex.mount_address) return send_problem(ex, 404);
    auto& body = ex.scratch();
    body = mount.head;
    body += past_banner(*shown);
    append_plain_body(body, "<div inert>" + *content + "</div>");
    add_panel(body, ex.site().base_path(), wanted.conversation, wanted.head);
    ex.send({200, html_type, page_headers, body});
}

void add_inspector(
    exchange& ex,
    std::string_view conversation,
    std::string& page,
    std::string& headers
) {
    const auto& request = ex.request();
    const auto wish = request_info(request).query("inspect");
    const bool was_on = request.cookie(inspect_cookie) == "1";
    if ((!wish && !was_on) || !ex.site().may_inspect(request)) return;
    const bool is_on = wish.value_or("1") == "1";
    if (is_on != was_on) {
        cookie remembered{std::string(inspect_cookie), is_on ? "1" : "0"};
        if (!is_on) remembered.max_age = std::chrono::seconds(0);
        headers += ex.site().cookie_line(remembered);
    }
    if (is_on) add_panel(page, ex.site().base_path(), conversation);
}

void send_inspector_labels(exchange& ex) {
    if (!ex.site().may_inspect(ex.request())) return send_problem(ex, 404);
    ex.send(
        {200,
         "text/css; charset=utf-8",
         "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
         ex.site().inspection()->labels()}
    );
}

}  // namespace stube::http
