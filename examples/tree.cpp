#include "tree.hpp"

#include <functional>
#include <map>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

/// The names below `name`. An application would query a database.
const std::vector<std::string>& names_below(const std::string& name) {
    static const std::map<std::string, std::vector<std::string>> all{
        {"", {"Animals", "Plants"}},
        {"Animals", {"Birds", "Mammals"}},
        {"Birds", {"Owl", "Robin", "Swift"}},
        {"Mammals", {"Bats", "Otter"}},
        {"Bats", {"Noctule", "Pipistrelle"}},
        {"Plants", {"Ferns", "Trees"}},
        {"Ferns", {"Bracken"}},
        {"Trees", {"Ash", "Beech", "Oak"}},
    };
    static const std::vector<std::string> nothing;
    const auto found = all.find(name);
    return found == all.end() ? nothing : found->second;
}

void set_nodes(keyed<tree_node>& nodes, const std::vector<std::string>& names) {
    nodes.assign(names, std::identity(), [](const std::string& name) {
        return tree_node{name, false, {}};
    });
}

}  // namespace

void tree_node::toggle() {
    is_open = !is_open;
    set_nodes(children, is_open ? names_below(name) : std::vector<std::string>());
}

markup tree_node::render() const {
    if (names_below(name).empty()) return li(span(name));
    return li(
        button(
            class_("secondary"),
            attr("aria-expanded", is_open ? "true" : "false"),
            on<"click", &tree_node::toggle>,
            name
        ),
        ul(children, hidden(!is_open))
    );
}

void tree_view::start() {
    set_nodes(roots, names_below(""));
}

markup tree_view::render() const {
    return section(
        class_("card"),
        h1("Living things"),
        p(class_("muted"), "Each branch is a component that holds its own branches."),
        ul(roots)
    );
}

}  // namespace gallery
