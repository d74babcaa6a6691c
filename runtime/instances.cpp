#include <stube/runtime/instances.hpp>

#include <algorithm>
#include <stdexcept>

namespace stube {
namespace {

/// Small enough to copy for one event, large enough that a thousand instances are few chunks.
constexpr std::size_t chunk_size = 32;

constexpr auto id_of = [](const instance_ptr& one) { return one->id; };

}  // namespace

const instance_table::chunk_list& instance_table::chunks() const {
    static const chunk_list none;
    return chunks_ ? *chunks_ : none;
}

std::size_t instance_table::chunk_of(instance_id id) const {
    auto found = std::ranges::lower_bound(chunks(), id, {}, [](const auto& each) {
        return each->back()->id;
    });
    return static_cast<std::size_t>(found - chunks().begin());
}

const instance* instance_table::find(instance_id id) const {
    const auto at = chunk_of(id);
    if (at == chunks().size()) return nullptr;
    const auto& in = *chunks()[at];
    auto found = std::ranges::lower_bound(in, id, {}, id_of);
    return (*found)->id == id ? found->get() : nullptr;
}

instance_ptr instance_table::get(instance_id id) const {
    const auto at = chunk_of(id);
    if (at == chunks().size()) return nullptr;
    auto found = std::ranges::lower_bound(*chunks()[at], id, {}, id_of);
    return (*found)->id == id ? *found : nullptr;
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
    if (place != written->end() && (*place)->id == id) {
        *place = std::move(one);
    } else {
        written->insert(place, std::move(one));
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

void instance_table::each(const std::function<void(const instance_ptr&)>& f) const {
    for (const auto& in : chunks())
        std::ranges::for_each(*in, f);
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

    const instance_ptr& one() const { return (*chunks_[at_])[within_]; }

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
