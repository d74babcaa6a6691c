#include "runtime/kernel/render.hpp"

#include "runtime/component/fingerprint.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/component_error.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace stube::kernel {
namespace {

/// Finds the receivers of events that go to a component above the one that renders them.
void resolve_above(const conversation& in, instance_id from, markup& own) {
    for (auto& h : own.holes()) {
        if (!h.above) continue;
        h.instance = in.find_above(from, [&](const member_handler& each) {
            return each.on_event == h.above;
        });
        if (h.instance == 0) {
            throw component_error(
                "stube: " + std::string(in.instances.at(from).type->name) + " sends " +
                std::string(h.name) + " to a component above it, but no component has that member"
            );
        }
    }
}

/// True if the markup contains the element of this slot or list.
bool shows(const markup& own, std::string_view name) {
    return std::ranges::any_of(own.holes(), [&](const hole& h) {
        return (h.what == hole::kind::child || h.what == hole::kind::list) && h.name == name;
    });
}

sent_rendering as_sent(const instance& of, const markup& own) {
    unsigned places = 0;
    std::size_t place = 0;
    each_list(of, [&](const embedded_children& list) {
        if (place < sent_rendering::max_places && shows(own, list.name())) places |= 1U << place;
        ++place;
    });
    return {fingerprint(own), static_cast<std::uint16_t>(places)};
}

}  // namespace

const child_entries& entries_of(const instance& of, std::string_view name) {
    static const child_entries none;
    const auto* found = &none;
    each_list(of, [&](const embedded_children& list) {
        if (list.name() == name) found = &list.all();
    });
    return *found;
}

void write_instance(markup& out, const markup& own, instance_id id, children_writer& writer) {
    compose(out, own, id, [&](const hole& h) {
        if (h.what == hole::kind::child) return writer.child(out, h);
        if (h.what == hole::kind::children) return writer.children(out, h);
        out.append_unescaped(" id=\"" + element_id(id, h.name) + "\"");
        writer.list_attributes(out, h);
    });
}

markup renderer::own(const instance& of) {
    if (!of.type->render) {
        throw component_error(
            "stube: " + std::string(of.type->name) +
            " has no render() and has called no component, so there is no page"
        );
    }
    auto rendered = render(of);
    resolve_above(in_, of.id, rendered);
    rendered_.emplace_back(of.id, as_sent(of, rendered));
    return rendered;
}

markup renderer::render(const instance& of) const {
    try {
        auto out = of.type->render(of.state.get(), context_of(in_, env_));
        // The component has marked itself if it has styles.
        if (env_.marks_components && of.type->styles.empty()) out.mark_component(of.type->name);
        return out;
    } catch (const detail::wrong_markup& e) {
        throw component_error("stube: " + std::string(of.type->name) + ": " + e.what());
    }
}

void renderer::write_whole(markup& out, const instance& of) {
    const auto position = std::ranges::lower_bound(written_, of.id);
    if (position == written_.end() || *position != of.id) written_.insert(position, of.id);
    whole_writer writer(in_, of, *this);
    write_instance(out, own(of), of.id, writer);
}

markup compose_element(
    const conversation& in,
    const markup& content,
    instance_id owner,
    std::string_view name
) {
    auto own = content;
    resolve_above(in, owner, own);
    markup out;
    compose(out, own, owner, [](const hole&) {}, name);
    return out;
}

sent_page render_page(const conversation& of, const environment& env) {
    renderer page(of, env);
    auto content = page.whole(of.top());
    return {
        {.kind = patch_kind::view, .target = of.top().id, .content = std::move(content)},
        page.rendered()
    };
}

}  // namespace stube::kernel
