#include <stube/runtime/instances.hpp>

#include <algorithm>
#include <stdexcept>

namespace stube {
namespace {

/// Small enough to copy for one event, large enough that a thousand instances are few chunks.
constexpr std::size_t chunk_size = 32;

constexpr auto id_of = [](const auto& entry) { return entry.one->id; };

}  // namespace

const instance_table::chunk_list& instance_table::chunks() const {
    static const chunk_list none;
    return chunks_ ? *chunks_ : none;
}

std::size_t instance_table::chunk_of(instance_id id) const {
    auto found = std::ranges::lower_bound(chunks(), id, {}, [](const auto& each) {
        return each->back().one->id;
    });
    return static_cast<std::size_t>(found - chunks().begin());
}

const instance_table::entry* instance_table::find_entry(instance_id id) const {
    const auto at = chunk_of(id);
    if (at == chunks().size()) return nullptr;
    const auto found = std::ranges::lower_bound(*chunks()[at], id, {}, id_of);
    return found->one->id == id ? &*found : nullptr;
}

const instance* instance_table::find(instance_id id) const {
    const auto* found = find_entry(id);
    return found ? found->one.get() : nullptr;
}

instance_ptr instance_table::get(instance_id id) const {
    const auto* found = find_entry(id);
    return found ? found->one : nullptr;
}

const instance& instance_table::at(instance_id id) const {
    if (const auto* found = find(id)) return *found;
    throw std::out_of_range("stube: there is no instance " + std::to_string(id));
}

void instance_table::put(instance_ptr one) {
    const auto id = one->id;
    auto at = chunk_of(id);
    auto changed = std::make_shared<chunk_list>(chunks());
    if (at == changed->size()) {  // it is the youngest
        if (at == 0 || changed->back()->size() >= chunk_size)
            changed->push_back(std::make_shared<const chunk>());
        at = changed->size() - 1;
    }
    auto& in = (*changed)[at];
    auto written = std::make_shared<chunk>();
    written->reserve(in->size() + 1);
    *written = *in;
    const auto place = std::ranges::lower_bound(*written, id, {}, id_of);
    if (place != written->end() && place->one->id == id) {
        place->one = std::move(one);
    } else {
        written->insert(place, {std::move(one)});
        ++size_;
    }
    if (written->size() >= 2 * chunk_size) {  // what came back by Back stands between others
        const auto middle = written->begin() + chunk_size;
        auto upper = std::make_shared<const chunk>(middle, written->end());
        written->erase(middle, written->end());
        changed->insert(changed->begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(upper));
    }
    (*changed)[at] = std::move(written);
    chunks_ = std::move(changed);
}

void instance_table::erase(instance_id id) {
    if (!find(id)) return;
    const auto at = chunk_of(id);
    auto changed = std::make_shared<chunk_list>(*chunks_);
    auto& in = (*changed)[at];
    if (in->size() == 1) {
        changed->erase(changed->begin() + static_cast<std::ptrdiff_t>(at));
    } else {
        auto shorter = std::make_shared<chunk>(*in);
        shorter->erase(std::ranges::lower_bound(*shorter, id, {}, id_of));
        in = std::move(shorter);
    }
    chunks_ = std::move(changed);
    --size_;
}

sent_rendering instance_table::sent(instance_id id) const {
    const auto* found = find_entry(id);
    return found ? found->sent : sent_rendering();
}

void instance_table::note_sent(sent_renderings all) {
    std::ranges::sort(all, {}, &sent_renderings::value_type::first);
    std::shared_ptr<chunk_list> changed;
    std::shared_ptr<chunk> written;
    std::size_t copied = 0;
    for (const auto& [id, sent] : all) {
        const auto at = chunk_of(id);
        if (at == chunks().size()) break;
        const auto& in = changed ? *(*changed)[at] : *chunks()[at];
        const auto place = std::ranges::lower_bound(in, id, {}, id_of) - in.begin();
        const auto& known = in[static_cast<std::size_t>(place)];
        if (known.one->id != id || known.sent == sent) continue;
        if (!changed) changed = std::make_shared<chunk_list>(chunks());
        if (!written || copied != at) {
            written = std::make_shared<chunk>(in);
            (*changed)[copied = at] = written;
        }
        (*written)[static_cast<std::size_t>(place)].sent = sent;
    }
    if (changed) chunks_ = std::move(changed);
}

void instance_table::each(const std::function<void(const instance_ptr&)>& f) const {
    for (const auto& in : chunks())
        std::ranges::for_each(*in, f, &entry::one);
}

namespace {

/// Walks the instances of a table, and knows where a chunk begins.
template <class Chunks>
class walk {
public:
    explicit walk(const Chunks& chunks) : chunks_(chunks) {}

    bool done() const { return at_ == chunks_.size(); }

    bool at_start() const { return within_ == 0; }

    const auto& chunk() const { return chunks_[at_]; }

    const instance_ptr& one() const { return (*chunks_[at_])[within_].one; }

    void next() {
        if (++within_ == chunks_[at_]->size()) next_chunk();
    }

    void next_chunk() {
        within_ = 0;
        ++at_;
    }

private:
    const Chunks& chunks_;
    std::size_t at_ = 0;
    std::size_t within_ = 0;
};

}  // namespace

void instance_table::compare(
    const instance_table& left,
    const instance_table& right,
    const on_difference& f
) {
    if (left.chunks_ == right.chunks_) return;
    walk l(left.chunks());
    walk r(right.chunks());
    while (!l.done() || !r.done()) {
        if (!l.done() && !r.done() && l.at_start() && r.at_start() && l.chunk() == r.chunk()) {
            l.next_chunk();
            r.next_chunk();
        } else if (r.done() || (!l.done() && l.one()->id < r.one()->id)) {
            f(l.one(), nullptr);
            l.next();
        } else if (l.done() || r.one()->id < l.one()->id) {
            f(nullptr, r.one());
            r.next();
        } else {
            if (l.one() != r.one()) f(l.one(), r.one());
            l.next();
            r.next();
        }
    }
}

}  // namespace stube
