#pragma once

#include <stube/runtime/conversation_map.hpp>
#include <stube/store/store.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The environment of a conversation map in tests: a scripted store, a clock, executors, streams.
namespace live_test {

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;

enum class answer_of_store { durable, refused, invalid, unknown, other };

/// Controls a scripted store and records its saves. Outlives the store.
/// Threads: any.
class script {
public:
    /// Queues the outcome of one save. Saves without a queued outcome are durable.
    void answer(answer_of_store a) {
        std::lock_guard lock(mutex_);
        answers_.push_back(a);
    }

    /// Every save that contains a change of this id is refused.
    void refuse(std::string id) {
        std::lock_guard lock(mutex_);
        refused_ = std::move(id);
    }

    /// Saves wait until `open_gate`.
    void close_gate() {
        std::lock_guard lock(mutex_);
        gate_is_open_ = false;
    }

    void open_gate() {
        std::lock_guard lock(mutex_);
        gate_is_open_ = true;
        changed_.notify_all();
    }

    /// Waits until the store has got `count` saves since it was made.
    void wait_for_saves(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return begun_ >= count; });
    }

    /// All batches that became durable.
    std::vector<std::vector<change>> batches() const {
        std::lock_guard lock(mutex_);
        return batches_;
    }

    /// The failures that were appended, the oldest first.
    std::vector<archived_failure> failures() const {
        std::lock_guard lock(mutex_);
        return failures_;
    }

    void append_failures(std::span<const archived_failure> failed) {
        if (refuses_failures) throw store_refused("disk full");
        std::lock_guard lock(mutex_);
        failures_.insert(failures_.end(), failed.begin(), failed.end());
    }

    /// The changes of all durable batches, in order.
    std::vector<change> changes() const {
        std::vector<change> out;
        for (const auto& batch : batches())
            out.insert(out.end(), batch.begin(), batch.end());
        return out;
    }

    void save(std::span<const change> batch);

    std::vector<record> stored;  ///< what load_all returns
    std::vector<unreadable_record> quarantined;
    bool parts = true;
    bool archives = false;  ///< the store keeps an archive, of what it has saved
    std::atomic<bool> refuses_failures = false;  ///< failed turns are not appended
    std::atomic<std::size_t> archive_reads = 0;  ///< calls that have read the archive

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<answer_of_store> answers_;
    std::string refused_;
    bool gate_is_open_ = true;
    std::size_t begun_ = 0;
    std::vector<std::vector<change>> batches_;
    std::vector<archived_failure> failures_;
};

/// A script whose store holds the records that `of` has saved.
std::shared_ptr<script> after_restart(const script& of);

std::unique_ptr<store> scripted_store(std::shared_ptr<script> told);

/// Keeps posted functions until the test runs them.
class queue_runner final : public executor {
public:
    void post(std::function<void()> work) override;

    /// Runs one posted function. Waits until there is one.
    void run_one();

    /// Runs posted functions until none is left, and returns their number.
    std::size_t run_all();

private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;
};

/// Records the updates that it receives. Threads: any.
class recorder final : public view_stream {
public:
    explicit recorder(std::uint64_t page = 0) : page_(page) {}

    std::uint64_t page() const override { return page_; }

    void publish(const std::shared_ptr<const update>& what) override {
        std::lock_guard lock(mutex_);
        told_.push_back(what);
        more_.notify_all();
    }

    void displace() override { is_displaced_ = true; }

    bool is_displaced() const { return is_displaced_; }

    /// Waits until `count` updates have come, and returns all of them.
    std::vector<std::shared_ptr<const update>> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        more_.wait(lock, [&] { return told_.size() >= count; });
        return told_;
    }

    std::vector<std::shared_ptr<const update>> told() const {
        std::lock_guard lock(mutex_);
        return told_;
    }

    std::vector<std::uint64_t> revisions() const {
        std::vector<std::uint64_t> out;
        for (const auto& each : told())
            out.push_back(each->revision);
        return out;
    }

private:
    const std::uint64_t page_;
    mutable std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::shared_ptr<const update>> told_;
    std::atomic<bool> is_displaced_ = false;
};

/// A reply that may still be on its way.
struct pending {
    std::shared_ptr<std::deque<reply>> replies = std::make_shared<std::deque<reply>>();

    on_reply callback() const {
        return [to = replies](reply&& r) { to->push_back(std::move(r)); };
    }

    bool is_there() const { return !replies->empty(); }
};

/// How often `what` occurs in a text.
std::size_t count_in(std::string_view text, std::string_view what);

/// A conversation map with everything that it needs.
class world {
public:
    explicit world(std::function<void(conversation_options&)> setup = {});
    /// On a store of its own.
    world(std::function<void(conversation_options&)> setup, std::unique_ptr<stube::store> storage);
    /// On the script's store, such as after_restart() of another world's.
    world(std::shared_ptr<script> told, std::function<void(conversation_options&)> setup);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    void advance(std::chrono::milliseconds by) {
        set_clock(by);
        steady_ = steady_.load() + by;
    }

    /// Sets the system clock while no time passes.
    void set_clock(std::chrono::milliseconds by) { now_ = now_.load() + by; }

    /// Advances the clocks and fires due timers. Their turns precede any later operation.
    void pass(std::chrono::milliseconds time);

    pending mint(beginning with, std::string owner = "owner");
    pending open(const std::string& id, const std::string& owner = "owner");
    pending send(const std::string& id, event what, const std::string& owner = "owner");
    pending attach(
        const std::string& id,
        std::optional<std::uint64_t> seen,
        std::shared_ptr<view_stream> stream,
        const std::string& owner = "owner"
    );
    pending swap(const std::string& id, std::function<outcome(const conversation&)> change);

    /// Waits for the reply and returns it.
    reply wait(const pending& p);

    /// Returns the id of a new conversation whose page has not been opened.
    std::string unseen(beginning with, const std::string& owner = "owner");

    /// Returns the id of a new conversation whose page was opened, so that its timers,
    /// subscriptions and work have begun.
    std::string minted(beginning with, const std::string& owner = "owner");

    /// The present value, after all queued operations.
    std::shared_ptr<const conversation> value(const std::string& id);

    /// An event with a fresh id to the top of the stack.
    event to_top(const std::string& id, std::string name, std::string arguments = "");

    std::string log() const { return log_.str(); }

    conversation_map& map() { return *map_; }

    /// Stops the map and runs the functions that it has posted.
    void stop();

    script& store() { return *script_; }

    const std::vector<std::string>& downs() const { return downs_; }

    queue_runner thread;

private:
    void
    begin(std::unique_ptr<stube::store> storage, std::function<void(conversation_options&)> setup);

    std::shared_ptr<script> script_;
    std::atomic<time_point> now_ = time_point(std::chrono::hours(1'000'000));
    std::atomic<std::chrono::steady_clock::time_point> steady_ =
        std::chrono::steady_clock::time_point(std::chrono::hours(1'000));
    std::ostringstream log_;
    std::vector<std::string> downs_;
    event_id last_event_ = 0;
    std::unique_ptr<conversation_map> map_;
};

}  // namespace live_test
