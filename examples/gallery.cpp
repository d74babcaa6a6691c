#include "counter.hpp"
#include "hotel/book_room.hpp"
#include "hotel/book_room_flow.hpp"
#include "options.hpp"
#include "preserved_widget.hpp"
#include "protected_counter.hpp"
#include "sources.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <string>
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

app make_site() {
    app site;
    auto options_of = [](const example& e) {
        return page_options{.title = e.title, .header = header_of(e)};
    };
    site.mount<gallery::counter>("/counter", options_of(examples()[0]));
    site.mount<hotel::book_room>("/booking", options_of(examples()[1]));
    site.mount<hotel::book_room_flow>("/booking-flow", options_of(examples()[2]));
    site.mount<gallery::preserved_widget>("/preserved-widget", options_of(examples()[3]));
    site.behavior("gallery/sketch", std::string(gallery::source_of("sketch.js")));
    gallery::add_protected_counter(site, options_of(examples()[4]));
    site.page("/", {.title = "stube gallery"}, front_page());
    for (const auto& e : examples()) {
        site.page(
            source_path(e),
            {.title = e.title + " (source)", .header = way_back()},
            source_page(e)
        );
    }
    return site;
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
        return make_site().start(options.server, gallery::open_store(options.store));
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gallery: %s\n", e.what());
        return 1;
    }
}
