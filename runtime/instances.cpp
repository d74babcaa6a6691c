#include <stube/runtime/instances.hpp>

#include <algorithm>
#include <stdexcept>

namespace stube {
namespace {

/// Small enough to copy for one event, large enough that a thousand instances are few chunks.
constexpr std::size_t chunk_size = 32;

constexpr auto id_of = [](const instance_ptr& one) { return one->id; };

}  // namespace

std::size_t instance_table::chunk_of(instance_id id) const {
    auto found = std::ranges::lower_bound(chunks_, id, {}, [](const auto& each) {
        return each->back()->id;
    });
    return static_cast<std::size_t>(found - chunks_.begin());
}

const instance* instance_table::find(instance_id id) const {
    const auto at = chunk_of(id);
    if (at == chunks_.size()) return nullptr;
    const auto& in = *chunks_[at];
    auto found = std::ranges::lower_bound(in, id, {}, id_of);
    return (*found)->id == id ? found->get() : nullptr;
}

instance_ptr instance_table::get(instance_id id) const {
    const auto at = chunk_of(id);
    if (at == chunks_.size()) return nullptr;
    auto found = std::ranges::lower_bound(*chunks_[at], id, {}, id_of);
    return (*found)->id == id ? *found : nullptr;
}

const instance& instance_table::at(instance_id id) const {
    if (const auto* found = find(id)) return *found;
    throw std::out_of_range("stube: there is no instance " + std::to_string(id));
}

void instance_table::put(instance_ptr one) {
    const auto id = one->id;
    auto at = chunk_of(id);
    if (at == chunks_.size()) {
        ++size_;
        if (chunks_.empty() || chunks_.back()->size() >= chunk_size) {
            chunks_.push_back(std::make_shared<const chunk>(chunk{std::move(one)}));
            return;
        }
        auto longer = std::make_shared<chunk>();
        longer->reserve(chunks_.back()->size() + 1);
        *longer = *chunks_.back();
        longer->push_back(std::move(one));
        chunks_.back() = std::move(longer);
        return;
    }
    auto changed = std::make_shared<chunk>(*chunks_[at]);
    auto place = std::ranges::lower_bound(*changed, id, {}, id_of);
    if ((*place)->id == id) {
        *place = std::move(one);
    } else {
        ++size_;
        changed->insert(place, std::move(one));
    }
    chunks_[at] = std::move(changed);
}

void instance_table::erase(instance_id id) {
    if (!find(id)) return;
    const auto at = chunk_of(id);
    --size_;
    if (chunks_[at]->size() == 1) {
        chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at));
        return;
    }
    auto changed = std::make_shared<chunk>(*chunks_[at]);
    changed->erase(std::ranges::lower_bound(*changed, id, {}, id_of));
    chunks_[at] = std::move(changed);
}

void instance_table::each(const std::function<void(const instance_ptr&)>& f) const {
    for (const auto& in : chunks_)
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
    walk l(left.chunks_);
    walk r(right.chunks_);
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
