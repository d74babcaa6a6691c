#include "breadcrumb.hpp"
#include "calculator.hpp"
#include "calendar.hpp"
#include "chat.hpp"
#include "claims/audit.hpp"
#include "claims/claim.hpp"
#include "claims/inbox.hpp"
#include "clock.hpp"
#include "columns.hpp"
#include "counter.hpp"
#include "dialogs.hpp"
#include "error_answer.hpp"
#include "error_banner.hpp"
#include "everyone.hpp"
#include "hotel/book_room.hpp"
#include "hotel/book_room_flow.hpp"
#include "multi_counter.hpp"
#include "options.hpp"
#include "paginated_list.hpp"
#include "preserved_widget.hpp"
#include "protected_counter.hpp"
#include "reading_list.hpp"
#include "report.hpp"
#include "shared_counter.hpp"
#include "sources.hpp"
#include "standup.hpp"
#include "table_report.hpp"
#include "tabs.hpp"
#include "todo.hpp"
#include "tree.hpp"
#include "url_counter.hpp"
#include "weather.hpp"
#include "wizard.hpp"

#include <stube/runtime/conversation_history.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace stube;
using namespace stube::html;

struct example {
    std::string path;
    std::string title;
    std::string text;
    std::vector<std::string> files;  ///< names of its sources, the most interesting one first
};

const std::vector<example>& examples() {
    static const std::vector<example> all{
        {"/counter",
         "Counter",
         "A number and two buttons: the smallest component there is.",
         {"counter.cpp", "counter.hpp"}},
        {"/multi-counter",
         "Several counters",
         "The same component three times. A click renders, sends and saves one of them.",
         {"multi_counter.cpp", "multi_counter.hpp"}},
        {"/calculator",
         "Calculator",
         "Four operations, by mouse and by keyboard.",
         {"calculator.cpp", "calculator.hpp"}},
        {"/tabs",
         "Tabs",
         "Three components, one of which is shown. The hidden ones keep their state.",
         {"tabs.cpp", "tabs.hpp"}},
        {"/calendar",
         "Calendar",
         "A month to choose a day from, called like a function.",
         {"calendar.cpp", "calendar.hpp"}},
        {"/todo",
         "To do",
         "A list whose rows are edited in place, checked off and deleted.",
         {"todo.cpp", "todo.hpp"}},
        {"/columns",
         "Columns",
         "Notes that open side by side, and move without being rendered again.",
         {"columns.cpp", "columns.hpp"}},
        {"/booking",
         "Hotel booking",
         "Five steps as a durable task. Kill the server in the middle: the page goes on by itself.",
         {"hotel/book_room.cpp",
          "hotel/book_room.hpp",
          "hotel/steps.cpp",
          "hotel/steps.hpp",
          "hotel/model.hpp"}},
        {"/booking-flow",
         "Hotel booking as a flow",
         "The same five steps as a coroutine: shorter to write, but kept in memory only. After a "
         "restart the page says so.",
         {"hotel/book_room_flow.cpp",
          "hotel/book_room_flow.hpp",
          "hotel/steps.cpp",
          "hotel/steps.hpp"}},
        {"/preserved-widget",
         "Preserved widget",
         "A drawing made by a JavaScript module, which survives the patches around it.",
         {"preserved_widget.cpp", "preserved_widget.hpp", "sketch.js"}},
        {"/protected-counter",
         "Protected counter",
         "A page behind a login. Each user has a counter that nobody else sees.",
         {"protected_counter.cpp", "protected_counter.hpp"}},
        {"/wizard",
         "Wizard",
         "Three questions with Back, on the page and in the browser. Back restores the typed text.",
         {"wizard.cpp", "wizard.hpp"}},
        {"/dialogs",
         "Dialogs",
         "A question, a line of text, a choice and a message, one after the other.",
         {"dialogs.cpp", "dialogs.hpp"}},
        {"/url-counter",
         "Counter in the address",
         "The number is part of the address, so it can be bookmarked and shared, and Back works.",
         {"url_counter.cpp", "url_counter.hpp"}},
        {"/reading-list",
         "Reading list",
         "A list to filter and sort. The view is part of the address, so it can be shared.",
         {"reading_list.cpp", "reading_list.hpp"}},
        {"/paginated-list",
         "Paginated list",
         "A hundred invoices, ten at a time.",
         {"paginated_list.cpp", "paginated_list.hpp"}},
        {"/table-report",
         "Table report",
         "A table with totals. A click on a heading sorts it.",
         {"table_report.cpp", "table_report.hpp"}},
        {"/tree",
         "Tree",
         "Branches within branches: a component that holds components of its own type.",
         {"tree.cpp", "tree.hpp"}},
        {"/breadcrumb",
         "Breadcrumb",
         "A component that decorates another one.",
         {"breadcrumb.cpp", "breadcrumb.hpp"}},
        {"/error-banner",
         "Error banner",
         "A handler that throws changes nothing. The page shows an error and stays usable.",
         {"error_banner.cpp", "error_banner.hpp"}},
        {"/error-answer",
         "Error answer",
         "A payment that fails, and a caller that handles the failure.",
         {"error_answer.cpp", "error_answer.hpp"}},
        {"/clock",
         "Clock",
         "A timer moves it. The timer is stored with the page and survives a restart.",
         {"clock.cpp", "clock.hpp"}},
        {"/shared-counter",
         "Shared counter",
         "One number for all visitors. When one of them raises it, everyone sees it.",
         {"shared_counter.cpp", "shared_counter.hpp", "everyone.hpp"}},
        {"/chat",
         "Chat",
         "One room for all visitors. Each message is published and appears on every open page.",
         {"chat.cpp", "chat.hpp", "everyone.hpp"}},
        {"/standup",
         "Stand-up board",
         "The application that the tutorial builds: forms, lists and a process of several steps, "
         "updated live for everyone who is signed in.",
         {"standup.cpp", "standup.hpp", "standup_team.hpp", "everyone.hpp"}},
        {"/claim",
         "Expense claim",
         "One user submits it, another one with the role of an approver decides. Sign in as grace "
         "to approve.",
         {"claims/claim.cpp", "claims/claim.hpp"}},
        {"/inbox",
         "Inbox",
         "The claims that wait for you, found in the archive of all conversations.",
         {"claims/inbox.cpp", "claims/inbox.hpp"}},
        {"/audit",
         "History of a claim",
         "Who did what when. Open it from the inbox.",
         {"claims/audit.cpp", "claims/audit.hpp"}},
        {"/report",
         "Report",
         "Long work in the background, with a progress bar. It can continue after a restart.",
         {"report.cpp", "report.hpp"}},
        {"/weather",
         "Rule session",
         "Facts in, rules fired, query out. A conversation that can continue from a file.",
         {"weather.cpp", "weather.hpp"}},
    };
    return all;
}

std::string source_path(const example& e) {
    return "/source" + e.path;
}

markup gallery_header() {
    return nav(attr("aria-label", "Gallery"), a(href("/"), "All examples"));
}

markup example_header(const example& e) {
    return nav(
        attr("aria-label", "Gallery"),
        a(href("/"), "All examples"),
        a(href(source_path(e)), "Source of this page")
    );
}

markup example_card(const example& e) {
    auto for_screen_readers = span(class_("visually-hidden"), " of ", e.title);
    return li(
        div(h2(a(href(e.path), e.title)), p(e.text)),
        a(href(source_path(e)), "Source", for_screen_readers)
    );
}

markup front_page() {
    return section(
        h1("stube gallery"),
        p(class_("muted"), "Multi-step web pages, written in C++, that survive a restart."),
        ul(class_("choices"), each(examples(), example_card))
    );
}

markup source_file(const std::string& file) {
    return fragment(h2(file), pre(attr("tabindex", "0"), code(gallery::source_of(file))));
}

markup source_page(const example& e) {
    return section(
        h1(e.title),
        p(e.text),
        p(a(href(e.path), "Run it")),
        each(e.files, source_file)
    );
}

page_options options_of(std::string_view path) {
    const auto& e = *std::ranges::find(examples(), path, &example::path);
    return page_options{.title = e.title, .header = example_header(e)};
}

/// The same for users who are signed in. "/login" is added by add_protected_counter.
page_options options_behind_login(std::string_view path) {
    auto options = options_of(path);
    options.login = "/login";
    return options;
}

/// Approvers find, open and audit the claims of others; users find their own ones in every browser.
bool may_use_claim(const access_request& wanted) {
    const bool is_own = wanted.who.name == wanted.owner.name && !wanted.who.is_anonymous();
    const bool is_claim = wanted.mount.ends_with("/claim");
    return is_own || (is_claim && wanted.who.has_role(claims::approver));
}

void add_claims(app& site) {
    site.mount<claims::claim>("/claim", options_behind_login("/claim"));
    site.mount<claims::inbox>("/inbox", options_behind_login("/inbox"));
    site.mount<claims::audit>("/audit", options_behind_login("/audit"));
    site.mount<claims::audit>(
        "/audit/{claim}",
        claims::audit::from,
        options_behind_login("/audit")
    );
    site.access(may_use_claim);
}

app make_site(gallery::everyone& everyone) {
    app site;
    site.provide(everyone);
    site.mount<gallery::counter>("/counter", options_of("/counter"));
    site.mount<gallery::multi_counter>("/multi-counter", options_of("/multi-counter"));
    site.mount<gallery::calculator>("/calculator", options_of("/calculator"));
    site.mount<gallery::tabs>("/tabs", options_of("/tabs"));
    site.mount<gallery::appointment>("/calendar", options_of("/calendar"));
    site.mount<gallery::todo>("/todo", options_of("/todo"));
    site.mount<gallery::columns>("/columns", options_of("/columns"));
    site.mount<hotel::book_room>("/booking", options_of("/booking"));
    site.mount<hotel::book_room_flow>("/booking-flow", options_of("/booking-flow"));
    site.mount<gallery::preserved_widget>("/preserved-widget", options_of("/preserved-widget"));
    site.behavior("gallery/sketch", std::string(gallery::source_of("sketch.js")));
    gallery::add_protected_counter(site, options_of("/protected-counter"));
    site.mount<gallery::wizard>("/wizard", options_of("/wizard"));
    site.mount<gallery::dialogs>("/dialogs", options_of("/dialogs"));
    site.mount<gallery::url_counter>(
        "/url-counter",
        gallery::url_counter::from,
        options_of("/url-counter")
    );
    site.mount<gallery::reading_list>(
        "/reading-list",
        gallery::reading_list::from,
        options_of("/reading-list")
    );
    site.mount<gallery::paginated_list>("/paginated-list", options_of("/paginated-list"));
    site.mount<gallery::table_report>("/table-report", options_of("/table-report"));
    site.mount<gallery::tree_view>("/tree", options_of("/tree"));
    site.mount<gallery::breadcrumb>("/breadcrumb", options_of("/breadcrumb"));
    site.mount<gallery::error_banner>("/error-banner", options_of("/error-banner"));
    site.mount<gallery::error_answer>("/error-answer", options_of("/error-answer"));
    site.mount<gallery::clock>("/clock", options_of("/clock"));
    site.mount<gallery::shared_counter>("/shared-counter", options_of("/shared-counter"));
    site.mount<gallery::chat>("/chat", options_of("/chat"));
    site.mount<standup::board>("/standup", standup::board::from, options_behind_login("/standup"));
    add_claims(site);
    site.mount<gallery::report>("/report", options_of("/report"));
    gallery::add_weather(site, options_of("/weather"));
    site.page("/", {.title = "stube gallery"}, front_page());
    site.error_pages({.title = "stube gallery", .header = gallery_header()});
    for (const auto& e : examples()) {
        site.page(
            source_path(e),
            {.title = e.title + " (source)", .header = gallery_header()},
            source_page(e)
        );
    }
    return site;
}

/// Checks a store before a release is rolled out. Read-only, because another gallery may be serving
/// from the store at the same time.
int check_store(const gallery::options& options) {
    try {
        gallery::everyone everyone;
        const bool may_have_archive = options.check.starts_with("sqlite:");
        auto stored =
            gallery::open_store(options.check, may_have_archive, gallery::access::read_only);
        const auto depth = options.deep ? storage::check_depth::deep : storage::check_depth::quick;
        return make_site(everyone).check_store(std::move(stored), std::cout, depth);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 2;
    }
}

/// Erases a user from a store that no gallery serves from.
int erase_principal(const gallery::options& options) {
    try {
        gallery::everyone everyone;
        // Refuses a store that does not exist, which would be created otherwise.
        gallery::open_store(options.store, options.archive, gallery::access::read_only)
            ->load_all([](storage::record&&) {});
        auto stored = gallery::open_store(options.store, options.archive);
        return make_site(everyone).erase_principal(std::move(stored), options.erased, std::cout);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 2;
    }
}

/// Read-only, like `check_store`.
live::stored_history history_of(const std::string& location) {
    return live::stored_history(gallery::open_store(location, true, gallery::access::read_only));
}

int print_history(const gallery::options& options) {
    const auto found = history_of(options.store)->history_view(options.history);
    if (found.events.empty())
        throw std::invalid_argument("no conversation " + options.history + " in the archive");
    std::cout << boost::json::value(encode(found)) << '\n';
    return 0;
}

int export_conversation(const gallery::options& options) {
    history_of(options.store)->export_to(options.exported, options.export_file);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    spdlog::set_default_logger(spdlog::stderr_color_mt("gallery"));
    try {
        auto options = gallery::parse_options({argv + 1, argv + argc});
        if (options.help) {
            std::fputs(gallery::help_text, stdout);
            return 0;
        }
        if (!options.check.empty()) return check_store(options);
        if (!options.erased.empty()) return erase_principal(options);
        if (!options.history.empty()) return print_history(options);
        if (!options.exported.empty()) return export_conversation(options);
#ifndef NDEBUG
        options.server.conversations.check_markup = true;
#endif
        std::optional<gallery::temporary_folder> temporary;
        if (options.dev) {
            options.server.conversations.check_markup = true;
            if (options.store.empty())
                options.store = "sqlite:" + temporary.emplace().path() + "/gallery.sqlite";
            options.archive = options.archive || options.store.starts_with("sqlite:");
        }
        gallery::everyone everyone;
        auto storage = gallery::open_store(options.store, options.archive);
        auto site = make_site(everyone);
        if (options.dev) site.inspector([](const request_info&) { return true; });
        return site.start(options.server, std::move(storage));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 1;
    }
}
