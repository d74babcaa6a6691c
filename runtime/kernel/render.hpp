#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

/// The part of the kernel that renders instances. Each instance becomes one element with the id by
/// which patches find it.
namespace stube::kernel {

using child_entries = std::vector<detail::child>;

/// The children in the slot or list of this name, or an empty list. The reference is valid as long
/// as the instance. Versions of an instance with the same children share them.
const child_entries& entries_of(const instance& of, std::string_view name);

/// Writes the children of an instance while the instance is written.
class children_writer {
public:
    virtual ~children_writer() = default;

    /// Writes attributes into the tag of a list's element, after its id.
    virtual void list_attributes(markup& /*out*/, const hole& /*list*/) {}

    virtual void child(markup& out, const hole& slot) = 0;
    virtual void children(markup& out, const hole& list) = 0;
};

/// Writes an instance from its own markup. `writer` writes its children.
void write_instance(markup& out, const markup& own, instance_id id, children_writer& writer);

/// Renders instances of a conversation, and records a hash of each rendering. Keeps references to
/// the conversation and the environment.
class renderer {
public:
    renderer(const conversation& in, const environment& env) : in_(in), env_(env) {
        env_.by = nullptr;  // all users see the same page
    }

    /// The instance's own markup, with holes for its children.
    markup own(const instance& of);

    /// The markup of an instance with all its descendants.
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
    environment env_;
    sent_renderings rendered_;
    std::vector<instance_id> written_;  ///< ascending
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

/// Composes markup that an instance renders outside `render()`: one element whose own id is `name`.
markup compose_element(
    const conversation& in,
    const markup& content,
    instance_id owner,
    std::string_view name
);

/// The view of the whole page, and the recorded rendering of each instance on it.
struct sent_page {
    patch view;
    sent_renderings rendered;
};

sent_page render_page(const conversation& of, const environment& env);

}  // namespace stube::kernel
