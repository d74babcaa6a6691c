#include "store/assert.hpp"
#include "store/files.hpp"
#include "store/high_water_mark.hpp"
#include "store/refused_store.hpp"
#include "store/sqlite_archive.hpp"
#include "store/sqlite_archive_checker.hpp"
#include "store/sqlite_archive_reader.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_eraser.hpp"
#include "store/sqlite_format.hpp"
#include "store/sqlite_loader.hpp"
#include "store/sqlite_part_writer.hpp"
#include "store/sqlite_place.hpp"
#include "store/sqlite_wal.hpp"

#include <stube/store/sqlite_store.hpp>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <utility>

namespace stube {
namespace storage {
namespace {

namespace fs = std::filesystem;

/// The size of the log at which a checkpoint is due, in bytes.
constexpr std::int64_t longest_wal = 4 << 20;

/// An archive fills the log with new pages. A longer log writes a page that changes often only once
/// for as many saves as before.
constexpr std::int64_t longest_wal_of_archive = 16 << 20;

/// The prepared statements of a save.
struct statements {
    statements(sqlite_connection& database, const fs::path& file, bool has_archive)
        : begin(database.handle(), "BEGIN IMMEDIATE"),
          commit(database.handle(), "COMMIT"),
          set_removal(database.handle(), "UPDATE removal SET saved = ?"),
          set_log(database.handle(), "UPDATE log SET number = ?"),
          parts(database, file, has_archive) {}

    sqlite_statement begin;
    sqlite_statement commit;
    sqlite_statement set_removal;
    sqlite_statement set_log;
    part_writer parts;
};

enum class failure { refused, conflict, unknown };

/// An error is `refused` only if it certainly left the disk unchanged.
failure classify(const sqlite_error& error, bool is_committing) {
    switch (error.primary_code()) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
        return failure::refused;
    case SQLITE_CANTOPEN:
    case SQLITE_CONSTRAINT:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_TOOBIG:
        return is_committing ? failure::unknown : failure::refused;
    default:
        return failure::unknown;
    }
}

class database_store final : public store,
                             public place_watch,
                             public archive,
                             public archive_upkeep,
                             public eraser {
public:
    database_store(const fs::path& file, sqlite_options options);
    ~database_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    bool saves_parts() const override { return true; }
    void check_place() override;

    bool keeps_archive() const override { return keeps_archive_; }
    std::vector<archived_head>
    heads(std::string_view id, std::uint64_t before, std::size_t count) override;
    std::optional<archived_state> state(std::string_view id, std::uint64_t head) override;
    std::optional<std::string> find_alias(std::string_view name) override;
    std::vector<std::string> aliases(std::string_view id) override;
    std::vector<derivation> derivations(std::string_view id) override;
    std::vector<archived_failure> failures(std::string_view id) override;
    void append_failures(std::span<const archived_failure> failed) override;

    appended_heads appended_after(std::uint64_t position, std::size_t rows) override;
    archive_check check_archive(check_depth depth) override;

    void each_text(const std::function<void(const stored_text&)>& each) override;
    std::vector<std::string> forks_of(std::span<const std::string> ids) override;
    erased_counts erase(const erasure& what) override;
    std::vector<std::string> files_with(std::span<const std::string> texts) override;
    std::vector<logged_commit> commits_after(std::uint64_t position, std::size_t count) override;
    std::vector<logged_commit> commits_of(std::string_view id, std::uint64_t first) override;
    std::optional<archived_state> state_at(std::uint64_t position) override;
    std::string index_file() const override;

private:
    sqlite_eraser make_eraser();
    template <class Read>
    auto reading(Read read);
    void check_may_write() const;
    erased_counts erase_rows(sqlite_eraser& tool, const erasure& what);
    void forget_erased(const erasure& what);
    void open();
    std::span<const format_step> steps() const;
    std::int64_t format();
    archive_reader& reader(archive_reader& of);
    archive_reader& reader() { return reader(reader_); }

    void load(const std::function<void(record&&)>& each, load_report& report);
    void upgrade_format(const std::optional<high_water_mark>& mark);
    void begin_writing(bool is_empty);
    void watch_place();
    void configure();
    void check_for_loss(
        const std::optional<high_water_mark>& mark,
        const loaded_state& loaded,
        load_report& report
    );
    void quarantine(std::vector<bad_rows>& bad, load_report& report);
    void move_to_quarantine(const std::vector<bad_rows>& bad);

    template <class Stage>
    void write(Stage stage);
    bool stage_batch(std::span<const change> batch);
    void stage(const change& change);
    void trim(const change& change);
    bool stage_failures(std::span<const archived_failure> failed);
    void commit(bool& is_committing);
    void apply_staged();
    void apply(staged_entry& staged);
    void erase_entry(const entries::value_type& slot);
    void discard_staged();
    bool roll_back() noexcept;
    [[noreturn]] void abandon(failure kind, const std::string& why);
    [[noreturn]] void stop(const std::string& why);
    void checkpoint_if_due();
    high_water_mark state() const {
        return {transaction_, transaction_, entries_.size(), checksum_};
    }

    fs::path file_;
    sqlite_options options_;
    high_water_mark_file mark_;
    file_descriptor lock_;  // declared before the connection, so that it is released last
    watched_files watched_;
    std::optional<sqlite_connection> connection_;
    std::optional<statements> statements_;
    wal_counter logs_;
    std::optional<archive_writer> archive_;  ///< empty if the format has no archive
    std::mutex entries_mutex_;  ///< locked to change entries_, and to read in archive_reader
    entries entries_;
    archive_reader reader_{file_, entries_, entries_mutex_};
    archive_reader log_reader_{file_, entries_, entries_mutex_};  ///< reads many commits in a call
    std::vector<staged_entry> staged_;
    std::uint64_t transaction_ = 0;  ///< the number of the last transaction
    std::uint64_t checksum_ = 0;     ///< the XOR of the checksums of all conversations
    bool removes_ = false;           ///< true if the batch under way has a `remove`
    std::int64_t wal_pages_ = 0;
    std::int64_t most_wal_pages_ = 0;
    bool is_loaded_ = false;
    bool keeps_archive_ = false;
    std::string stopped_;  ///< why every save is refused; empty while saves are accepted
};

database_store::database_store(const fs::path& file, sqlite_options options)
    : file_(absolute_path(file)),
      options_(options),
      mark_(file_.string() + ".mark"),
      lock_((options.read_only ? require_place : take_place)(file_, mark_, options)) {
    try {
        open();
    } catch (const sqlite_error& error) {
        refuse_place(file_, explain(error, file_));
    }
}

void database_store::open() {
    using access = sqlite_connection::access;
    connection_.emplace(file_, options_.read_only ? access::reads : access::writes);
    // No checkpoint when the connection closes: a store that was refused must leave the files
    // unchanged, and a stopped store must leave its log.
    sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection_->run(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"
    );
    // Throws for a foreign database.
    is_empty_database(*connection_, file_, format_steps_with_archive());
    keeps_archive_ = options_.archive && (!options_.read_only || format() >= archive_format);
}

std::int64_t database_store::format() {
    return connection_->number("PRAGMA user_version");
}

/// The steps to the format that this store writes.
std::span<const format_step> database_store::steps() const {
    return options_.archive ? format_steps_with_archive() : format_steps();
}

/// A database that was never loaded gets no checkpoint: the log may belong to another database, and
/// a checkpoint would destroy the pages of the log behind a damaged one.
database_store::~database_store() {
    reader_.close();
    log_reader_.close();
    archive_.reset();
    statements_.reset();
    if (!is_loaded_ || !stopped_.empty() || options_.read_only) return;
    sqlite3* handle = connection_->handle();
    sqlite3_busy_timeout(handle, 0);
    const int code =
        sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) return;
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    mark_.write(state());
}

load_report database_store::load_all(const std::function<void(record&&)>& each) {
    load_report report;
    is_loaded_ = false;
    try {
        entries_.clear();
        load(each, report);
    } catch (const sqlite_error& error) {
        roll_back();
        refuse_place(file_, explain(error, file_));
    } catch (...) {
        roll_back();
        throw;
    }
    watch_place();
    is_loaded_ = true;
    return report;
}

/// Watches all files that SQLite writes to, and the lock. SQLite may create the log and its index
/// as late as the first save.
void database_store::watch_place() {
    for (const auto* suffix : {"", "-wal", "-shm", ".lock"}) {
        const fs::path path = file_.string() + suffix;
        if (!options_.read_only && !watched_.is_watching(path)) watched_.watch(path);
    }
}

void database_store::check_place() {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    const auto lost = watched_.find_lost();
    if (!lost.empty()) stop(quoted(lost) + " was deleted or replaced while the store was open");
}

void database_store::load(const std::function<void(record&&)>& each, load_report& report) {
    const bool is_empty = connection_->number("SELECT count(*) FROM sqlite_schema") == 0;
    sqlite_loader loader(entries_, each);
    // The mark comes before the rows: another process that writes meanwhile writes its mark last.
    const auto mark = mark_.read();
    const std::int64_t newest = first_format + static_cast<std::int64_t>(steps().size());
    if (!options_.read_only && !is_empty && format() < newest) upgrade_format(mark);
    connection_->run("BEGIN");
    if (mark) entries_.reserve(mark->conversations);
    if (!is_empty) {
        logs_.read(*connection_, file_, options_.accept_rollback);
        loader.read_all(*connection_, format() >= archive_format);
        const auto removal =
            static_cast<std::uint64_t>(connection_->number("SELECT saved FROM removal"));
        transaction_ = std::max(loader.last_transaction(), removal);
    }
    checksum_ = loader.checksum();
    report.loaded = loader.loaded();

    const loaded_state loaded{state(), loader.bad().empty()};
    refuse_rollback(file_, mark_, mark, loaded, options_.accept_rollback);
    if (!matches(mark, loaded)) check_for_loss(mark, loaded, report);
    connection_->run("COMMIT");
    if (!options_.read_only) begin_writing(is_empty);
    if (!options_.read_only && !mark) mark_.write_first(state());
    quarantine(loader.bad(), report);
    // The caller has accepted that transactions are missing. Their numbers must not be used again.
    if (mark && mark->transaction > transaction_ && !options_.read_only) {
        statements_->set_removal.run(as_sql(mark->transaction));
        transaction_ = mark->transaction;
    }
}

/// Any write destroys the pages of the log behind a damaged page. So the comparison with the mark
/// comes before the steps, which write.
void database_store::upgrade_format(const std::optional<high_water_mark>& mark) {
    loaded_state loaded;
    loaded.now.transaction = last_transaction(*connection_);
    refuse_rollback(file_, mark_, mark, loaded, options_.accept_rollback);
    configure();
    upgrade(*connection_, file_, steps());
}

/// Called when nothing can refuse the database any more. A refused database stays unchanged.
void database_store::begin_writing(bool is_empty) {
    configure();
    if (is_empty) create_tables(*connection_, options_.archive);
    const bool has_archive = format() >= archive_format;
    statements_.emplace(*connection_, file_, has_archive);
    archive_.reset();
    if (!has_archive) return;
    complete_tables(*connection_);
    archive_.emplace(*connection_, file_, options_.archive);
}

void database_store::configure() {
    if (connection_->text("PRAGMA journal_mode = WAL") != "wal")
        refuse_place(file_, "its file system does not support a write-ahead log");
    const bool is_full = options_.acknowledged == durability::survives_power_loss;
    connection_->run(is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");

    // This hook replaces SQLite's automatic checkpoints, which would run inside a commit.
    const auto remember_pages = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<database_store*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(connection_->handle(), remember_pages, this);
    most_wal_pages_ = (options_.archive ? longest_wal_of_archive : longest_wal) /
                      std::max<std::int64_t>(connection_->number("PRAGMA page_size"), 1);
}

/// Checks all pages and adds warnings. Called if the mark does not confirm the loaded state: then
/// rows may have been lost with a damaged page.
void database_store::check_for_loss(
    const std::optional<high_water_mark>& mark,
    const loaded_state& loaded,
    load_report& report
) {
    if (loaded.now.transaction > 0) {
        const std::string result = connection_->text("PRAGMA quick_check(1)");
        if (result != "ok") throw sqlite_error(SQLITE_CORRUPT, result);
    }
    add_warnings(file_, mark_, mark, loaded, report);
}

void database_store::quarantine(std::vector<bad_rows>& bad, load_report& report) {
    if (bad.empty()) return;
    const std::string where = options_.read_only ? "left where it is in " + quoted(file_)
                                                 : "the table quarantine in " + quoted(file_);
    if (!options_.read_only) move_to_quarantine(bad);
    for (auto& conversation : bad)
        report.quarantined.push_back(
            {std::move(conversation.id), std::move(conversation.why), where}
        );
}

void database_store::move_to_quarantine(const std::vector<bad_rows>& bad) {
    connection_->run("BEGIN IMMEDIATE");
    const std::string columns = std::string("conversation, name, revision, saved, checksum,"
                                            " status, parts, checksum_of_all, body") +
                                (archive_ ? ", archived" : "");
    sqlite_statement copy(
        connection_->handle(),
        ("INSERT INTO quarantine(why, " + columns + ") SELECT ?, " + columns +
         " FROM part WHERE number = ?")
            .c_str()
    );
    sqlite_statement drop(connection_->handle(), "DELETE FROM part WHERE number = ?");
    for (const auto& conversation : bad) {
        for (const std::int64_t row : conversation.rows) {
            copy.run(conversation.why, row);
            drop.run(row);
        }
        const bool is_lost = !conversation.id.empty() && !entries_.contains(conversation.id);
        if (archive_ && is_lost && conversation.archived > 0)
            archive_->keep_history(conversation.id, conversation.archived);
    }
    connection_->run("COMMIT");
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
        abandon(failure::conflict, conflict.what());
    } catch (const std::exception& error) {  // store_refused, or out of memory
        abandon(failure::refused, error.what());
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
void database_store::abandon(failure kind, const std::string& why) {
    discard_staged();
    if (archive_) archive_->on_rollback();
    --transaction_;
    if (!roll_back()) kind = failure::unknown;
    switch (kind) {
    case failure::refused:
        throw store_refused(why);
    case failure::conflict:
        throw store_conflict(why);
    case failure::unknown:
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

archive_reader& database_store::reader(archive_reader& of) {
    if (!keeps_archive_ || !is_loaded_)
        throw std::logic_error("the archive is read after load_all, and only if it is kept");
    return of;
}

std::vector<archived_head>
database_store::heads(std::string_view id, std::uint64_t before, std::size_t count) {
    return reader().heads(id, before, count);
}

std::optional<archived_state> database_store::state(std::string_view id, std::uint64_t head) {
    return reader().state(id, head);
}

std::optional<std::string> database_store::find_alias(std::string_view name) {
    return reader().find_alias(name);
}

std::vector<std::string> database_store::aliases(std::string_view id) {
    return reader().aliases(id);
}

std::vector<derivation> database_store::derivations(std::string_view id) {
    return reader().derivations(id);
}

std::vector<archived_failure> database_store::failures(std::string_view id) {
    return reader().failures(id);
}

appended_heads database_store::appended_after(std::uint64_t position, std::size_t rows) {
    return reader().appended_after(position, rows);
}

archive_check database_store::check_archive(check_depth depth) {
    reader();  // throws unless the archive can be read
    try {
        return archive_checker(*connection_, file_).check(depth);
    } catch (const sqlite_error& error) {
        roll_back();
        throw store_refused(quoted(file_) + ": the archive: " + explain(error, file_));
    }
}

// --- erasing

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
        if (classify(error, true) == failure::unknown) stop(why);
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
        abandon(failure::refused, error.what());
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

std::vector<logged_commit>
database_store::commits_after(std::uint64_t position, std::size_t count) {
    return reader(log_reader_).commits_after(position, count);
}

std::vector<logged_commit> database_store::commits_of(std::string_view id, std::uint64_t first) {
    return reader(log_reader_).commits_of(id, first);
}

std::optional<archived_state> database_store::state_at(std::uint64_t position) {
    return reader(log_reader_).state_at(position);
}

std::string database_store::index_file() const {
    return keeps_archive_ ? file_.string() + ".index" : std::string();
}

}  // namespace
}  // namespace storage

std::unique_ptr<store> sqlite_store(const std::string& file, sqlite_options options) {
    return storage::open_store<storage::database_store>(file, options);
}

}  // namespace stube
