#include "page_model.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

using stube::patch;
using stube::test_page::node;

namespace {

std::unique_ptr<node> read(const stube::markup& content) {
    std::string html;
    write_markup(html, content, stube::test_page::wire());
    return stube::test_page::parse(html);
}

std::string element_id(stube::instance_id id) {
    return "i" + std::to_string(id);
}

void write(std::string& out, const node& from) {
    if (from.tag.empty()) {
        out += from.text;
    } else {
        out.append("<").append(from.tag);
        for (const auto& [name, value] : from.attributes)
            out.append(" ").append(name).append("='").append(value).append("'");
        out += ">";
    }
    for (const auto& child : from.children)
        write(out, *child);
    if (!from.tag.empty()) out.append("</").append(from.tag).append(">\n");
}

[[noreturn]] void lost(const std::string& what) {
    throw std::logic_error("the page cannot follow: " + what);
}

}  // namespace

page_model::place page_model::find(children& in, std::string_view id) {
    for (std::size_t at = 0; at < in.size(); ++at) {
        if (in[at]->get("id") == id) return {&in, at};
        if (auto found = find(in[at]->children, id)) return found;
    }
    return {};
}

void page_model::apply(const std::vector<patch>& patches) {
    for (const auto& each : patches)
        apply(each);
}

void page_model::apply(const patch& what) {
    switch (what.what) {
    case patch::kind::view:
    case patch::kind::final:
        all_ = std::move(read(what.content)->children);
        break;
    case patch::kind::instance:
        replace(element_id(what.target), what.content);
        break;
    case patch::kind::element:
        replace(element_id(what.target) + "-" + what.list, what.content);
        break;
    case patch::kind::insert:
        insert(what);
        break;
    case patch::kind::move:
        move(what);
        break;
    case patch::kind::remove:
        remove(element_id(what.target));
        break;
    case patch::kind::command: {
        const auto said = boost::json::parse(what.json);
        if (const auto* step = said.as_object().if_contains("step"))
            step_ = step->to_number<std::uint64_t>();
        break;
    }
    case patch::kind::notice:
        break;
    }
}

/// Puts what the page has already in the place of what stands for it.
void page_model::take_kept(node& in) {
    for (auto& child : in.children) {
        const auto id = child->get("id");
        if (!child->has("data-stube-keep")) {
            take_kept(*child);
            continue;
        }
        const auto kept = find(id);
        if (!kept) lost("it has no " + std::string(id) + " to keep");
        if (child->tag == "template") {
            child = std::move(kept.one());
            kept.around->erase(kept.around->begin() + static_cast<std::ptrdiff_t>(kept.at));
        } else {
            std::erase_if(child->attributes, [](const auto& each) {
                return each.first == "data-stube-keep";
            });
            child->children = std::move(kept.one()->children);
        }
    }
}

void page_model::replace(std::string_view id, const stube::markup& content) {
    if (!find(id)) return;
    auto fresh = read(content);
    if (fresh->children.size() != 1) lost("not one element for " + std::string(id));
    take_kept(*fresh);
    find(id).one() = std::move(fresh->children.front());
}

void page_model::insert(const patch& what) {
    const auto list = find(element_id(what.target) + "-" + what.list);
    if (!list) return;
    auto& in = list.one()->children;
    auto at = in.end();
    if (what.before != 0) {
        const auto before = find(in, element_id(what.before));
        if (before.around != &in) lost("nothing to insert before");
        at = in.begin() + static_cast<std::ptrdiff_t>(before.at);
    }
    auto fresh = read(what.content);
    in.insert(
        at,
        std::make_move_iterator(fresh->children.begin()),
        std::make_move_iterator(fresh->children.end())
    );
}

void page_model::move(const patch& what) {
    const auto from = find(element_id(what.target));
    if (!from) return;
    auto& in = *from.around;
    auto moved = std::move(from.one());
    in.erase(in.begin() + static_cast<std::ptrdiff_t>(from.at));
    auto at = in.end();
    if (what.before != 0) {
        const auto before = find(in, element_id(what.before));
        if (before.around != &in) lost("nothing to move before");
        at = in.begin() + static_cast<std::ptrdiff_t>(before.at);
    }
    in.insert(at, std::move(moved));
}

void page_model::remove(std::string_view id) {
    if (auto gone = find(id))
        gone.around->erase(gone.around->begin() + static_cast<std::ptrdiff_t>(gone.at));
}

std::string page_model::text() const {
    std::string out;
    for (const auto& each : all_)
        write(out, *each);
    return out;
}

std::string text_of_view(const patch& view) {
    const auto page = read(view.content);
    std::string out;
    for (const auto& each : page->children)
        write(out, *each);
    return out;
}
