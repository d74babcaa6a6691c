// Transactions of the SQLite store: staging a batch, the commit, failed saves, and checkpoints.
#include "store/assert.hpp"
#include "store/sqlite_database_store.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace stube::storage {

save_failure classify(const sqlite_error& error, bool is_committing) {
    switch (error.primary_code()) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
        return save_failure::refused;
    case SQLITE_CANTOPEN:
    case SQLITE_CONSTRAINT:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_TOOBIG:
        return is_committing ? save_failure::unknown : save_failure::refused;
    default:
        return save_failure::unknown;
    }
}

void database_store::check_may_write() const {
    if (options_.read_only) throw store_refused(quoted(file_) + " is open for reading only");
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!is_loaded_) throw std::logic_error("load_all comes before the first save");
}

void database_store::save(std::span<const change> batch) {
    write([&] { return stage_batch(batch); });
}

void database_store::append_failures(std::span<const archived_failure> failed) {
    write([&] { return stage_failures(failed); });
}

/// Runs a transaction with the rows that `stage` writes.
template <class Stage>
void database_store::write(Stage stage) {
    check_may_write();
    bool is_committing = false;
    ++transaction_;
    try {
        if (!stage()) {
            --transaction_;
            return;
        }
        if (logs_.is_due()) statements_->set_log.run(logs_.next());
        commit(is_committing);
    } catch (const sqlite_error& error) {
        abandon(classify(error, is_committing), quoted(file_) + ": " + explain(error, file_));
    } catch (const store_conflict& conflict) {
        abandon(save_failure::conflict, conflict.what());
    } catch (const std::exception& error) {  // store_refused, or out of memory
        abandon(save_failure::refused, error.what());
    }
    if (logs_.is_due()) {
        logs_.count();
        watch_place();
    }
    check_place();
    if (options_.acknowledged == durability::survives_power_loss) mark_.write_if_due(state());
    checkpoint_if_due();
}

/// Returns false if there is nothing to write.
bool database_store::stage_batch(std::span<const change> batch) {
    if (batch.empty()) return false;
    removes_ = false;
    check_batch(batch);
    staged_.reserve(batch.size());
    statements_->begin.run();
    for (const auto& change : batch)
        stage(change);
    if (removes_) statements_->set_removal.run(as_sql(transaction_));
    return true;
}

/// The same for failures. The transaction leaves its number like a removal, because it writes no
/// row of `part`.
bool database_store::stage_failures(std::span<const archived_failure> failed) {
    if (failed.empty() || !archive_) return false;
    for (const auto& each : failed)
        check_failure(each);
    statements_->begin.run();
    for (const auto& each : failed) {
        const auto found = entries_.find(each.id);
        archive_->write(each, found == entries_.end() ? nullptr : &found->second);
    }
    statements_->set_removal.run(as_sql(transaction_));
    return true;
}

/// Writes the rows of one change. Its entry changes only after the commit.
void database_store::stage(const change& change) {
    if (change.kind == change_kind::trim) return trim(change);
    std::unique_lock lock(entries_mutex_);
    auto [slot, is_new] = entries_.try_emplace(change.id);
    lock.unlock();
    staged_entry& staged = staged_.emplace_back();
    staged.slot = &*slot;
    staged.is_new = is_new;
    check_follows(change, is_new ? nullptr : &slot->second.revision);
    if (archive_) staged.next.archived = archive_->write(change, is_new ? nullptr : &slot->second);
    // Also for an id that is not stored: every transaction must leave its number in the database.
    removes_ = removes_ || change.kind == change_kind::remove;
    statements_->parts.write(change, transaction_, staged);
    // Reserved here, because apply() must not fail.
    auto& other_parts = slot->second.other_parts;
    other_parts.reserve(other_parts.size() + staged.written.size());
}

/// Deletes old heads. The entry does not change, because it names the newest head.
void database_store::trim(const change& change) {
    if (!archive_)
        throw store_refused(quoted(file_) + ": the store keeps no archive that could be trimmed");
    const auto stored = entries_.find(change.id);
    archive_->trim(change, stored == entries_.end() ? nullptr : &stored->second);
    removes_ = true;  // so that the transaction leaves its number
}

/// Commits, and updates the index. Sets `is_committing` before a failure could leave the outcome
/// unknown.
void database_store::commit(bool& is_committing) {
    std::unique_lock lock(entries_mutex_, std::defer_lock);
    // If no rows are deleted, the rows that the entries name still exist, and no reader has to wait
    // for the sync.
    if (archive_ && archive_->deletes_rows()) lock.lock();
    is_committing = true;
    statements_->commit.run();
    if (!lock.owns_lock()) lock.lock();
    apply_staged();
    if (archive_) archive_->on_commit();
}

/// Updates the index after a commit. Must not fail: stage() has reserved all memory.
void database_store::apply_staged() {
    for (auto& staged : staged_)
        apply(staged);
    staged_.clear();
}

void database_store::apply(staged_entry& staged) {
    entry& stored = staged.slot->second;
    checksum_ ^= stored.total_checksum;  // 0 for a new entry
    if (staged.is_removed) return erase_entry(*staged.slot);
    checksum_ ^= staged.next.total_checksum;
    staged.next.other_parts.swap(stored.other_parts);
    stored = std::move(staged.next);
    if (staged.replaces_parts) stored.other_parts.clear();
    for (const auto& part : staged.written)
        stored.put(part);
    for (const std::uint64_t name_hash : staged.dropped)
        stored.erase(name_hash);
}

void database_store::erase_entry(const entries::value_type& slot) {
    const auto found = entries_.find(slot.first);
    STUBE_ASSERT(found != entries_.end());
    entries_.erase(found);
}

/// Removes the entries that stage() made for a batch that was not committed.
void database_store::discard_staged() {
    const std::lock_guard lock(entries_mutex_);
    for (const auto& staged : staged_)
        if (staged.is_new) erase_entry(*staged.slot);
    staged_.clear();
}

/// Returns true if no transaction is open afterwards.
bool database_store::roll_back() noexcept {
    if (connection_->in_transaction())
        sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return !connection_->in_transaction();
}

/// Ends a failed save with the exception for its kind. If the rollback fails, the outcome is
/// unknown.
void database_store::abandon(save_failure kind, const std::string& why) {
    discard_staged();
    if (archive_) archive_->on_rollback();
    --transaction_;
    if (!roll_back()) kind = save_failure::unknown;
    switch (kind) {
    case save_failure::refused:
        throw store_refused(why);
    case save_failure::conflict:
        throw store_conflict(why);
    case save_failure::unknown:
        break;
    }
    stop(why);
}

void database_store::stop(const std::string& why) {
    stopped_ = why + "; the stored state is not known, and the store is stopped";
    throw store_unknown(stopped_);
}

void database_store::checkpoint_if_due() {
    if (wal_pages_ < most_wal_pages_) return;
    int pages = 0;
    int written = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        connection_->handle(),
        nullptr,
        SQLITE_CHECKPOINT_PASSIVE,
        &pages,
        &written
    );
    // A checkpoint syncs the log first, so everything in the log is durable from here on.
    if (code == SQLITE_OK && pages == written) {
        mark_.write_if_due(state());
        logs_.end_log();
    }
    // This batch is safe in the log. But after a failed sync, the system may drop the pages that it
    // could not write, and report success for the next sync. A later checkpoint would then succeed
    // and reset the log, and the pages would be lost.
    const int primary = code & 0xff;
    if (primary != SQLITE_OK && primary != SQLITE_BUSY && primary != SQLITE_LOCKED &&
        primary != SQLITE_FULL)
        stopped_ = quoted(file_) + ": checkpoint: " + sqlite3_errstr(code) +
                   "; the store is stopped, and every acknowledged save is in its log";
}

}  // namespace stube::storage
