#include "store/refused_store.hpp"
#include "store/sqlite_database_store.hpp"
#include "store/sqlite_place.hpp"

#include <algorithm>
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

}  // namespace

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
    connection_->set_patience(std::chrono::milliseconds(0));
    sqlite3* handle = connection_->handle();
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

}  // namespace storage

std::unique_ptr<store> sqlite_store(const std::string& file, sqlite_options options) {
    return storage::open_store<storage::database_store>(file, options);
}

}  // namespace stube
