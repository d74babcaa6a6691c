// Erasing conversations and histories from the database of the SQLite store.
#include "store/sqlite_database_store.hpp"

#include <exception>
#include <utility>

namespace stube::storage {

sqlite_eraser database_store::make_eraser() {
    return {*connection_, file_, format() >= archive_format};
}

template <class Read>
auto database_store::reading(Read read) {
    try {
        sqlite_eraser tool = make_eraser();
        return read(tool);
    } catch (const sqlite_error& error) {
        throw store_refused(quoted(file_) + ": " + explain(error, file_));
    }
}

void database_store::each_text(const std::function<void(const stored_text&)>& each) {
    reading([&](sqlite_eraser& tool) { tool.each_text(each); });
}

std::vector<std::string> database_store::forks_of(std::span<const std::string> ids) {
    return reading([&](sqlite_eraser& tool) { return tool.forks_of(ids); });
}

std::vector<std::string> database_store::files_with(std::span<const std::string> texts) {
    return make_eraser().files_with(texts);
}

erased_counts database_store::erase(const erasure& what) {
    check_may_write();
    reader_.close();
    log_reader_.close();
    sqlite_eraser tool = make_eraser();
    const erased_counts counts = erase_rows(tool, what);
    try {
        tool.clean_files();
    } catch (const sqlite_error& error) {
        const std::string why =
            quoted(file_) + ": the rows are deleted, but their bytes may still be in the file (" +
            explain(error, file_) + "); erase again";
        if (classify(error, true) == save_failure::unknown) stop(why);
        throw store_refused(why);
    }
    logs_.end_log();
    watch_place();
    mark_.write(state());
    return counts;
}

/// The transaction of an erasure.
erased_counts database_store::erase_rows(sqlite_eraser& tool, const erasure& what) {
    bool is_committing = false;
    erased_counts counts;
    std::vector<std::pair<entry*, std::uint64_t>> detached;  // with their new checksums
    ++transaction_;
    try {
        tool.set(what);
        statements_->begin.run();
        counts = tool.delete_rows(what);
        for (const auto& id : what.histories)
            if (const auto found = entries_.find(id); found != entries_.end())
                detached.emplace_back(&found->second, tool.detach_history(id, found->second));
        statements_->set_removal.run(as_sql(transaction_));
        if (logs_.is_due()) statements_->set_log.run(logs_.next());
        is_committing = true;
        statements_->commit.run();
    } catch (const sqlite_error& error) {
        abandon(classify(error, is_committing), quoted(file_) + ": " + explain(error, file_));
    } catch (const std::exception& error) {
        abandon(save_failure::refused, error.what());
    }
    if (logs_.is_due()) logs_.count();
    for (const auto& [stored, total] : detached) {
        const std::lock_guard lock(entries_mutex_);
        checksum_ ^= stored->total_checksum ^ total;
        stored->total_checksum = total;
        stored->archived = 0;
    }
    forget_erased(what);
    return counts;
}

/// Erases the entries, and all that the archive's writer has in memory.
void database_store::forget_erased(const erasure& what) {
    const std::lock_guard lock(entries_mutex_);
    for (const auto& id : what.conversations) {
        const auto found = entries_.find(id);
        if (found == entries_.end()) continue;
        checksum_ ^= found->second.total_checksum;
        entries_.erase(found);
    }
    if (archive_) archive_.emplace(*connection_, file_, options_.archive);
}

}  // namespace stube::storage
