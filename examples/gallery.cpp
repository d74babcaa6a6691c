#include "breadcrumb.hpp"
#include "calculator.hpp"
#include "calendar.hpp"
#include "chat.hpp"
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

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
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
    std::vector<std::string> files;  ///< the source, most interesting first
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
         "Three components, one of which is shown. The others keep what they hold.",
         {"tabs.cpp", "tabs.hpp"}},
        {"/calendar",
         "Calendar",
         "A month to choose a day in, called like a function.",
         {"calendar.cpp", "calendar.hpp"}},
        {"/todo",
         "To do",
         "A list whose rows are edited in place, checked off and deleted.",
         {"todo.cpp", "todo.hpp"}},
        {"/columns",
         "Columns",
         "Notes that open beside each other, and change places without being rendered again.",
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
         "The same five steps as a coroutine: shorter to write, in memory only. After a restart it "
         "tells the user so.",
         {"hotel/book_room_flow.cpp",
          "hotel/book_room_flow.hpp",
          "hotel/steps.cpp",
          "hotel/steps.hpp"}},
        {"/preserved-widget",
         "Preserved widget",
         "A sheet to draw on, by a module of the browser, that outlives the patches around it.",
         {"preserved_widget.cpp", "preserved_widget.hpp", "sketch.js"}},
        {"/protected-counter",
         "Protected counter",
         "A page behind a login: what one user counts, nobody else sees.",
         {"protected_counter.cpp", "protected_counter.hpp"}},
        {"/wizard",
         "Wizard",
         "Three questions with Back, in the page and in the browser. What was typed is there again.",
         {"wizard.cpp", "wizard.hpp"}},
        {"/dialogs",
         "Dialogs",
         "A question, a line of text, a choice and a message, one after the other.",
         {"dialogs.cpp", "dialogs.hpp"}},
        {"/url-counter",
         "Counter in the address",
         "Its number is in the address: Back, a bookmark and a friend find it there.",
         {"url_counter.cpp", "url_counter.hpp"}},
        {"/reading-list",
         "Reading list",
         "Filtered and sorted. How it is looked at is in the address, to be shared.",
         {"reading_list.cpp", "reading_list.hpp"}},
        {"/paginated-list",
         "Paginated list",
         "A hundred invoices, ten at a time.",
         {"paginated_list.cpp", "paginated_list.hpp"}},
        {"/table-report",
         "Table report",
         "Sorted by a click on a heading, with totals.",
         {"table_report.cpp", "table_report.hpp"}},
        {"/tree",
         "Tree",
         "Branches within branches: a component that holds components of its own kind.",
         {"tree.cpp", "tree.hpp"}},
        {"/breadcrumb",
         "Breadcrumb",
         "A component that another one decorates.",
         {"breadcrumb.cpp", "breadcrumb.hpp"}},
        {"/error-banner",
         "Error banner",
         "A handler that throws changes nothing; the page says so and goes on.",
         {"error_banner.cpp", "error_banner.hpp"}},
        {"/error-answer",
         "Error answer",
         "A payment that fails, and the caller who hears of it.",
         {"error_answer.cpp", "error_answer.hpp"}},
        {"/clock",
         "Clock",
         "Ticks by a timer that is part of the page, and goes on after a restart.",
         {"clock.cpp", "clock.hpp"}},
        {"/shared-counter",
         "Shared counter",
         "One number for all visitors. When somebody raises it, everyone sees it.",
         {"shared_counter.cpp", "shared_counter.hpp", "everyone.hpp"}},
        {"/chat",
         "Chat",
         "A room for all visitors. What is said is published, and every page hears it.",
         {"chat.cpp", "chat.hpp", "everyone.hpp"}},
        {"/standup",
         "Stand-up board",
         "The application that the tutorial builds: forms, lists, a process of several steps, live "
         "for all who are signed in.",
         {"standup.cpp", "standup.hpp", "standup_team.hpp", "everyone.hpp"}},
        {"/report",
         "Report",
         "Long work in the background, with its progress. What a restart interrupts can go on.",
         {"report.cpp", "report.hpp"}},
        {"/weather",
         "Rule session",
         "Facts in, rules fired, query out. The whole conversation goes into a file and goes on "
         "from there.",
         {"weather.cpp", "weather.hpp"}},
    };
    return all;
}

std::string source_path(const example& of) {
    return "/source" + of.path;
}

markup way_back() {
    return nav(attr("aria-label", "Gallery"), a(href("/"), "All examples"));
}

markup header_of(const example& shown) {
    return nav(
        attr("aria-label", "Gallery"),
        a(href("/"), "All examples"),
        a(href(source_path(shown)), "Source of this page")
    );
}

markup example_card(const example& e) {
    auto whose = span(class_("visually-hidden"), " of ", e.title);
    return li(
        div(h2(a(href(e.path), e.title)), p(e.text)),
        a(href(source_path(e)), "Source", whose)
    );
}

markup front_page() {
    return section(
        h1("stube gallery"),
        p(class_("muted"), "Web pages of several steps, written in C++, that survive a restart."),
        ul(class_("choices"), each(examples(), example_card))
    );
}

markup source_file(const std::string& file) {
    return fragment(h2(file), pre(attr("tabindex", "0"), code(gallery::source_of(file))));
}

markup source_page(const example& of) {
    return section(
        h1(of.title),
        p(of.text),
        p(a(href(of.path), "Run it")),
        each(of.files, source_file)
    );
}

app make_site(gallery::everyone& everyone) {
    app site;
    site.provide(everyone);
    auto options_of = [](std::string_view path) {
        const auto& shown = *std::ranges::find(examples(), path, &example::path);
        return page_options{.title = shown.title, .header = header_of(shown)};
    };
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
    auto standup_options = options_of("/standup");
    standup_options.login = "/login";  // of the protected counter
    site.mount<standup::board>("/standup", standup::board::from, standup_options);
    site.mount<gallery::report>("/report", options_of("/report"));
    gallery::add_weather(site, options_of("/weather"));
    site.page("/", {.title = "stube gallery"}, front_page());
    site.error_pages({.title = "stube gallery", .header = way_back()});
    for (const auto& e : examples()) {
        site.page(
            source_path(e),
            {.title = e.title + " (source)", .header = way_back()},
            source_page(e)
        );
    }
    return site;
}

/// For whoever rolls out a release; a gallery may be serving from the store meanwhile.
int check_store(const std::string& what) {
    try {
        gallery::everyone everyone;
        auto stored = gallery::open_store(what, gallery::access::read_only);
        return make_site(everyone).check_store(std::move(stored), std::cout);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 2;
    }
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
        if (!options.check.empty()) return check_store(options.check);
#ifndef NDEBUG
        options.server.conversations.check_markup = true;
#endif
        gallery::everyone everyone;
        return make_site(everyone).start(options.server, gallery::open_store(options.store));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 1;
    }
}
