#include "runtime/kernel/diff.hpp"

#include "runtime/kernel/render.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace stube::kernel {
namespace {

/// The index of the slot or list of this name among those of the instance.
std::size_t place_of(const instance& of, std::string_view name) {
    std::size_t place = 0;
    std::size_t found = sent_rendering::max_places;
    each_list(of, [&](const embedded_children& list) {
        if (list.name() == name) found = place;
        ++place;
    });
    return found;
}

/// True if the markup has elements whose state a user can change without an event.
bool has_controls(const markup& own) {
    constexpr std::array<std::string_view, 6>
        markers{"<input", "<select", "<textarea", "<details", "<dialog", " contenteditable"};
    return std::ranges::any_of(markers, [&](std::string_view marker) {
        return own.text().find(marker) != std::string_view::npos;
    });
}

/// A longest ascending subsequence of `numbers`, as positions in it.
std::vector<std::size_t> longest_ascending(const std::vector<std::size_t>& numbers) {
    std::vector<std::size_t> ends;  // ends[n]: the smallest end of a subsequence of length n + 1
    std::vector<std::size_t> previous(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        auto found = std::ranges::lower_bound(ends, numbers[i], {}, [&](std::size_t position) {
            return numbers[position];
        });
        const auto length = static_cast<std::size_t>(found - ends.begin());
        previous[i] = length == 0 ? i : ends[length - 1];
        if (found == ends.end()) {
            ends.push_back(i);
        } else {
            *found = i;
        }
    }
    std::vector<std::size_t> out(ends.size());
    for (std::size_t n = ends.size(), i = ends.empty() ? 0 : ends.back(); n-- > 0; i = previous[i])
        out[n] = i;
    return out;
}

/// Computes the patches between two values of a conversation that show the same top instance.
class comparison {
public:
    comparison(
        const conversation& before,
        const conversation& after,
        instance_id acted,
        renderer& with
    )
        : before_(before), after_(after), acted_(acted), renderer_(with) {}

    std::vector<patch> run() {
        instance_table::compare(
            before_.instances,
            after_.instances,
            [&](const instance_ptr& before, const instance_ptr& after) {
                record_difference(before, after);
            }
        );
        for (const auto& [before, after] : changed_)
            diff_instance(*before, *after);
        std::ranges::sort(places_);
        places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
        for (const auto& [first, owner] : places_)
            diff_place(first, owner);
        return std::move(patches_);
    }

private:
    /// Writes the children of an instance that stays on the page. Children that the page has
    /// already are not written again; a placeholder keeps them.
    class keeping_writer final : public children_writer {
    public:
        keeping_writer(
            comparison& parent,
            const instance& owner,
            const markup& own,
            sent_rendering sent
        )
            : parent_(parent), owner_(owner), sent_(sent) {
            for (const auto& h : own.holes()) {
                if (h.what != hole::kind::list) continue;
                const bool stays = was_shown(h) && parent.shares_children(owner.id, h.name);
                if (stays) kept_lists_.push_back(h.name);
                keeps_all_ = keeps_all_ && stays;
            }
        }

        void list_attributes(markup& out, const hole& list) override {
            if (keeps_list(list.name)) out.append_unescaped(" data-stube-keep");
        }

        void child(markup& out, const hole& slot) override {
            const auto& children_now = entries_of(owner_, slot.name);
            if (children_now.empty()) return;
            const auto first = children_now.front().id;
            const auto& shown = parent_.after_.shown_in_place(first);
            if (was_shown(slot) && parent_.shown_before(first) == shown.id) {
                out.append_unescaped(
                    "<template id=\"" + element_id(shown.id) + "\" data-stube-keep></template>"
                );
            } else {
                parent_.renderer_.write_whole(out, shown);
            }
        }

        void children(markup& out, const hole& list) override {
            if (keeps_list(list.name)) return;
            whole_writer(parent_.after_, owner_, parent_.renderer_).children(out, list);
        }

        bool keeps_list(std::string_view name) const {
            return std::ranges::find(kept_lists_, name) != kept_lists_.end();
        }

        bool keeps_all_lists() const { return keeps_all_; }

    private:
        bool was_shown(const hole& h) const { return sent_.shows(place_of(owner_, h.name)); }

        comparison& parent_;
        const instance& owner_;
        const sent_rendering sent_;
        std::vector<std::string_view> kept_lists_;
        bool keeps_all_ = true;
    };

    /// Records a changed instance, or a place that may show another instance now.
    void record_difference(const instance_ptr& before, const instance_ptr& after) {
        if (before && after) {
            if (before->state != after->state && before_.is_shown(after->id) &&
                after_.is_shown(after->id))
                changed_.emplace_back(before.get(), after.get());
            if (before->covered_by == after->covered_by && before->covers == after->covers) return;
        }
        if (before) record_place(before_, *before);
        if (after) record_place(after_, *after);
    }

    void record_place(const conversation& in, const instance& one) {
        const auto& first = in.first_in_place(one);
        places_.emplace_back(first.id, first.owner);
    }

    /// The instance that a place showed before, or 0 if the place is new.
    instance_id shown_before(instance_id first) const {
        return before_.instances.find(first) ? before_.shown_in_place(first).id : 0;
    }

    /// True if some children of a list stay on the page, so that the list need not be written
    /// again.
    bool shares_children(instance_id owner, std::string_view name) const {
        const auto& old_children = entries_of(before_.instances.at(owner), name);
        const auto& new_children = entries_of(after_.instances.at(owner), name);
        if (&old_children == &new_children) return true;
        if (old_children.empty() || new_children.empty())
            return old_children.empty() && new_children.empty();
        std::set<instance_id> ids;
        for (const auto& each : old_children)
            ids.insert(each.id);
        return std::ranges::any_of(new_children, [&](const auto& each) {
            return ids.contains(each.id);
        });
    }

    /// True if the pages already show the latest rendering of the instance. The page that sent the
    /// event may differ if the instance has controls, because its user may have changed them.
    bool is_shown_already(instance_id id, const markup& own, sent_rendering sent) const {
        return sent.is(renderer_.last_rendered()) && !(id == acted_ && has_controls(own));
    }

    /// Adds the patches for an instance whose state has changed.
    void diff_instance(const instance& before, const instance& after) {
        if (renderer_.has_written(after.id)) return;  // as part of its owner
        const auto sent = after_.instances.sent(after.id);
        const auto own = renderer_.own(after);
        keeping_writer writer(*this, after, own, sent);
        const bool stays = is_shown_already(after.id, own, sent) && writer.keeps_all_lists();
        if (!stays) {
            markup content;
            write_instance(content, own, after.id, writer);
            replace(after.id, std::move(content));
        }
        for (const auto& h : own.holes()) {
            if (h.what == hole::kind::list && writer.keeps_list(h.name))
                diff_list(before, after, h.name);
            if (h.what == hole::kind::child && stays) diff_slot(before, after, h.name);
        }
    }

    /// Replaces the child of a slot if it became another component or a new slot was assigned.
    void diff_slot(const instance& before, const instance& after, std::string_view slot) {
        const auto& old_children = entries_of(before, slot);
        const auto& new_children = entries_of(after, slot);
        if (old_children.empty() || new_children.empty()) return;
        const auto& old_child = old_children.front();
        const auto& new_child = new_children.front();
        if (old_child.id == new_child.id) return;
        if (!old_child.is_made()) return replace(after.id, renderer_.whole(after));
        const auto& shown = after_.shown_in_place(new_child.id);
        replace(shown_before(old_child.id), renderer_.whole(shown));
    }

    /// Removes, inserts and moves the children of a list. A longest ascending subsequence of the
    /// kept children stays in place, so that the fewest children move.
    void diff_list(const instance& before, const instance& after, std::string_view list) {
        const auto& old_children = entries_of(before, list);
        const auto& new_children = entries_of(after, list);
        if (&old_children == &new_children) return;
        std::map<instance_id, std::size_t> old_index;
        for (std::size_t i = 0; i < old_children.size(); ++i)
            old_index.emplace(old_children[i].id, i);
        // The indexes of the kept children in the new list, and in the old list.
        std::vector<std::size_t> kept_new, kept_old;
        for (std::size_t i = 0; i < new_children.size(); ++i) {
            if (auto found = old_index.find(new_children[i].id); found != old_index.end()) {
                kept_new.push_back(i);
                kept_old.push_back(found->second);
                old_index.erase(found);
            }
        }
        for (const auto& each : old_children) {
            if (old_index.contains(each.id))
                patches_.push_back({.kind = patch_kind::remove, .target = shown_before(each.id)});
        }
        std::set<std::size_t> stay;
        for (auto position : longest_ascending(kept_old))
            stay.insert(kept_new[position]);
        const std::set<std::size_t> kept(kept_new.begin(), kept_new.end());
        instance_id following = 0;
        for (std::size_t i = new_children.size(); i-- > 0;) {
            const auto first = new_children[i].id;
            const bool is_kept = kept.contains(i);
            const auto& shown = after_.shown_in_place(first);
            const auto on_page = is_kept ? shown_before(first) : shown.id;
            if (!is_kept) {
                patches_.push_back(
                    {.kind = patch_kind::insert,
                     .target = after.id,
                     .list = std::string(list),
                     .before = following,
                     .content = renderer_.whole(shown)}
                );
            } else if (!stay.contains(i)) {
                patches_.push_back(
                    {.kind = patch_kind::move,
                     .target = on_page,
                     .list = std::string(list),
                     .before = following}
                );
            }
            following = on_page;
        }
    }

    /// Replaces the element of a place that shows another instance than before, because one was
    /// called there or has answered.
    void diff_place(instance_id first, instance_id owner) {
        if (owner == 0 || !before_.instances.find(first) || !after_.instances.find(first)) return;
        if (!before_.is_shown(owner) || !after_.is_shown(owner)) return;
        const auto old_id = shown_before(first);
        const auto& shown = after_.shown_in_place(first);
        if (old_id == shown.id || renderer_.has_written(shown.id)) return;
        replace(old_id, renderer_.whole(shown));
    }

    void replace(instance_id target, markup content) {
        patches_.push_back({.target = target, .content = std::move(content)});
    }

    const conversation& before_;
    const conversation& after_;
    const instance_id acted_;
    renderer& renderer_;
    /// The instances that are shown before and after with different states.
    std::vector<std::pair<const instance*, const instance*>> changed_;
    /// The places that may show another instance now, each as its first instance and its owner.
    std::vector<std::pair<instance_id, instance_id>> places_;
    std::vector<patch> patches_;
};

}  // namespace

std::vector<patch>
diff(const conversation& before, conversation& after, instance_id acted, const environment& env) {
    if (before.root == 0 || before.top().id != after.top().id) {
        auto page = render_page(after, env);
        after.instances.record_sent(page.rendered);
        return {std::move(page.view)};
    }
    renderer changed(after, env);
    auto patches = comparison(before, after, acted, changed).run();
    after.instances.record_sent(changed.rendered());
    return patches;
}

}  // namespace stube::kernel
