#include "runtime/component/child_draft.hpp"

#include <stube/runtime/slot.hpp>

#include <boost/json/array.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <unordered_map>

namespace stube {
namespace detail {
namespace {

/// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
std::uint64_t hash(std::string_view text) {
    std::uint64_t out = 0xcbf29ce484222325;
    for (char c : text)
        out = (out ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return out;
}

using positions = std::unordered_map<std::string_view, std::size_t>;

positions positions_of(const std::vector<child>& list) {
    positions out;
    out.reserve(list.size());
    for (std::size_t index = 0; index < list.size(); ++index) {
        if (!out.emplace(list[index].key, index).second)
            throw std::invalid_argument(
                "stube: the key " + list[index].key + " occurs twice in a list"
            );
    }
    return out;
}

}  // namespace

std::vector<child> merge_children(const std::vector<child>& now, std::vector<child> wanted) {
    positions_of(wanted);
    const auto old = positions_of(now);
    for (auto& next : wanted) {
        const auto found = old.find(next.key);
        if (found == old.end() || !next.fresh) continue;
        take_place_of(now[found->second], next);
    }
    return wanted;
}

void encode_children(boost::json::value& to, const embedded_children& from, bool with_keys) {
    if (!with_keys) {
        to = from.all().empty() ? 0 : from.all().front().id;
        return;
    }
    auto& out = make_array(to, from.all().size());
    for (const auto& [key, id, fingerprint, fresh] : from.all())
        out.push_back({boost::json::string(key), id, fingerprint});
}

void decode_children(embedded_children& to, const boost::json::value& from, bool with_keys) {
    if (!with_keys) {
        auto known = to.all().front();
        stube::decode(known.id, from);
        if (!known.is_made()) return;  // the slot was added after the state was stored
        known.fresh.reset();
        return to.replace({std::move(known)});
    }
    std::vector<child> decoded;
    if (!from.is_array()) throw_decode_error("a list of children");
    for (const auto& entry : from.get_array()) {
        const auto& fields = array_of(entry, 3);
        child next;
        stube::decode(next.key, fields[0]);
        stube::decode(next.id, fields[1]);
        stube::decode(next.fingerprint, fields[2]);
        if (!next.is_made()) throw_decode_error("the id of a child");
        decoded.push_back(std::move(next));
    }
    to.replace(std::move(decoded));
}

}  // namespace detail

namespace {

/// After this many look-ups in an unchanged list, a draft with its index is worth its cost.
constexpr int lookups_without_index = 8;

detail::child_list listed(std::vector<detail::child> from) {
    if (from.empty()) return nullptr;
    return std::make_shared<const std::vector<detail::child>>(std::move(from));
}

}  // namespace

embedded_children::embedded_children(const embedded_children& other)
    : type_(other.type_),
      name_(other.name_),
      then_(other.then_),
      or_else_(other.or_else_),
      list_(other.draft_ ? listed(other.draft_->in_order()) : other.list_) {}

embedded_children& embedded_children::operator=(const embedded_children& other) {
    if (this == &other) return *this;
    list_ = other.draft_ ? listed(other.draft_->in_order()) : other.list_;
    draft_.reset();
    type_ = other.type_;
    name_ = other.name_;
    then_ = other.then_;
    or_else_ = other.or_else_;
    return *this;
}

const std::vector<detail::child>& embedded_children::no_children() {
    static const std::vector<detail::child> none;
    return none;
}

void embedded_children::replace(std::vector<detail::child> new_children) {
    list_ = listed(std::move(new_children));
    draft_.reset();
}

detail::child_draft& embedded_children::draft() {
    if (!draft_) draft_ = std::make_shared<detail::child_draft>(all());
    return *draft_;
}

void embedded_children::end_draft() const {
    if (draft_->has_changed()) list_ = listed(draft_->in_order());
    draft_.reset();
}

std::size_t embedded_children::count() const {
    return draft_ ? draft_->size() : all().size();
}

const detail::child* embedded_children::find(std::string_view key) const {
    if (draft_) return draft_->find(key);
    const auto found = std::ranges::find(all(), key, &detail::child::key);
    return found == all().end() ? nullptr : &*found;
}

const detail::child* embedded_children::find(std::string_view key) {
    if (!draft_ && ++lookups_ > lookups_without_index) draft();
    return std::as_const(*this).find(key);
}

std::vector<std::string> embedded_children::all_keys() const {
    std::vector<std::string> out;
    out.reserve(count());
    const auto add = [&](const std::vector<detail::child>& from) {
        for (const auto& known : from)
            out.push_back(known.key);
    };
    draft_ ? add(draft_->in_order()) : add(all());
    return out;
}

void embedded_children::insert_child(std::size_t position, detail::child added) {
    draft().insert(position, std::move(added));
}

void embedded_children::set_child(detail::child wanted) {
    draft().set(std::move(wanted));
}

bool embedded_children::erase_child(std::string_view key) {
    return draft().erase(key);
}

void embedded_children::move_child(std::string_view key, std::size_t position) {
    draft().move(key, position);
}

detail::child
embedded_children::make_child(std::string key, std::shared_ptr<const void> state) const {
    detail::child out;
    out.key = std::move(key);
    if (type_->initial_state_key)
        out.fingerprint = detail::hash(type_->initial_state_key(state.get()));
    out.fresh = std::move(state);
    return out;
}

void name_lists(const component_type& type, void* state) {
    if (!type.each_list) return;
    type.each_list(state, [](std::string_view name, embedded_children& list) {
        list.name_as(name);
    });
}

void put_hole(markup& out, hole::kind kind, const embedded_children& list) {
    if (list.name().empty()) return;
    hole h;
    h.what = kind;
    h.name = list.name();
    out.append_hole(std::move(h));
}

}  // namespace stube
