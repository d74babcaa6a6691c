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

/// The components at work in a conversation.
namespace stube::kernel {

/// A call of a member at a time.
struct timer {
    time_point due;
    const handler* to = nullptr;
    std::string arguments;  ///< JSON array, or empty
    /// `environment::clock_shift` when it was set. Not stored: it begins with 0 in each process.
    std::chrono::milliseconds clock_shift = {};

    /// When it is due, by a clock that has been set by `shift_now` since the process began: after
    /// the same delay if the clock was set back since, and at the time it says if it was set ahead.
    time_point due_with(std::chrono::milliseconds shift_now) const {
        return due + std::min(shift_now - clock_shift, std::chrono::milliseconds(0));
    }
};

struct subscription {
    std::string topic;
    const handler* to = nullptr;
};

/// Work in the background that has not come back yet.
struct pending_work {
    std::uint64_t number = 0;  ///< unique in the conversation
    const handler* then = nullptr;
    const handler* or_else = nullptr;
};

/// What few instances have: what they wait for.
struct attachments {
    std::vector<timer> timers;
    std::vector<subscription> subscriptions;
    std::vector<pending_work> work;

    bool empty() const { return timers.empty() && subscriptions.empty() && work.empty(); }
};

/// One component at work. Immutable: a change makes a new version, and conversation values share
/// the rest.
///
/// It stands in a place: the page, or the slot or list entry of its owner. In a place one instance
/// covers the next, as a call covers its caller; only the uncovered one is shown.
struct instance {
    instance_id id = 0;
    const component_type* type = nullptr;
    std::shared_ptr<const void> state;
    instance_id caller = 0;  ///< who gets its answer: who called it, or its owner; 0 for the root
    instance_id owner = 0;   ///< whose slot or list it stands in; 0 for the page
    instance_id under = 0;   ///< the one it covers; 0 if it is the first in its place
    instance_id over = 0;    ///< the one that covers it; 0 if it is shown
    const handler* then = nullptr;     ///< the caller's member that gets the answer
    const handler* or_else = nullptr;  ///< the caller's member that gets a failure
    std::shared_ptr<const attachments> waits = nullptr;  ///< null for nothing
    std::uint64_t version = 0;  ///< rises with every change of any instance of the conversation
    std::uint64_t begun = 0;    ///< the version it last began anew with; 0 if it never has
    detail::found_once stored_size;  ///< how many bytes it takes in a store
};

using instance_ptr = std::shared_ptr<const instance>;

/// The last rendering of an instance that was sent to the open pages of its conversation: a hash of
/// it, without what stands in its slots and lists, and which of these it showed. Not stored.
///
/// It is true of every page that has seen the conversation's revision and has the instance's
/// element. What is not the same on all of them is not known.
class sent_rendering {
public:
    /// Slots and lists that are told apart, in the order of their description. The others count as
    /// not shown.
    static constexpr std::size_t max_places = 16;

    /// Nothing is known.
    constexpr sent_rendering() = default;

    /// `places` has one bit for each slot and list.
    constexpr sent_rendering(std::uint64_t hash, std::uint16_t places)
        : bits_(std::max(hash >> max_places, std::uint64_t{1}) << max_places | places) {}

    /// True if this was sent, and what was sent is known.
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

/// Instances by id, and what was last sent of each. A value that is cheap to copy and to compare
/// with its copies, however many there are: they share what did not change, in chunks.
///
/// Those that go with the last table that holds them go one after the other, the youngest first:
/// the locals of a flow before those of the one that called it.
class instance_table {
public:
    /// Null if there is none.
    const instance* find(instance_id id) const;

    instance_ptr get(instance_id id) const;

    /// Throws std::out_of_range if there is none.
    const instance& at(instance_id id) const;

    /// These copy one chunk and the list of chunks, unless this table has made its own copies
    /// already and shares them with no other. What was sent of an instance stays known when another
    /// version of it is put in.
    void put(instance_ptr one);
    void erase(instance_id id);

    /// Unknown if there is no such instance.
    sent_rendering sent(instance_id id) const;

    /// Passes over instances that are not there.
    void note_sent(const sent_renderings& all);

    std::size_t size() const { return size_; }

    bool empty() const { return size_ == 0; }

    /// In the order of ids.
    void each(const std::function<void(const instance_ptr&)>& f) const;

    /// Calls `f` with both versions of each instance that is not the same in both; null where it is
    /// missing. What was sent makes no difference.
    using on_difference = std::function<void(const instance_ptr& left, const instance_ptr& right)>;
    static void
    compare(const instance_table& left, const instance_table& right, const on_difference& f);

private:
    /// A vector whose last element goes first.
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
        instance_ptr one;
        sent_rendering sent = {};
    };

    using chunk = stack<entry>;
    using chunk_list = stack<std::shared_ptr<const chunk>>;

    const chunk_list& chunks() const;

    /// Where `id` is, or would be: the first chunk that ends with it or behind it.
    std::size_t chunk_of(instance_id id) const;

    struct position {
        const entry* found = nullptr;
        std::size_t at = 0;     ///< of its chunk
        std::size_t place = 0;  ///< in the chunk
    };

    /// `found` is null if there is no such instance.
    position position_of(instance_id id) const;

    chunk_list& own_list();
    chunk& own_chunk(std::size_t at, std::size_t more = 0);

    /// What this table has made and may change while it shares it with no other. A copy, and a
    /// table that it is moved to, may not: that one may be read by several threads.
    struct own {
        own() = default;
        own(const own& /*other*/) noexcept {}
        own& operator=(const own& other) noexcept {
            if (this != &other) {
                list = nullptr;
                in = nullptr;
            }
            return *this;
        }
        ~own() = default;

        chunk_list* list = nullptr;
        chunk* in = nullptr;
    };

    std::shared_ptr<const chunk_list> chunks_;  // none of them empty; null for none
    own own_;
    std::size_t size_ = 0;
};

}  // namespace stube::kernel
