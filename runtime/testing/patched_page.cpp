#include "runtime/testing/patched_page.hpp"

#include "store/assert.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace stube::test_page {

using namespace kernel;
namespace {

std::unique_ptr<node> read(const markup& content) {
    std::string html;
    write_markup(html, content, wire());
    return parse(html);
}

[[noreturn]] void throw_cannot_apply(const std::string& why) {
    throw broken_invariant("stube: broken invariant: a page cannot apply a patch: " + why);
}

}  // namespace

std::unique_ptr<node> patched_page::place::take() const {
    auto taken = std::move(element());
    parent->children.erase(parent->children.begin() + static_cast<std::ptrdiff_t>(index));
    return taken;
}

patched_page::place patched_page::find(node& in, std::string_view id) {
    for (std::size_t index = 0; index < in.children.size(); ++index) {
        if (in.children[index]->get("id") == id) return {&in, index};
        if (auto found = find(*in.children[index], id)) return found;
    }
    return {};
}

nodes patched_page::put(children added, node& into, instance_id before) {
    auto position = into.children.end();
    if (before != 0) {
        position = std::ranges::find_if(into.children, [&](const auto& each) {
            return each->get("id") == element_id(before);
        });
        if (position == into.children.end())
            throw_cannot_apply("there is no " + element_id(before) + " in the list");
    }
    nodes out;
    for (auto& each : added) {
        each->parent = &into;
        out.push_back(each.get());
    }
    into.children.insert(
        position,
        std::make_move_iterator(added.begin()),
        std::make_move_iterator(added.end())
    );
    return out;
}

void patched_page::apply(const std::vector<patch>& patches) {
    for (const auto& each : patches)
        apply(each);
}

nodes patched_page::apply(const patch& change) {
    switch (change.kind) {
    case patch_kind::view:
    case patch_kind::final:
        return show(change.content);
    case patch_kind::instance:
        return replace(element_id(change.target), change.content);
    case patch_kind::element:
        return replace(element_id(change.target, change.list), change.content);
    case patch_kind::insert:
        return insert(change);
    case patch_kind::move:
        move(change);
        return {};
    case patch_kind::remove:
        if (const auto gone = find(element_id(change.target))) gone.take();
        return {};
    case patch_kind::command:
        apply_command(change.json);
        return {};
    case patch_kind::notice:
        return {};
    }
    return {};
}

nodes patched_page::show(const markup& content) {
    root_->children.clear();
    return put(std::move(read(content)->children), *root_, 0);
}

void patched_page::apply_command(const std::string& json) {
    const auto command = boost::json::parse(json);
    if (const auto* step = command.as_object().if_contains("step"))
        step_ = step->to_number<std::uint64_t>();
}

void patched_page::fill_placeholders(node& in) {
    for (auto& child : in.children) {
        if (!child->has("data-stube-keep")) {
            fill_placeholders(*child);
            continue;
        }
        const auto kept = find(child->get("id"));
        if (!kept) throw_cannot_apply("it has no " + std::string(child->get("id")) + " to keep");
        if (child->tag == "template") {
            child = kept.take();
            child->parent = &in;
        } else {
            std::erase_if(child->attributes, [](const auto& each) {
                return each.name == "data-stube-keep";
            });
            child->children = std::move(kept.element()->children);
            for (auto& each : child->children)
                each->parent = child.get();
        }
    }
}

nodes patched_page::replace(std::string_view id, const markup& content) {
    if (!find(id)) return {};
    auto fresh = read(content);
    if (fresh->children.size() != 1) throw_cannot_apply("not one element for " + std::string(id));
    fill_placeholders(*fresh);
    const auto old = find(id);
    old.element() = std::move(fresh->children.front());
    old.element()->parent = old.parent;
    return {old.element().get()};
}

nodes patched_page::insert(const patch& change) {
    const auto list = find(element_id(change.target, change.list));
    if (!list) return {};
    auto fresh = read(change.content);
    for (const auto& each : fresh->children) {
        // The page may have the element already, in an older version.
        if (const auto old = find(*list.element(), each->get("id"))) old.take();
    }
    return put(std::move(fresh->children), *list.element(), change.before);
}

void patched_page::move(const patch& change) {
    const auto from = find(element_id(change.target));
    if (!from) return;
    children moved;
    moved.push_back(from.take());
    put(std::move(moved), *from.parent, change.before);
}

std::string patched_page::html() const {
    std::string out;
    for (const auto& each : root_->children)
        write_html(out, *each);
    return out;
}

}  // namespace stube::test_page
