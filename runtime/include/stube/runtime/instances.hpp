#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/detail/found_once.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The components of a conversation, each with its state and what it waits for.
namespace stube::kernel {

/// Calls a member at a given time.
struct timer {
    time_point due;
    const member_handler* to = nullptr;
    std::string arguments;  ///< JSON array, or empty
    /// The `environment::clock_shift` at the time when the timer was set. Not stored: each process
    /// begins with 0.
    std::chrono::milliseconds clock_shift = {};

    /// The time at which the timer is due, by a clock that was set by `shift_now` since the process
    /// began. If the clock was set back since the timer was set, the delay stays the same. If the
    /// clock was set ahead, the time stays the same.
    time_point due_with(std::chrono::milliseconds shift_now) const {
        return due + std::min(shift_now - clock_shift, std::chrono::milliseconds(0));
    }
};

struct subscription {
    std::string topic;
    const member_handler* to = nullptr;
};

/// Background work that has not finished yet, and the members that receive its result.
struct pending_work {
    std::uint64_t number = 0;                 ///< unique in the conversation
    const member_handler* then = nullptr;     ///< receives the result; may be null
    const member_handler* or_else = nullptr;  ///< receives the failure; may be null
};

/// The timers, subscriptions and work that an instance waits for. Few instances wait for anything.
struct wait_set {
    std::vector<timer> timers;
    std::vector<subscription> subscriptions;
    std::vector<pending_work> work;

    bool empty() const { return timers.empty() && subscriptions.empty() && work.empty(); }
};

/// One component of a conversation. Immutable: a change makes a new version. Conversation values
/// share the unchanged instances.
///
/// An instance has a place: the page, or a slot or list entry of its owner. A called component
/// covers its caller in the caller's place. Only the instance that is not covered is shown.
struct instance {
    instance_id id = 0;
    const component_type* type = nullptr;
    std::shared_ptr<const void> state;
    instance_id caller = 0;  ///< receives the answer: the caller, or the owner; 0 for the root
    instance_id owner = 0;   ///< has the slot or list that contains the instance; 0 for the page
    instance_id covers = 0;  ///< the instance below in the same place; 0 for the first one
    instance_id covered_by = 0;  ///< the instance above in the same place; 0 if it is shown
    const member_handler* then = nullptr;     ///< the caller's member that receives the answer
    const member_handler* or_else = nullptr;  ///< the caller's member that receives a failure
    std::shared_ptr<const wait_set> waits = nullptr;  ///< null for nothing
    std::uint64_t version = 0;   ///< rises with every change of any instance of the conversation
    std::uint64_t reset_at = 0;  ///< when its owner last replaced its state; 0 for never
    detail::found_once stored_size;  ///< its size in a store, in bytes
};

using instance_ptr = std::shared_ptr<const instance>;

/// Describes the last rendering of an instance that was sent to the open pages of its conversation:
/// a hash of the instance's own markup, without its children, and the set of its slots and lists
/// that the markup showed. Not stored.
///
/// A known value holds for every page that has seen the conversation's revision and has the
/// instance's element. If the pages differ, the value is unknown.
class sent_rendering {
public:
    /// The number of slots and lists that are recorded, in the order of their description. The
    /// remaining ones count as not shown.
    static constexpr std::size_t max_places = 16;

    /// An unknown rendering.
    constexpr sent_rendering() = default;

    /// `places` has one bit for each slot and list.
    constexpr sent_rendering(std::uint64_t hash, std::uint16_t places)
        : bits_(std::max(hash >> max_places, std::uint64_t{1}) << max_places | places) {}

    /// True if both are the same rendering and its hash is known.
    constexpr bool is(sent_rendering other) const { return has_hash() && bits_ == other.bits_; }

    /// True if the element of the slot or list at `place` is on the pages.
    constexpr bool shows(std::size_t place) const {
        return place < max_places && (bits_ >> place & 1) != 0;
    }

    constexpr bool is_known() const { return bits_ != 0; }

    bool operator==(const sent_rendering&) const = default;

private:
    constexpr bool has_hash() const { return bits_ >> max_places != 0; }

    std::uint64_t bits_ = 0;
};

/// By the instance's id.
using sent_renderings = std::vector<std::pair<instance_id, sent_rendering>>;

/// Instances by id, each with the last rendering that was sent. A table is a value that is cheap to
/// copy and cheap to compare with its copies, however many instances it has: copies share the
/// chunks that did not change.
///
/// The instances that only this table holds are destroyed with it one by one, the youngest first.
/// So the locals of a flow are destroyed before those of the flow that called it.
class instance_table {
public:
    /// Null if the table has no such instance.
    const instance* find(instance_id id) const;

    instance_ptr get(instance_id id) const;

    /// Throws std::out_of_range if the table has no such instance.
    const instance& at(instance_id id) const;

    /// `put` and `erase` copy one chunk and the list of chunks, unless this table already has
    /// copies that no other table shares. `put` with a new version of an instance keeps the
    /// instance's sent rendering.
    void put(instance_ptr version);
    void erase(instance_id id);

    /// Unknown if the table has no such instance.
    sent_rendering sent(instance_id id) const;

    /// Sets the sent renderings of the given instances. Ignores ids that the table does not have.
    void record_sent(const sent_renderings& renderings);

    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

    /// Calls `f` for each instance, in the order of ids.
    void each(const std::function<void(const instance_ptr&)>& f) const;

    /// Calls `f` with both versions of each instance that differs between the tables; a version is
    /// null if its table does not have the instance. Ignores the sent renderings.
    using on_difference = std::function<void(const instance_ptr& left, const instance_ptr& right)>;
    static void
    compare(const instance_table& left, const instance_table& right, const on_difference& f);

private:
    /// A vector that destroys its last element first.
    template <class T>
    struct stack : std::vector<T> {
        using std::vector<T>::vector;
        stack(const stack&) = default;
        stack(stack&&) noexcept = default;
        stack& operator=(const stack&) = default;
        stack& operator=(stack&&) noexcept = default;

        ~stack() {
            while (!this->empty())
                this->pop_back();
        }
    };

    struct entry {
        instance_ptr version;
        sent_rendering sent = {};
    };

    using chunk = stack<entry>;
    using chunk_list = stack<std::shared_ptr<const chunk>>;

    const chunk_list& chunks() const;

    /// The index of the first chunk that ends with `id` or a higher id.
    std::size_t chunk_of(instance_id id) const;

    struct position {
        const entry* found = nullptr;
        std::size_t chunk = 0;   ///< index of the chunk
        std::size_t offset = 0;  ///< within the chunk
    };

    /// `found` is null if the table has no such instance.
    position position_of(instance_id id) const;

    /// The list of chunks, shared with no other table.
    chunk_list& own_list();

    /// The chunk with this index, shared with no other table, with room for `more` entries.
    chunk& own_chunk(std::size_t index, std::size_t more = 0);

    /// The list and the chunk that this table copied last and may change as long as no other table
    /// shares them. Copying and moving a table reset these pointers, since several threads may read
    /// the new table.
    struct own {
        own() = default;
        own(const own& /*other*/) noexcept {}
        own& operator=(const own& other) noexcept {
            if (this != &other) {
                list = nullptr;
                last = nullptr;
            }
            return *this;
        }
        ~own() = default;

        chunk_list* list = nullptr;
        chunk* last = nullptr;
    };

    std::shared_ptr<const chunk_list> chunks_;  ///< without empty chunks; null for an empty table
    own own_;
    std::size_t size_ = 0;
};

}  // namespace stube::kernel
