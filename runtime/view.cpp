#include "runtime/view.hpp"

#include "runtime/turn.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

namespace stube::kernel {
namespace {

/// Whose member an event is, where it is one of an instance above.
void resolve_above(const conversation& in, instance_id from, markup& own) {
    for (auto& h : own.holes()) {
        if (!h.above) continue;
        h.instance =
            find_above(in, from, [&](const handler& each) { return each.on_event == h.above; });
        if (h.instance == 0) {
            throw std::logic_error(
                "stube: " + std::string(in.instances.at(from).type->name) + " sends " +
                std::string(h.name) + " to a component above it, and none has that member"
            );
        }
    }
}

/// What an instance itself renders, with holes for its children.
markup render_own(const conversation& in, const instance& of, const surroundings& world) {
    if (!of.type->render) {
        throw std::logic_error(
            "stube: " + std::string(of.type->name) +
            " has no render() and called nothing: there is no page"
        );
    }
    auto own = of.type->render(of.state.get(), context_of(in, world));
    resolve_above(in, of.id, own);
    return own;
}

using entries = std::vector<detail::child>;

/// The children in the slot or list of this name; none if there is no such member. They live as
/// long as the instance; versions of it in which they are the same share them.
const entries& entries_of(const instance& of, std::string_view name) {
    static const entries none;
    const auto* found = &none;
    each_list(of, [&](const children& list) {
        if (list.name() == name) found = &list.all();
    });
    return *found;
}

/// How the children of an instance that is rendered are written.
class children_writer {
public:
    virtual ~children_writer() = default;

    /// In the tag of a list's element, behind its id.
    virtual void list_attributes(markup& /*out*/, const hole& /*list*/) {}

    virtual void child(markup& out, const hole& slot) = 0;
    virtual void children(markup& out, const hole& list) = 0;
};

void write_instance(markup& out, const markup& own, instance_id id, children_writer& writer) {
    compose(out, own, id, [&](const hole& h) {
        if (h.what == hole::kind::child) return writer.child(out, h);
        if (h.what == hole::kind::children) return writer.children(out, h);
        out.append_unescaped(" id=\"" + element_id(id, h.name) + "\"");
        writer.list_attributes(out, h);
    });
}

void write_whole(
    markup& out,
    const conversation& in,
    const instance& of,
    const surroundings& world
);

/// Writes all children of an instance, and theirs.
class whole_writer final : public children_writer {
public:
    whole_writer(const conversation& in, const instance& owner, const surroundings& world)
        : in_(in), owner_(owner), world_(world) {}

    void child(markup& out, const hole& slot) override { children(out, slot); }

    void children(markup& out, const hole& list) override {
        for (const auto& each : entries_of(owner_, list.name)) {
            if (each.is_made()) write_whole(out, in_, in_.shown_in_place(each.id), world_);
        }
    }

private:
    const conversation& in_;
    const instance& owner_;
    const surroundings& world_;
};

void write_whole(
    markup& out,
    const conversation& in,
    const instance& of,
    const surroundings& world
) {
    whole_writer writer(in, of, world);
    write_instance(out, render_own(in, of, world), of.id, writer);
}

markup whole(const conversation& in, const instance& of, const surroundings& world) {
    markup out;
    write_whole(out, in, of, world);
    return out;
}

/// True if some hole of `own` is this one.
bool shows(const markup& own, hole::kind what, std::string_view name) {
    return std::ranges::any_of(own.holes(), [&](const hole& h) {
        return h.what == what && h.name == name;
    });
}

/// A longest rising subsequence of `numbers`, as positions.
std::vector<std::size_t> longest_rising(const std::vector<std::size_t>& numbers) {
    std::vector<std::size_t> ends;  // ends[n]: position of the smallest end of those n + 1 long
    std::vector<std::size_t> before(numbers.size());
    for (std::size_t at = 0; at < numbers.size(); ++at) {
        auto found = std::ranges::lower_bound(ends, numbers[at], {}, [&](std::size_t position) {
            return numbers[position];
        });
        const auto length = static_cast<std::size_t>(found - ends.begin());
        before[at] = length == 0 ? at : ends[length - 1];
        if (found == ends.end()) {
            ends.push_back(at);
        } else {
            *found = at;
        }
    }
    std::vector<std::size_t> out(ends.size());
    for (std::size_t n = ends.size(), at = ends.empty() ? 0 : ends.back(); n-- > 0; at = before[at])
        out[n] = at;
    return out;
}

/// The patches from one value of a conversation to the next, where both show the same page.
class comparison {
public:
    comparison(const conversation& before, const conversation& after, const surroundings& world)
        : before_(before), after_(after), world_(world) {}

    std::vector<patch> run() {
        instance_table::compare(
            before_.instances,
            after_.instances,
            [&](const instance_ptr& was, const instance_ptr& is) { look_at(was, is); }
        );
        for (auto id : changed_)
            show_changed(id);
        for (const auto& [first, owner] : places_)
            show_place(first, owner);
        return std::move(patches_);
    }

private:
    /// How an instance that was and is on the page has its children written: those that are there
    /// already stay.
    class keeping_writer final : public children_writer {
    public:
        keeping_writer(
            comparison& all,
            const instance& owner,
            const markup& own_before,
            const markup& own
        )
            : all_(all), owner_(owner), own_before_(own_before) {
            for (const auto& h : own.holes()) {
                if (h.what != hole::kind::list) continue;
                const bool stays =
                    shows(own_before, h.what, h.name) && all.shares_children(owner.id, h.name);
                if (stays) kept_lists_.push_back(h.name);
                keeps_all_ = keeps_all_ && stays;
            }
        }

        void list_attributes(markup& out, const hole& list) override {
            if (keeps_list(list.name)) out.append_unescaped(" data-stube-keep");
        }

        void child(markup& out, const hole& slot) override {
            const auto& now = entries_of(owner_, slot.name);
            if (now.empty()) return;
            const auto& shown = all_.after_.shown_in_place(now.front().id);
            if (shows(own_before_, slot.what, slot.name) &&
                all_.shown_before(now.front().id) == shown.id) {
                out.append_unescaped(
                    "<template id=\"" + element_id(shown.id) + "\" data-stube-keep></template>"
                );
            } else {
                all_.written_.insert(now.front().id);
                write_whole(out, all_.after_, shown, all_.world_);
            }
        }

        void children(markup& out, const hole& list) override {
            if (keeps_list(list.name)) return;
            for (const auto& each : entries_of(owner_, list.name))
                all_.written_.insert(each.id);
            whole_writer(all_.after_, owner_, all_.world_).children(out, list);
        }

        bool keeps_list(std::string_view name) const {
            return std::ranges::find(kept_lists_, name) != kept_lists_.end();
        }

        bool keeps_all_lists() const { return keeps_all_; }

    private:
        comparison& all_;
        const instance& owner_;
        const markup& own_before_;
        std::vector<std::string_view> kept_lists_;
        bool keeps_all_ = true;
    };

    /// Sorts out what a difference means for the page.
    void look_at(const instance_ptr& was, const instance_ptr& is) {
        if (was && is && before_.is_shown(is->id) && after_.is_shown(is->id))
            changed_.insert(is->id);
        if (was) note_place(before_, *was);
        if (is) note_place(after_, *is);
    }

    void note_place(const conversation& in, const instance& one) {
        const auto& first = in.first_in_place(one);
        places_.emplace(first.id, first.owner);
    }

    /// What stood in a place before; 0 if there was no such place.
    instance_id shown_before(instance_id first) const {
        return before_.instances.find(first) ? before_.shown_in_place(first).id : 0;
    }

    /// True if a list that both values have need not be written anew: some of its children are on
    /// the page.
    bool shares_children(instance_id owner, std::string_view name) const {
        const auto& was = entries_of(before_.instances.at(owner), name);
        const auto& is = entries_of(after_.instances.at(owner), name);
        if (&was == &is) return true;
        if (was.empty() || is.empty()) return was.empty() && is.empty();
        std::set<instance_id> ids;
        for (const auto& each : was)
            ids.insert(each.id);
        return std::ranges::any_of(is, [&](const auto& each) { return ids.contains(each.id); });
    }

    /// An instance whose state has changed.
    void show_changed(instance_id id) {
        const auto& was = before_.instances.at(id);
        const auto& is = after_.instances.at(id);
        if (was.state == is.state) return;
        if (!is.type->each_list) return replace(id, whole(after_, is, world_));
        const auto own = render_own(after_, is, world_);
        const auto own_before = render_own(before_, was, world_);
        const bool same = own == own_before;
        keeping_writer writer(*this, is, own_before, own);
        if (!same || !writer.keeps_all_lists()) {
            markup content;
            write_instance(content, own, id, writer);
            replace(id, std::move(content));
        }
        for (const auto& h : own.holes()) {
            if (h.what == hole::kind::list && writer.keeps_list(h.name)) arrange(was, is, h.name);
            if (h.what == hole::kind::child && same) exchange(was, is, h.name);
        }
    }

    /// Another first instance in a slot: it became another, or a new slot was assigned.
    void exchange(const instance& was, const instance& is, std::string_view slot) {
        const auto& old = entries_of(was, slot);
        const auto& now = entries_of(is, slot);
        if (old.empty() || now.empty() || old.front().id == now.front().id) return;
        if (!old.front().is_made()) return replace(is.id, whole(after_, is, world_));
        const auto& shown = after_.shown_in_place(now.front().id);
        replace(shown_before(old.front().id), whole(after_, shown, world_));
    }

    /// The children of a list: those that left, those that came, and those that moved.
    void arrange(const instance& was, const instance& is, std::string_view list) {
        const auto& old = entries_of(was, list);
        const auto& now = entries_of(is, list);
        if (&old == &now) return;
        std::map<instance_id, std::size_t> place;
        for (std::size_t at = 0; at < old.size(); ++at)
            place.emplace(old[at].id, at);
        std::vector<std::size_t> kept_now, kept_old;
        for (std::size_t at = 0; at < now.size(); ++at) {
            if (auto found = place.find(now[at].id); found != place.end()) {
                kept_now.push_back(at);
                kept_old.push_back(found->second);
                place.erase(found);
            }
        }
        for (const auto& each : old) {
            if (place.contains(each.id))
                patches_.push_back({.what = patch::kind::remove, .target = shown_before(each.id)});
        }
        std::set<std::size_t> stay;
        for (auto position : longest_rising(kept_old))
            stay.insert(kept_now[position]);
        const std::set<std::size_t> kept(kept_now.begin(), kept_now.end());
        instance_id behind = 0;
        for (std::size_t at = now.size(); at-- > 0;) {
            const bool is_kept = kept.contains(at);
            const auto& shown = after_.shown_in_place(now[at].id);
            const auto on_page = is_kept ? shown_before(now[at].id) : shown.id;
            if (!is_kept) {
                patches_.push_back(
                    {.what = patch::kind::insert,
                     .target = is.id,
                     .list = std::string(list),
                     .before = behind,
                     .content = whole(after_, shown, world_)}
                );
            } else if (!stay.contains(at)) {
                patches_.push_back(
                    {.what = patch::kind::move,
                     .target = on_page,
                     .list = std::string(list),
                     .before = behind}
                );
            }
            behind = on_page;
        }
    }

    /// A place that shows another instance than before: one was called there, or has answered.
    void show_place(instance_id first, instance_id owner) {
        if (owner == 0 || !before_.instances.find(first) || !after_.instances.find(first)) return;
        if (!before_.is_shown(owner) || !after_.is_shown(owner)) return;
        const auto was = shown_before(first);
        const auto& is = after_.shown_in_place(first);
        if (was == is.id || written_.contains(first)) return;
        replace(was, whole(after_, is, world_));
    }

    void replace(instance_id target, markup content) {
        patches_.push_back({.target = target, .content = std::move(content)});
    }

    const conversation& before_;
    const conversation& after_;
    const surroundings& world_;
    std::set<instance_id> changed_;              ///< shown before and after, in another version
    std::map<instance_id, instance_id> places_;  ///< first instance of a place, and its owner
    std::set<instance_id> written_;              ///< those of places that are written already
    std::vector<patch> patches_;
};

}  // namespace

markup compose_element(
    const conversation& in,
    const markup& content,
    instance_id owner,
    std::string_view name
) {
    auto own = content;
    resolve_above(in, owner, own);
    markup out;
    compose(
        out,
        own,
        owner,
        [](const hole&) {},
        name
    );
    return out;
}

markup render_page(const conversation& of, const surroundings& world) {
    return whole(of, of.top(), world);
}

std::vector<patch>
differences(const conversation& before, const conversation& after, const surroundings& world) {
    const auto top = after.top().id;
    if (before.root == 0 || before.top().id != top)
        return {{.what = patch::kind::view, .target = top, .content = render_page(after, world)}};
    return comparison(before, after, world).run();
}

}  // namespace stube::kernel
