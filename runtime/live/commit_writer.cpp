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

constexpr std::chrono::milliseconds between_checks = std::chrono::seconds(1);

}  // namespace

commit_writer::commit_writer(store& storage, std::function<void(const std::string&)> on_down)
    : storage_(storage),
      watch_(dynamic_cast<place_watch*>(&storage)),
      on_down_(std::move(on_down)),
      thread_([this] { run(); }) {}

commit_writer::~commit_writer() {
    stop();
}

void commit_writer::submit(change what, executor& on, on_saved done) {
    mutex_lock lock(mutex_);
    if (stopping_) {
        lock.unlock();
        return on.post([done = std::move(done)] { done(save_result::down, "stopping"); });
    }
    const bool was_empty = waiting_.empty();
    waiting_.push_back({std::move(what), &on, std::move(done), save_result::durable, {}});
    lock.unlock();
    if (was_empty) wake_.notify_one();
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
        std::vector<item> batch;
        {
            mutex_lock lock(mutex_);
            if (!stopping_ && waiting_.empty()) wake_.wait_for(lock, between_checks);
            if (stopping_ && waiting_.empty()) return;
            batch.swap(waiting_);
        }
        if (batch.empty()) {
            check_place();
            continue;
        }
        save(batch);
        hand_back(std::move(batch));
    }
}

void commit_writer::save(std::vector<item>& batch) {
    if (down_)
        return fail_all(batch, save_result::down, "the store stopped after an earlier failure");
    std::vector<change> changes;
    changes.reserve(batch.size());
    for (auto& each : batch)
        changes.push_back(std::move(each.what));
    std::string why;
    try {
        return storage_.save(changes);
    } catch (const store_refused& e) {
        why = e.what();
    } catch (const std::invalid_argument& e
    ) {  // a change of the batch breaks the rules of the store
        why = e.what();
    } catch (...) {
        // Any other exception leaves open whether something was changed.
        return fail_all(batch, save_result::down, current_exception_message());
    }
    if (batch.size() == 1) return fail_all(batch, save_result::refused, why);
    for (std::size_t at = 0; at < batch.size(); ++at)
        batch[at].what = std::move(changes[at]);
    save_one_by_one(batch);
}

/// A refused change must not fail the others of its batch.
void commit_writer::save_one_by_one(std::vector<item>& batch) {
    for (auto& each : batch) {
        std::vector<item> alone;
        alone.push_back(std::move(each));
        save(alone);
        each = std::move(alone.front());
    }
}

void commit_writer::fail_all(std::vector<item>& batch, save_result result, const std::string& why) {
    for (auto& each : batch) {
        each.result = result;
        each.why = why;
    }
    if (result == save_result::down) go_down(why);
}

void commit_writer::go_down(const std::string& why) {
    if (std::exchange(down_, true)) return;
    if (on_down_) on_down_(why);
}

/// Only between saves; a save checks the place itself.
void commit_writer::check_place() {
    if (!watch_ || !is_loaded_ || down_) return;
    try {
        watch_->check_place();
    } catch (...) {
        go_down(current_exception_message());
    }
}

/// One post for each executor, however many items it has in the batch.
void commit_writer::hand_back(std::vector<item> batch) {
    std::unordered_map<executor*, std::shared_ptr<std::vector<item>>> by_executor;
    for (auto& each : batch) {
        auto& mine = by_executor[each.on];
        if (!mine) mine = std::make_shared<std::vector<item>>();
        mine->push_back(std::move(each));
    }
    for (auto& [on, mine] : by_executor) {
        on->post([items = std::move(mine)] {
            for (auto& each : *items)
                each.done(each.result, each.why);
        });
    }
}

}  // namespace stube::live
