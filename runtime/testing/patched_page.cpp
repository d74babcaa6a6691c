#include "runtime/testing/patched_page.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace stube::test_page {

using namespace kernel;
namespace {

std::unique_ptr<node> read(const markup& content) {
    std::string html;
    write_markup(html, content, wire());
    return parse(html);
}

[[noreturn]] void lost(const std::string& what) {
    throw std::logic_error("stube: the page cannot follow the patches: " + what);
}

}  // namespace

std::unique_ptr<node> patched_page::place::take() const {
    auto taken = std::move(one());
    around->children.erase(around->children.begin() + static_cast<std::ptrdiff_t>(at));
    return taken;
}

patched_page::place patched_page::find(node& in, std::string_view id) {
    for (std::size_t at = 0; at < in.children.size(); ++at) {
        if (in.children[at]->get("id") == id) return {&in, at};
        if (auto found = find(*in.children[at], id)) return found;
    }
    return {};
}

nodes patched_page::put(children what, node& into, instance_id before) {
    auto at = into.children.end();
    if (before != 0) {
        at = std::ranges::find_if(into.children, [&](const auto& each) {
            return each->get("id") == element_id(before);
        });
        if (at == into.children.end()) lost("there is no " + element_id(before) + " in the list");
    }
    nodes out;
    for (auto& each : what) {
        each->parent = &into;
        out.push_back(each.get());
    }
    into.children
        .insert(at, std::make_move_iterator(what.begin()), std::make_move_iterator(what.end()));
    return out;
}

void patched_page::apply(const std::vector<patch>& patches) {
    for (const auto& each : patches)
        apply(each);
}

nodes patched_page::apply(const patch& what) {
    switch (what.what) {
    case patch::kind::view:
    case patch::kind::final:
        return show(what.content);
    case patch::kind::instance:
        return replace(element_id(what.target), what.content);
    case patch::kind::element:
        return replace(element_id(what.target, what.list), what.content);
    case patch::kind::insert:
        return insert(what);
    case patch::kind::move:
        move(what);
        return {};
    case patch::kind::remove:
        if (const auto gone = find(element_id(what.target))) gone.take();
        return {};
    case patch::kind::command:
        take_command(what.json);
        return {};
    case patch::kind::notice:
        return {};
    }
    return {};
}

nodes patched_page::show(const markup& content) {
    root_->children.clear();
    return put(std::move(read(content)->children), *root_, 0);
}

void patched_page::take_command(const std::string& json) {
    const auto said = boost::json::parse(json);
    if (const auto* step = said.as_object().if_contains("step"))
        step_ = step->to_number<std::uint64_t>();
}

/// Puts what the page has already in the place of what stands for it.
void patched_page::take_kept(node& in) {
    for (auto& child : in.children) {
        if (!child->has("data-stube-keep")) {
            take_kept(*child);
            continue;
        }
        const auto kept = find(child->get("id"));
        if (!kept) lost("it has no " + std::string(child->get("id")) + " to keep");
        if (child->tag == "template") {
            child = kept.take();
            child->parent = &in;
        } else {
            std::erase_if(child->attributes, [](const auto& each) {
                return each.name == "data-stube-keep";
            });
            child->children = std::move(kept.one()->children);
            for (auto& each : child->children)
                each->parent = child.get();
        }
    }
}

nodes patched_page::replace(std::string_view id, const markup& content) {
    if (!find(id)) return {};
    auto fresh = read(content);
    if (fresh->children.size() != 1) lost("not one element for " + std::string(id));
    take_kept(*fresh);
    const auto there = find(id);
    there.one() = std::move(fresh->children.front());
    there.one()->parent = there.around;
    return {there.one().get()};
}

/// What the page has already, it gets as it is now.
nodes patched_page::insert(const patch& what) {
    const auto list = find(element_id(what.target, what.list));
    if (!list) return {};
    auto fresh = read(what.content);
    for (const auto& each : fresh->children) {
        if (const auto there = find(*list.one(), each->get("id"))) there.take();
    }
    return put(std::move(fresh->children), *list.one(), what.before);
}

void patched_page::move(const patch& what) {
    const auto from = find(element_id(what.target));
    if (!from) return;
    children moved;
    moved.push_back(from.take());
    put(std::move(moved), *from.around, what.before);
}

std::string patched_page::html() const {
    std::string out;
    for (const auto& each : root_->children)
        write_html(out, *each);
    return out;
}

}  // namespace stube::test_page
