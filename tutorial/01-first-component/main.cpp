#include <stube/stube.hpp>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace stube;
using namespace stube::html;

struct board {
    static constexpr std::string_view component = "standup/board";

    std::vector<std::string> items;
    field<std::string> draft;

    void add() {
        if (!draft.require("Say what you will do")) return;
        items.push_back(draft.value());
        draft.clear();
    }

    markup render() const {
        return section(
            class_("card"),
            h1("Stand-up"),
            ul(each(items, [](const std::string& text) { return li(text); })),
            form(
                on<"submit", &board::add>,
                novalidate(),
                ui::input_for<&board::draft>(*this, "I will"),
                button("Add")
            )
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (items, draft, add))

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
    app site;
    site.mount<board>("/", {.title = "Stand-up"});
    return site.start(port, sqlite_store("standup.db"));
}
