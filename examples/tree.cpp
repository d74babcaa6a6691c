#include "tree.hpp"

#include <functional>
#include <map>
#include <vector>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

/// What stands below a name: a query of a database, in an application.
const std::vector<std::string>& below(const std::string& name) {
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

void grow(keyed<tree_node>& to, const std::vector<std::string>& names) {
    to.assign(names, std::identity(), [](const std::string& name) {
        return tree_node{name, false, {}};
    });
}

}  // namespace

void tree_node::toggle() {
    is_open = !is_open;
    grow(children, is_open ? below(name) : std::vector<std::string>());
}

markup tree_node::render() const {
    if (below(name).empty()) return li(span(name));
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
    grow(roots, below(""));
}

markup tree_view::render() const {
    return section(
        class_("card"),
        h1("Living things"),
        p(class_("muted"), "Each branch is a component of its own, which holds its branches."),
        ul(roots)
    );
}

}  // namespace gallery
