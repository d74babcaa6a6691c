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

/// The world around a live map in tests: a store that does as it is told, a clock, executors,
/// streams.
namespace live_test {

using namespace stube;
using namespace stube::kernel;
using namespace stube::live;

enum class answer_of_store { durable, refused, invalid, unknown, other };

/// What a scripted store is told and what it saw. Outlives the store.
/// Threads: any.
class script {
public:
    /// The next saves answer so, one after the other; those after them are durable.
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

    /// Waits until that many saves have come to the gate, since the beginning.
    void wait_for_saves(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return begun_ >= count; });
    }

    /// All batches that became durable.
    std::vector<std::vector<change>> batches() const {
        std::lock_guard lock(mutex_);
        return batches_;
    }

    /// The changes of all durable batches, in order.
    std::vector<change> changes() const {
        std::vector<change> out;
        for (const auto& batch : batches())
            out.insert(out.end(), batch.begin(), batch.end());
        return out;
    }

    void save(std::span<const change> batch);

    std::vector<record> stored;  ///< what load_all finds
    std::vector<unreadable> quarantined;
    bool parts = true;

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<answer_of_store> answers_;
    std::string refused_;
    bool gate_is_open_ = true;
    std::size_t begun_ = 0;
    std::vector<std::vector<change>> batches_;
};

/// A store that holds what this one has saved.
std::shared_ptr<script> after_restart(const script& of);

std::unique_ptr<store> scripted_store(std::shared_ptr<script> told);

/// Keeps what is posted until the test runs it.
class queue_runner final : public executor {
public:
    void post(std::function<void()> work) override;

    /// Runs one piece of work, waiting for it if there is none yet.
    void run_one();

    /// Runs what is there now; returns how much it was.
    std::size_t run_all();

private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;
};

/// Remembers what it is told. Threads: any.
class recorder final : public view_stream {
public:
    void publish(const std::shared_ptr<const update>& what) override {
        std::lock_guard lock(mutex_);
        told_.push_back(what);
        more_.notify_all();
    }

    void displace() override { is_displaced_ = true; }

    bool is_displaced() const { return is_displaced_; }

    /// Waits until it has been told so often.
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

/// How often `what` stands in a text.
std::size_t count_in(std::string_view text, std::string_view what);

/// A live map with all that it needs.
class world {
public:
    explicit world(std::function<void(conversation_options&)> setup = {});
    /// On a store of its own.
    world(std::function<void(conversation_options&)> setup, std::unique_ptr<stube::store> storage);
    /// On what another world has stored.
    world(std::shared_ptr<script> told, std::function<void(conversation_options&)> setup);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    void advance(std::chrono::milliseconds by) {
        set_clock(by);
        steady_ = steady_.load() + by;
    }

    /// Somebody sets the system's clock; no time passes.
    void set_clock(std::chrono::milliseconds by) { now_ = now_.load() + by; }

    /// The same, and what is due then begins. It is done before any operation that follows.
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

    /// The reply, when it has come.
    reply wait(const pending& p);

    /// The id of a new conversation that nobody has come back to.
    std::string unseen(beginning with, const std::string& owner = "owner");

    /// The id of one that somebody has, so that what it waits for has begun.
    std::string minted(beginning with, const std::string& owner = "owner");

    /// The present value.
    std::shared_ptr<const conversation> value(const std::string& id);

    /// An event with a fresh id to what is on the page now.
    event to_top(const std::string& id, std::string name, std::string arguments = "");

    std::string log() const { return log_.str(); }

    conversation_map& map() { return *map_; }

    /// Stops the map, and runs what that leaves to do.
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
