#include "store/assert.hpp"

#include <stube/runtime/instances.hpp>

#include <algorithm>
#include <stdexcept>

namespace stube::kernel {
namespace {

/// Small enough to copy for each event, and large enough that a thousand instances are few chunks.
constexpr std::size_t chunk_size = 32;

constexpr auto id_of = [](const auto& entry) { return entry.version->id; };

}  // namespace

const instance_table::chunk_list& instance_table::chunks() const {
    static const chunk_list none;
    return chunks_ ? *chunks_ : none;
}

std::size_t instance_table::chunk_of(instance_id id) const {
    auto found = std::ranges::lower_bound(chunks(), id, {}, [](const auto& each) {
        return each->back().version->id;
    });
    return static_cast<std::size_t>(found - chunks().begin());
}

instance_table::position instance_table::position_of(instance_id id) const {
    if (!chunks_ || chunks_->empty()) return {};
    const auto index = chunks_->size() == 1 ? 0 : chunk_of(id);
    if (index == chunks_->size()) return {};
    const auto& in = *(*chunks_)[index];
    const auto found = std::ranges::lower_bound(in, id, {}, id_of);
    if (found == in.end() || found->version->id != id) return {};
    return {&*found, index, static_cast<std::size_t>(found - in.begin())};
}

const instance* instance_table::find(instance_id id) const {
    const auto* found = position_of(id).found;
    return found ? found->version.get() : nullptr;
}

instance_ptr instance_table::get(instance_id id) const {
    const auto* found = position_of(id).found;
    return found ? found->version : nullptr;
}

const instance& instance_table::at(instance_id id) const {
    if (const auto* found = find(id)) return *found;
    throw std::out_of_range("stube: there is no instance " + std::to_string(id));
}

instance_table::chunk_list& instance_table::own_list() {
    const bool is_own = own_.list && own_.list == chunks_.get() && chunks_.use_count() == 1;
    if (!is_own) {
        auto copy = std::make_shared<chunk_list>(chunks());
        own_.list = copy.get();
        chunks_ = std::move(copy);
    }
    return *own_.list;
}

instance_table::chunk& instance_table::own_chunk(std::size_t index, std::size_t more) {
    auto& list = own_list();
    STUBE_ASSERT(index < list.size());
    auto& in = list[index];
    const bool is_own = own_.last && own_.last == in.get() && in.use_count() == 1;
    if (!is_own) {
        auto copy = std::make_shared<chunk>();
        copy->reserve(in->size() + more);
        *copy = *in;
        own_.last = copy.get();
        in = std::move(copy);
    }
    return *own_.last;
}

void instance_table::put(instance_ptr version) {
    STUBE_ASSERT(version && version->id != 0);
    const auto id = version->id;
    if (const auto present = position_of(id); present.found) {
        own_chunk(present.chunk)[present.offset].version = std::move(version);
        return;
    }
    auto index = chunk_of(id);
    if (index == chunks().size()) {  // the id is the highest
        auto& list = own_list();
        if (index == 0 || list.back()->size() >= chunk_size)
            list.push_back(std::make_shared<const chunk>());
        index = list.size() - 1;
    }
    auto& in = own_chunk(index, 1);
    in.insert(std::ranges::lower_bound(in, id, {}, id_of), {std::move(version)});
    ++size_;
    // Split a full chunk. Back inserts instances between others and can fill any chunk.
    if (in.size() < 2 * chunk_size) return;
    const auto middle = in.begin() + chunk_size;
    auto upper = std::make_shared<const chunk>(middle, in.end());
    in.erase(middle, in.end());
    auto& list = own_list();
    list.insert(list.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(upper));
}

void instance_table::erase(instance_id id) {
    const auto present = position_of(id);
    if (!present.found) return;
    using offset = std::ptrdiff_t;
    if (chunks()[present.chunk]->size() == 1) {
        auto& list = own_list();
        list.erase(list.begin() + static_cast<offset>(present.chunk));
    } else {
        auto& in = own_chunk(present.chunk);
        in.erase(in.begin() + static_cast<offset>(present.offset));
    }
    --size_;
}

sent_rendering instance_table::sent(instance_id id) const {
    const auto* found = position_of(id).found;
    return found ? found->sent : sent_rendering();
}

void instance_table::record_sent(const sent_renderings& renderings) {
    for (const auto& [id, sent] : renderings) {
        const auto present = position_of(id);
        if (!present.found || present.found->sent == sent) continue;
        own_chunk(present.chunk)[present.offset].sent = sent;
    }
}

void instance_table::each(const std::function<void(const instance_ptr&)>& f) const {
    for (const auto& in : chunks())
        std::ranges::for_each(*in, f, &entry::version);
}

namespace {

/// Iterates over the instances of a table. `compare` skips whole chunks that two tables share.
template <class Chunks>
class cursor {
public:
    explicit cursor(const Chunks& chunks) : chunks_(chunks) {}

    bool done() const { return chunk_ == chunks_.size(); }

    bool at_start() const { return offset_ == 0; }

    const auto& chunk() const { return chunks_[chunk_]; }

    const instance_ptr& current() const { return (*chunks_[chunk_])[offset_].version; }

    void next() {
        if (++offset_ == chunks_[chunk_]->size()) next_chunk();
    }

    void next_chunk() {
        offset_ = 0;
        ++chunk_;
    }

private:
    const Chunks& chunks_;
    std::size_t chunk_ = 0;
    std::size_t offset_ = 0;
};

}  // namespace

void instance_table::compare(
    const instance_table& left,
    const instance_table& right,
    const on_difference& f
) {
    if (left.chunks_ == right.chunks_) return;
    cursor l(left.chunks());
    cursor r(right.chunks());
    while (!l.done() || !r.done()) {
        if (!l.done() && !r.done() && l.at_start() && r.at_start() && l.chunk() == r.chunk()) {
            l.next_chunk();
            r.next_chunk();
        } else if (r.done() || (!l.done() && l.current()->id < r.current()->id)) {
            f(l.current(), nullptr);
            l.next();
        } else if (l.done() || r.current()->id < l.current()->id) {
            f(nullptr, r.current());
            r.next();
        } else {
            if (l.current() != r.current()) f(l.current(), r.current());
            l.next();
            r.next();
        }
    }
}

}  // namespace stube::kernel
