#include "runtime/live/commit_writer.hpp"

#include "runtime/component/exception_message.hpp"

#include <chrono>
#include <memory>
#include <unordered_map>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

namespace {

constexpr std::chrono::milliseconds check_interval = std::chrono::seconds(1);

/// The limit of failures that are written at a time. They need a transaction of their own, so they
/// are written once in an interval: a client that causes failures does not slow the saves.
constexpr std::size_t most_failures = 256;

}  // namespace

commit_writer::commit_writer(
    store& storage,
    totals& counts,
    std::function<void(const std::string&)> on_down
)
    : storage_(storage),
      counts_(counts),
      watch_(dynamic_cast<place_watch*>(&storage)),
      on_down_(std::move(on_down)),
      thread_([this] { run(); }) {}

commit_writer::~commit_writer() {
    stop();
}

void commit_writer::submit(change wanted, executor& on, on_saved done) {
    mutex_lock lock(mutex_);
    if (stopping_) {
        lock.unlock();
        return on.post([done = std::move(done)] { done(save_result::down, "stopping"); });
    }
    const bool was_empty = waiting_.empty();
    waiting_.push_back({std::move(wanted), &on, std::move(done), save_result::durable, {}});
    lock.unlock();
    if (was_empty) wake_.notify_one();
}

void commit_writer::record_failure(archived_failure failed) {
    const mutex_lock lock(mutex_);
    if (failures_.size() < most_failures)
        failures_.push_back(std::move(failed));
    else
        ++counts_.failures_lost;
}

void commit_writer::stop() {
    {
        const mutex_lock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    std::call_once(joined_, [this] { thread_.join(); });
}

void commit_writer::run() {
    for (;;) {
        std::vector<queued_change> batch;
        std::vector<archived_failure> failed;
        {
            mutex_lock lock(mutex_);
            if (!stopping_ && waiting_.empty()) wake_.wait_for(lock, check_interval);
            if (stopping_ && waiting_.empty() && failures_.empty()) return;
            batch.swap(waiting_);
            if (stopping_ || std::chrono::steady_clock::now() >= next_failures_)
                failed.swap(failures_);
        }
        write_failures(std::move(failed));
        if (batch.empty()) {
            check_place();
            continue;
        }
        save(batch);
        post_results(std::move(batch));
    }
}

void commit_writer::save(std::vector<queued_change>& batch) {
    if (down_)
        return fail_all(batch, save_result::down, "the store stopped after an earlier failure");
    std::vector<change> changes;
    changes.reserve(batch.size());
    for (auto& queued : batch)
        changes.push_back(std::move(queued.wanted));
    std::string why;
    try {
        return storage_.save(changes);
    } catch (const store_refused& e) {
        why = e.what();
    } catch (const std::invalid_argument& e) {
        why = e.what();  // a change of the batch breaks the rules of the store
    } catch (...) {
        // Any other exception leaves open whether something was changed.
        return fail_all(batch, save_result::down, current_exception_message());
    }
    if (batch.size() == 1) return fail_all(batch, save_result::refused, why);
    for (std::size_t index = 0; index < batch.size(); ++index)
        batch[index].wanted = std::move(changes[index]);
    save_one_by_one(batch);
}

/// A refused change must not fail the other changes of its batch.
void commit_writer::save_one_by_one(std::vector<queued_change>& batch) {
    for (auto& queued : batch) {
        std::vector<queued_change> alone;
        alone.push_back(std::move(queued));
        save(alone);
        queued = std::move(alone.front());
    }
}

void commit_writer::fail_all(
    std::vector<queued_change>& batch,
    save_result result,
    const std::string& why
) {
    for (auto& queued : batch) {
        queued.result = result;
        queued.why = why;
    }
    if (result == save_result::down) go_down(why);
}

void commit_writer::go_down(const std::string& why) {
    if (std::exchange(down_, true)) return;
    if (on_down_) on_down_(why);
}

/// Called between saves. A save checks the place itself.
void commit_writer::check_place() {
    if (!watch_ || !is_loaded_ || down_) return;
    try {
        watch_->check_place();
    } catch (...) {
        go_down(current_exception_message());
    }
}

/// Called between saves.
void commit_writer::write_failures(std::vector<archived_failure> failed) {
    if (failed.empty() || down_) return;
    next_failures_ = std::chrono::steady_clock::now() + check_interval;
    try {
        if (auto* kept = archive_of(storage_)) kept->append_failures(failed);
        counts_.failures_archived += failed.size();
    } catch (const store_refused&) {
        counts_.failures_lost += failed.size();
        // Such as a full disk: the log has the failures, and the saves report the disk.
    } catch (...) {
        go_down(current_exception_message());
    }
}

/// Posts one function to each executor, however many changes of the batch it has submitted.
void commit_writer::post_results(std::vector<queued_change> batch) {
    std::unordered_map<executor*, std::shared_ptr<std::vector<queued_change>>> by_executor;
    for (auto& queued : batch) {
        auto& own = by_executor[queued.on];
        if (!own) own = std::make_shared<std::vector<queued_change>>();
        own->push_back(std::move(queued));
    }
    for (auto& [on, own] : by_executor) {
        on->post([saved = std::move(own)] {
            for (auto& queued : *saved)
                queued.done(queued.result, queued.why);
        });
    }
}

}  // namespace stube::live
