#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

/// The part of the kernel that renders instances, with what the page needs to find them again.
namespace stube::kernel {

using entries = std::vector<detail::child>;

/// The children in the slot or list of this name; none if there is no such member. They live as
/// long as the instance; versions of it in which they are the same share them.
const entries& entries_of(const instance& of, std::string_view name);

/// How the children of an instance that is rendered are written.
class children_writer {
public:
    virtual ~children_writer() = default;

    /// In the tag of a list's element, behind its id.
    virtual void list_attributes(markup& /*out*/, const hole& /*list*/) {}

    virtual void child(markup& out, const hole& slot) = 0;
    virtual void children(markup& out, const hole& list) = 0;
};

void write_instance(markup& out, const markup& own, instance_id id, children_writer& writer);

/// Renders instances of a conversation, and records what each of them rendered.
class renderer {
public:
    renderer(const conversation& in, const environment& world) : in_(in), world_(world) {}

    /// The instance's own rendering, with holes for its children.
    markup own(const instance& of);

    /// An instance with all its descendants.
    markup whole(const instance& of) {
        markup out;
        write_whole(out, of);
        return out;
    }

    void write_whole(markup& out, const instance& of);

    /// True if the instance was written with all its descendants.
    bool has_written(instance_id id) const { return std::ranges::binary_search(written_, id); }

    sent_rendering last_rendered() const { return rendered_.back().second; }

    const sent_renderings& rendered() const { return rendered_; }

private:
    markup render(const instance& of) const;

    const conversation& in_;
    const environment& world_;
    sent_renderings rendered_;
    std::vector<instance_id> written_;  ///< rising
};

/// Writes all descendants of an instance.
class whole_writer final : public children_writer {
public:
    whole_writer(const conversation& in, const instance& owner, renderer& with)
        : in_(in), owner_(owner), renderer_(with) {}

    void child(markup& out, const hole& slot) override { children(out, slot); }

    void children(markup& out, const hole& list) override {
        for (const auto& each : entries_of(owner_, list.name)) {
            if (each.is_made()) renderer_.write_whole(out, in_.shown_in_place(each.id));
        }
    }

private:
    const conversation& in_;
    const instance& owner_;
    renderer& renderer_;
};

/// Markup of an instance, one element, with the own id `name`.
markup compose_element(
    const conversation& in,
    const markup& content,
    instance_id owner,
    std::string_view name
);

/// The whole page, and the rendering of each instance on it.
struct sent_page {
    patch view;
    sent_renderings rendered;
};

sent_page render_page(const conversation& of, const environment& world);

}  // namespace stube::kernel
