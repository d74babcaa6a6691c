#include "breadcrumb.hpp"

#include <algorithm>
#include <map>
#include <ranges>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

constexpr std::string_view top = "Garden shop";

const std::vector<std::string>& departments_of(std::string_view department) {
    static const std::map<std::string_view, std::vector<std::string>> all{
        {top, {"Plants", "Tools"}},
        {"Plants", {"Bulbs", "Shrubs"}},
        {"Bulbs", {"Crocuses", "Tulips"}},
        {"Shrubs", {"Lilac", "Roses"}},
        {"Tools", {"For beds", "For lawns"}},
        {"For beds", {"Rakes", "Spades"}},
    };
    static const std::vector<std::string> nothing;
    const auto found = all.find(department);
    return found == all.end() ? nothing : found->second;
}

std::string_view name_at(const catalogue& in, std::size_t depth) {
    return depth == 0 ? top : std::string_view(in.path[depth - 1]);
}

markup department_row(const std::string& name) {
    return li(button(class_("secondary"), on<"click", &catalogue::enter>(name), name));
}

}  // namespace

void catalogue::enter(const std::string& department) {
    const auto& offered = departments_of(name_at(*this, path.size()));
    if (std::ranges::find(offered, department) != offered.end()) path.push_back(department);
}

markup catalogue::render() const {
    const auto here = name_at(*this, path.size());
    const auto& below = departments_of(here);
    return section(
        class_("card"),
        h1(here),
        when(below.empty(), p(class_("muted"), "Sold out. Come again in spring.")),
        ul(class_("options"), each(below, department_row))
    );
}

void breadcrumb::leave_to(std::size_t depth) {
    path.resize(std::min(depth, path.size()));
}

markup breadcrumb::render() const {
    auto crumb = [this](std::size_t depth) {
        return li(button(
            class_("secondary"),
            on<"click", &breadcrumb::leave_to>(depth),
            name_at(*this, depth)
        ));
    };
    return div(
        nav(attr("aria-label", "Breadcrumb"),
            ol(each(std::views::iota(std::size_t{0}, path.size()), crumb),
               li(attr("aria-current", "page"), name_at(*this, path.size())))),
        catalogue::render()
    );
}

}  // namespace gallery
