#include "runtime/live/indexer.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

namespace {

constexpr std::chrono::milliseconds index_interval = std::chrono::milliseconds(100);
constexpr std::size_t commits_per_page = 1'000;

}  // namespace

void indexer::start(archive& from) {
    const auto file = from.index_file();
    if (file.empty()) return;
    archive_ = &from;
    try {
        index_.emplace(file, known_index_schema());
    } catch (...) {
        context_.log().error("no query index why={}", quote_for_log(current_exception_message()));
        return;
    }
    if (!index_->rebuilt_because().empty())
        context_.log().warn(
            "the query index is rebuilt why={}",
            quote_for_log(index_->rebuilt_because())
        );
    builder_.emplace(
        index_builder::source{
            [this](std::uint64_t position) { return archive_->state_at(position); },
            [this](std::string_view id, std::uint64_t head) { return archive_->state(id, head); },
            [this](std::string_view id) { return index_->row(id); }
        },
        [this](const std::string& why) { context_.log().warn("{}", quote_for_log(why)); }
    );
    complete_at_ = context_.clock.steady();
    thread_ = std::thread([this] { run(); });
}

void indexer::stop() {
    {
        const mutex_lock lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_one();
    std::call_once(joined_, [this] {
        if (thread_.joinable()) thread_.join();
    });
}

bool indexer::is_stopping() const {
    const mutex_lock lock(mutex_);
    return stopping_;
}

/// Waits until the next look at the archive. Returns false to end the thread.
bool indexer::wait() {
    mutex_lock lock(mutex_);
    if (!stopping_) stopped_.wait_for(lock, index_interval);
    return !stopping_;
}

void indexer::run() {
    const detail::secret_keys_scope scope(context_.options.secrets);
    bool is_prepared = false;
    do {
        try {
            if (index_->is_damaged()) is_prepared = false;
            if (!std::exchange(is_prepared, true)) prepare();
            end_deletions();
            bool is_behind = true;
            while (is_behind) {
                const auto looked_at = context_.clock.steady();
                is_behind = take_page();
                if (!is_behind) complete_at_ = looked_at;
                if (is_stopping()) break;
            }
            has_failed_ = false;
        } catch (...) {
            const auto why = current_exception_message();
            if (index_->is_damaged()) {
                is_prepared = false;
            } else if (!std::exchange(has_failed_, true)) {
                context_.log().error("the query index is behind why={}", quote_for_log(why));
            }
            builder_->discard();
        }
    } while (wait());
    finish();
}

/// Deletions that are done in the archive do not wait for the next start.
void indexer::finish() {
    try {
        end_deletions();
    } catch (...) {
        context_.log().error(
            "the query index keeps deleted history until the next start why={}",
            quote_for_log(current_exception_message())
        );
    }
}

std::optional<std::chrono::milliseconds> indexer::behind() const {
    if (!index_) return std::nullopt;
    return std::max(context_.clock.steady() - complete_at_.load(), std::chrono::milliseconds(0));
}

/// Ends the deletions of the process before. Begins with the watermark if the index is intact and
/// belongs to the archive.
void indexer::prepare() {
    if (index_->is_damaged()) return rebuild("it is damaged");
    if (const auto damage = index_->find_damage(); !damage.empty()) return rebuild(damage);
    finish_deletions_of_last_process();
    const auto mark = index_->watermark();
    if (mark.position == 0) return;
    const auto at = archive_->commits_after(mark.position - 1, 1);
    const bool is_same = !at.empty() && at[0].position == mark.position &&
                         (!at[0].damage.empty() || at[0].head.digest == mark.digest);
    if (!is_same) return rebuild("it belongs to another archive, or to a later state of this one");
    position_ = mark.position;
}

void indexer::finish_deletions_of_last_process() {
    const mutex_lock deletions(deletions_mutex_);
    for (const auto& id : index_->begun_deletions()) {
        if (!begun_.emplace(id, 1).second) continue;
        const mutex_lock lock(mutex_);
        done_.push_back(id);
    }
}

void indexer::rebuild(const std::string& why) {
    if (!has_failed_) context_.log().warn("the query index is rebuilt why={}", quote_for_log(why));
    builder_->discard();
    const mutex_lock deletions(deletions_mutex_);
    index_->clear();
    position_ = 0;
    std::vector<std::string> ids;
    ids.reserve(begun_.size());
    for (const auto& [id, count] : begun_)
        ids.push_back(id);
    index_->begin_deletion(ids);
}

void indexer::begin_deletion(std::span<const std::string> ids) {
    if (!index_) return;
    const mutex_lock deletions(deletions_mutex_);
    index_->begin_deletion(ids);
    for (const auto& id : ids)
        ++begun_[id];
}

void indexer::end_deletion(const std::string& id) {
    if (!index_) return;
    const mutex_lock lock(mutex_);
    done_.push_back(id);
}

/// A page of commits that was read before a deletion is applied before it, because the same thread
/// does both.
void indexer::end_deletions() {
    std::vector<std::string> done;
    {
        const mutex_lock lock(mutex_);
        done.swap(done_);
    }
    for (const auto& id : done)
        delete_from_index(id);
    if (deleted_.empty()) return;
    const mutex_lock deletions(deletions_mutex_);
    std::vector<std::string> last;  // those that have not begun again
    for (const auto& [id, count] : deleted_)
        if (begun_[id] == count) last.push_back(id);
    if (!index_->end_deletions(last)) return;
    for (const auto& [id, count] : deleted_) {
        auto& begun = begun_[id];
        begun -= count;
        if (begun == 0) begun_.erase(id);
    }
    deleted_.clear();
}

void indexer::delete_from_index(const std::string& id) {
    builder_->forget(id);
    try {
        follow_deletion(*index_, *archive_, id);
        ++deleted_[id];
    } catch (...) {
        context_.log().error(
            "the query index keeps deleted history conversation={} why={}",
            id,
            quote_for_log(current_exception_message())
        );
    }
}

/// Returns true if more commits may follow.
bool indexer::take_page() {
    const auto page = archive_->commits_after(position_, commits_per_page);
    if (page.empty()) return false;
    const auto batch = builder_->next(page);
    if (batch.watermark.position != 0) index_->apply(batch);
    position_ = page.back().position;
    return page.size() == commits_per_page;
}

}  // namespace stube::live
