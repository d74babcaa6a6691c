#include "store/checksum.hpp"
#include "store/files.hpp"
#include "store/mark.hpp"
#include "store/refused_store.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_format.hpp"
#include "store/sqlite_loading.hpp"
#include "store/sqlite_log.hpp"
#include "store/sqlite_place.hpp"

#include <stube/store/sqlite_store.hpp>

namespace stube {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t longest_wal = 4 << 20;

struct statements {
    explicit statements(sqlite3* on) : connection(on) {}

    sqlite3* connection;
    sqlite_statement begin{connection, "BEGIN IMMEDIATE"};
    sqlite_statement commit{connection, "COMMIT"};
    sqlite_statement add_part{
        connection,
        "INSERT INTO part(conversation, name, revision, saved, checksum, body)"
        " VALUES(?, ?, ?, ?, ?, ?)"
    };
    sqlite_statement add_head{
        connection,
        "INSERT INTO part(status, parts, checksum_of_all, conversation, name, revision, saved,"
        " checksum, body) VALUES(?, ?, ?, ?, 'head', ?, ?, ?, ?)"
    };
    sqlite_statement set_part{
        connection,
        "UPDATE part SET checksum_of_all = ?, revision = ?, saved = ?, checksum = ?, body = ?"
        " WHERE number = ? AND conversation = ? AND name = ?"
    };
    sqlite_statement set_head{
        connection,
        "UPDATE part SET status = ?, parts = ?, checksum_of_all = ?, revision = ?, saved = ?,"
        " checksum = ?, body = ? WHERE number = ? AND conversation = ? AND name = 'head'"
    };
    sqlite_statement drop_part{
        connection,
        "DELETE FROM part WHERE number = ? AND conversation = ?"
    };
    sqlite_statement read_body{connection, "SELECT body FROM part WHERE number = ?"};
    sqlite_statement note_removal{connection, "UPDATE removal SET saved = ?"};
    sqlite_statement note_log{connection, "UPDATE log SET number = ?"};
};

std::int64_t as_number(std::uint64_t natural) {
    return static_cast<std::int64_t>(natural);
}

/// What a batch makes of one entry, if it is committed.
struct next_entry {
    entries::value_type* slot = nullptr;
    bool is_new = false;
    bool gone = false;
    bool anew = false;  ///< `set` is all there is
    entry next;         ///< without its parts other than the head
    std::uint64_t parts = 0;
    std::vector<stored_part> set;
    std::vector<std::uint64_t> dropped;
};

class database_store final : public store, public place_watch {
public:
    database_store(const fs::path& file, sqlite_options options);
    ~database_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    bool saves_parts() const override { return true; }
    void check_place() override;

private:
    void open();
    bool has_newest_format();

    void load(const std::function<void(record&&)>& each, load_report& report);
    void upgrade(const std::optional<marked>& mark);
    void begin_writing(bool is_empty);
    void watch_place();
    void configure();
    void look_for_loss(
        const std::optional<marked>& mark,
        const found_stored& found,
        load_report& report
    );
    void set_aside(std::vector<bad_rows>& bad, load_report& report);
    void move_to_quarantine(const std::vector<bad_rows>& bad);

    void apply(const change& one);
    void rewrite(const change& one, next_entry& to);
    void update(const change& one, next_entry& to);
    void update_part(const change& one, const part& each, bool tells, next_entry& to);
    void drop_part(const change& one, std::uint64_t name, next_entry& to);
    void drop_row(const std::string& id, std::int64_t row);
    stored_part add_part(const change& one, const part& each);
    void add_head(const change& one, std::optional<std::string_view> body, next_entry& to);
    void set_head(const change& one, std::optional<std::string_view> body, next_entry& to);
    void update_head(const change& one, const part* written, next_entry& to);
    static std::uint64_t count_all(next_entry& to);
    void count_in_head(const change& one, std::optional<std::string_view> body, next_entry& to);
    void need_one_changed(const std::string& id);

    void settle(bool committed);
    void settle(next_entry& one);
    bool roll_back() noexcept;
    [[noreturn]] void fail(const sqlite_error& error, bool committing);
    [[noreturn]] void take_back(const std::string& why, bool harmless, bool conflict = false);
    void checkpoint_if_due();
    marked state() const { return {saved_, saved_, entries_.size(), checksum_}; }

    fs::path file_;
    sqlite_options options_;
    rollback_mark mark_;
    file_descriptor lock_;  // outlives the connection
    watched_files watched_;
    std::optional<sqlite_connection> connection_;
    std::optional<statements> statements_;
    log_counter logs_;
    entries entries_;
    std::vector<next_entry> staged_;
    std::uint64_t saved_ = 0;     ///< the number of the last transaction
    std::uint64_t checksum_ = 0;  ///< the XOR of the checksums of all conversations
    bool removes_ = false;        ///< the batch under way removes something
    std::int64_t wal_pages_ = 0;
    std::int64_t most_wal_pages_ = 0;
    bool loaded_ = false;
    std::string stopped_;  ///< why it takes no more changes; empty while it does
};

database_store::database_store(const fs::path& file, sqlite_options options)
    : file_(absolute_path(file)),
      options_(options),
      mark_(file_.string() + ".mark"),
      lock_((options.read_only ? need_place : take_place)(file_, mark_, options)) {
    try {
        open();
    } catch (const sqlite_error& error) {
        refuse_place(file_, explain(error, file_));
    }
}

void database_store::open() {
    using access = sqlite_connection::access;
    connection_.emplace(file_, options_.read_only ? access::reads : access::writes);
    // The files of somebody else are left as they are, and a stopped store leaves its own.
    sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection_->run(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"
    );
    is_empty_database(*connection_, file_, format_steps());  // refuses what is not ours
}

bool database_store::has_newest_format() {
    std::int64_t newest = first_format + static_cast<std::int64_t>(format_steps().size());
    return connection_->number("PRAGMA user_version") == newest;
}

/// What was not loaded is not carried over: it may be the wrong database for the log, and what
/// stands in the log behind a damaged page would go with it.
database_store::~database_store() {
    statements_.reset();
    if (!loaded_ || !stopped_.empty() || options_.read_only) return;
    sqlite3* handle = connection_->handle();
    sqlite3_busy_timeout(handle, 0);
    int code =
        sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code != SQLITE_OK) return;
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    mark_.write(state());
}

load_report database_store::load_all(const std::function<void(record&&)>& each) {
    load_report report;
    loaded_ = false;
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
    loaded_ = true;
    return report;
}

/// Everything that SQLite writes to, and what keeps other servers away. The log and its index may
/// come with the first save only.
void database_store::watch_place() {
    for (const auto* suffix : {"", "-wal", "-shm", ".lock"}) {
        const fs::path path = file_.string() + suffix;
        if (!options_.read_only && !watched_.is_watching(path)) watched_.watch(path);
    }
}

void database_store::check_place() {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    const auto lost = watched_.find_lost();
    if (lost.empty()) return;
    stopped_ = quoted(lost) +
               " was deleted or replaced while the store was open; what is stored is not known, "
               "the store is stopped";
    throw store_unknown(stopped_);
}

void database_store::load(const std::function<void(record&&)>& each, load_report& report) {
    bool is_empty = connection_->number("SELECT count(*) FROM sqlite_schema") == 0;
    sqlite_loading found(entries_, each);
    // Before the rows: whoever writes meanwhile writes the mark last.
    auto mark = mark_.read();
    if (!options_.read_only && !is_empty && !has_newest_format()) upgrade(mark);
    connection_->run("BEGIN");
    if (mark) entries_.reserve(mark->conversations);
    if (!is_empty) {
        logs_.read(*connection_, file_, options_.accept_rollback);
        found.read_all(*connection_);
        auto removal = static_cast<std::uint64_t>(connection_->number("SELECT saved FROM removal"));
        saved_ = std::max(found.saved(), removal);
    }
    checksum_ = found.checksum();
    report.loaded = found.loaded();

    found_stored state_found{state(), found.bad().empty()};
    refuse_rollback(file_, mark_, mark, state_found, options_.accept_rollback);
    if (!is_as_marked(mark, state_found)) look_for_loss(mark, state_found, report);
    connection_->run("COMMIT");
    if (!options_.read_only) begin_writing(is_empty);
    if (!options_.read_only && !mark) mark_.begin(state());
    set_aside(found.bad(), report);
    // What is missing by now is known and accepted, and no number is used twice.
    if (mark && mark->saved > saved_ && !options_.read_only) {
        statements_->note_removal.run(as_number(mark->saved));
        saved_ = mark->saved;
    }
}

/// Whatever is written takes the place of what stands in the log behind a damaged page. So the mark
/// is asked before the steps, which write.
void database_store::upgrade(const std::optional<marked>& mark) {
    found_stored found;
    found.now.saved = last_transaction(*connection_);
    refuse_rollback(file_, mark_, mark, found, options_.accept_rollback);
    configure();
    bring_up_to_date(*connection_, file_, format_steps());
}

/// Comes when nothing refuses the database any more: until then it is left as it was found.
void database_store::begin_writing(bool is_empty) {
    configure();
    if (is_empty) make_tables(*connection_);
    statements_.emplace(connection_->handle());
}

void database_store::configure() {
    if (connection_->text("PRAGMA journal_mode = WAL") != "wal")
        refuse_place(file_, "its file system cannot hold a write-ahead log");
    bool full = options_.acknowledged == durability::survives_power_loss;
    connection_->run(full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");

    // This hook takes the place of SQLite's own checkpointing, which would run inside a commit.
    auto remember_pages = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<database_store*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(connection_->handle(), remember_pages, this);
    most_wal_pages_ =
        longest_wal / std::max<std::int64_t>(connection_->number("PRAGMA page_size"), 1);
}

/// Without a mark that was written at this very state, lost rows could hide behind a damaged page:
/// then the pages are looked through. Says what an operator should know.
void database_store::look_for_loss(
    const std::optional<marked>& mark,
    const found_stored& found,
    load_report& report
) {
    if (found.now.saved > 0) {
        std::string sound = connection_->text("PRAGMA quick_check(1)");
        if (sound != "ok") throw sqlite_error(SQLITE_CORRUPT, sound);
    }
    add_warnings(file_, mark_, mark, found, report);
}

void database_store::set_aside(std::vector<bad_rows>& bad, load_report& report) {
    if (bad.empty()) return;
    std::string where = options_.read_only ? "left where it is in " + quoted(file_)
                                           : "the table quarantine in " + quoted(file_);
    if (!options_.read_only) move_to_quarantine(bad);
    for (bad_rows& each : bad)
        report.quarantined.push_back({std::move(each.id), std::move(each.why), where});
}

void database_store::move_to_quarantine(const std::vector<bad_rows>& bad) {
    connection_->run("BEGIN IMMEDIATE");
    sqlite_statement copy(
        connection_->handle(),
        "INSERT INTO quarantine(why, conversation, name, revision, saved, checksum, status, parts,"
        " checksum_of_all, body) SELECT ?, conversation, name, revision, saved, checksum, status,"
        " parts, checksum_of_all, body FROM part WHERE number = ?"
    );
    sqlite_statement drop(connection_->handle(), "DELETE FROM part WHERE number = ?");
    for (const bad_rows& each : bad)
        for (std::int64_t row : each.rows) {
            copy.run(each.why, row);
            drop.run(row);
        }
    connection_->run("COMMIT");
}

void database_store::save(std::span<const change> batch) {
    if (options_.read_only) throw store_refused(quoted(file_) + " is open for reading only");
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!loaded_) throw std::logic_error("load_all comes before the first save");
    if (batch.empty()) return;
    bool committing = false;
    removes_ = false;
    ++saved_;
    try {
        check_batch(batch);
        staged_.reserve(batch.size());
        statements_->begin.run();
        for (const change& one : batch)
            apply(one);
        if (removes_) statements_->note_removal.run(as_number(saved_));
        if (logs_.is_due()) statements_->note_log.run(logs_.next());
        committing = true;
        statements_->commit.run();
    } catch (const sqlite_error& error) {
        fail(error, committing);
    } catch (const store_conflict& conflict) {
        take_back(conflict.what(), true, true);
    } catch (const std::exception& error) {  // a refusal of ours, or no memory
        take_back(error.what(), true);
    }
    settle(true);
    if (logs_.is_due()) {
        logs_.count();
        watch_place();
    }
    check_place();
    if (options_.acknowledged == durability::survives_power_loss) mark_.note(state());
    checkpoint_if_due();
}

void database_store::apply(const change& one) {
    auto [slot, is_new] = entries_.try_emplace(one.id);
    next_entry& to = staged_.emplace_back();
    to.slot = &*slot;
    to.is_new = is_new;
    const entry& now = slot->second;
    check_follows(one, is_new ? nullptr : &now.revision);

    to.next.revision = one.revision;
    to.next.status = one.status;
    to.next.head = now.head;
    to.next.of_parts = now.of_parts;
    to.parts = now.parts();
    if (one.what == change::kind::update)
        update(one, to);
    else
        rewrite(one, to);
    // What settles must not fail.
    slot->second.others.reserve(slot->second.others.size() + to.set.size());
}

void database_store::rewrite(const change& one, next_entry& to) {
    to.gone = one.what == change::kind::remove;
    // Also if it was not there: every transaction leaves its number somewhere.
    removes_ = removes_ || to.gone;
    if (!to.is_new) {
        drop_row(one.id, to.slot->second.head.row);
        for (const stored_part& each : to.slot->second.others)
            drop_row(one.id, each.row);
    }
    to.anew = true;
    if (to.gone) return;

    to.next.of_parts = 0;
    to.parts = 1;
    std::optional<std::string_view> head;
    for (const part& each : one.written) {
        if (each.name == "head") {
            head = each.body;
            continue;
        }
        to.set.push_back(add_part(one, each));
        to.next.of_parts ^= to.set.back().checksum;
        ++to.parts;
    }
    add_head(one, head, to);
}

/// The row that is written last tells the checksum of the whole: the head's if it is given, if
/// parts come or go, or if there is no other row.
void database_store::update(const change& one, next_entry& to) {
    entry& now = to.slot->second;
    const part* head = nullptr;
    const part* last = nullptr;
    for (const part& each : one.written)
        (each.name == "head" ? head : last) = &each;
    bool head_tells = head || !last || !one.dropped.empty() || one.status != now.status ||
                      std::any_of(one.written.begin(), one.written.end(), [&](const part& each) {
                          return !now.find(checksum(each.name));
                      });
    std::uint64_t before = to.parts;
    for (const part& each : one.written)
        if (&each != head) update_part(one, each, &each == last && !head_tells, to);
    bool adds = to.parts > before;
    for (const std::string& name : one.dropped)
        drop_part(one, checksum(name), to);
    if (!head_tells) return;

    to.next.of_parts ^= to.next.head.checksum;
    if (head && adds) {
        drop_row(one.id, to.next.head.row);
        add_head(one, head->body, to);
    } else {
        update_head(one, head, to);
    }
}

/// `tells`: its row tells of the whole.
void database_store::update_part(const change& one, const part& each, bool tells, next_entry& to) {
    std::uint64_t name = checksum(each.name);
    const stored_part* old = to.slot->second.find(name);
    if (!old) {
        to.set.push_back(add_part(one, each));
        to.next.of_parts ^= to.set.back().checksum;
        ++to.parts;
        return;
    }
    std::uint64_t sum = part_checksum(one.id, each.name, one.revision, saved_, each.body);
    to.next.of_parts ^= old->checksum ^ sum;
    std::optional<std::int64_t> of_all;
    if (tells) of_all = as_number(count_all(to));
    statements_->set_part.run(
        of_all,
        as_number(one.revision),
        as_number(saved_),
        as_number(sum),
        each.body,
        old->row,
        one.id,
        each.name
    );
    need_one_changed(one.id);
    to.set.push_back({name, old->row, sum});
}

void database_store::drop_part(const change& one, std::uint64_t name, next_entry& to) {
    const stored_part* old = to.slot->second.find(name);
    if (!old) return;
    drop_row(one.id, old->row);
    to.next.of_parts ^= old->checksum;
    --to.parts;
    to.dropped.push_back(name);
}

void database_store::drop_row(const std::string& id, std::int64_t row) {
    statements_->drop_part.run(row, id);
    need_one_changed(id);
}

stored_part database_store::add_part(const change& one, const part& each) {
    std::uint64_t sum = part_checksum(one.id, each.name, one.revision, saved_, each.body);
    statements_->add_part.run(
        one.id,
        each.name,
        as_number(one.revision),
        as_number(saved_),
        as_number(sum),
        each.body
    );
    return {checksum(each.name), connection_->last_row(), sum};
}

/// The checksum of the whole, as it is by now.
std::uint64_t database_store::count_all(next_entry& to) {
    to.next.of_all = conversation_checksum(to.next.of_parts, to.parts, status_text(to.next.status));
    return to.next.of_all;
}

/// The checksums that the head's row tells.
void database_store::count_in_head(
    const change& one,
    std::optional<std::string_view> body,
    next_entry& to
) {
    to.next.head.name = checksum("head");
    to.next.head.checksum = part_checksum(one.id, "head", one.revision, saved_, body);
    to.next.of_parts ^= to.next.head.checksum;
    count_all(to);
}

void database_store::add_head(
    const change& one,
    std::optional<std::string_view> body,
    next_entry& to
) {
    count_in_head(one, body, to);
    statements_->add_head.run(
        status_text(one.status),
        as_number(to.parts),
        as_number(to.next.of_all),
        one.id,
        as_number(one.revision),
        as_number(saved_),
        as_number(to.next.head.checksum),
        body
    );
    to.next.head.row = connection_->last_row();
}

void database_store::set_head(
    const change& one,
    std::optional<std::string_view> body,
    next_entry& to
) {
    count_in_head(one, body, to);
    statements_->set_head.run(
        status_text(one.status),
        as_number(to.parts),
        as_number(to.next.of_all),
        as_number(one.revision),
        as_number(saved_),
        as_number(to.next.head.checksum),
        body,
        to.next.head.row,
        one.id
    );
    need_one_changed(one.id);
}

/// The head tells of the whole, also where its own body stays as it is.
void database_store::update_head(const change& one, const part* written, next_entry& to) {
    if (written) return set_head(one, written->body, to);
    sqlite_statement& read = statements_->read_body;
    read.bind_all(to.next.head.row);
    std::optional<std::string> body;
    while (read.next())
        if (read.type(0) != SQLITE_NULL) body = read.text(0);
    set_head(one, body, to);
}

void database_store::need_one_changed(const std::string& id) {
    if (connection_->changed_rows() == 1) return;
    throw store_refused(
        quoted(file_) + ": a part of conversation " + id +
        " is missing; has another program changed it?"
    );
}

/// Brings the entries in line with what the database holds now. Does not fail: that is why the
/// places of new entries are made before the commit.
void database_store::settle(bool committed) {
    for (next_entry& each : staged_) {
        if (committed)
            settle(each);
        else if (each.is_new)
            entries_.erase(entries_.find(each.slot->first));
    }
    staged_.clear();
}

void database_store::settle(next_entry& one) {
    entry& now = one.slot->second;
    checksum_ ^= now.of_all;  // 0 if it is new
    if (one.gone) {
        entries_.erase(entries_.find(one.slot->first));
        return;
    }
    checksum_ ^= one.next.of_all;
    one.next.others.swap(now.others);
    now = std::move(one.next);
    if (one.anew) now.others.clear();
    for (const stored_part& each : one.set)
        now.put(each);
    for (std::uint64_t name : one.dropped)
        now.drop(name);
}

/// True if no transaction is left.
bool database_store::roll_back() noexcept {
    if (connection_->in_transaction())
        sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return !connection_->in_transaction();
}

/// Tells a refusal, after which everything is as before, from a failure with an unknown end.
void database_store::fail(const sqlite_error& error, bool committing) {
    bool harmless = false;
    switch (error.primary_code()) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
        harmless = true;
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_CONSTRAINT:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_TOOBIG:
        harmless = !committing;
        break;
    default:
        break;
    }
    take_back(quoted(file_) + ": " + explain(error, file_), harmless);
}

void database_store::take_back(const std::string& why, bool harmless, bool conflict) {
    settle(false);
    --saved_;
    if (roll_back() && harmless) {
        if (conflict) throw store_conflict(why);
        throw store_refused(why);
    }
    stopped_ = why + "; what is stored is not known, the store is stopped";
    throw store_unknown(stopped_);
}

void database_store::checkpoint_if_due() {
    if (wal_pages_ < most_wal_pages_) return;
    int pages = 0;
    int carried_over = 0;
    int code = sqlite3_wal_checkpoint_v2(
        connection_->handle(),
        nullptr,
        SQLITE_CHECKPOINT_PASSIVE,
        &pages,
        &carried_over
    );
    // The log is synced before it is carried over, so what it holds is durable from here on.
    if (code == SQLITE_OK && pages == carried_over) {
        mark_.note(state());
        logs_.end_log();
    }
    // This batch is safe in the log. But after a failed sync the system may forget what it could
    // not write and let the next sync pass: a checkpoint that then succeeds would lose the log.
    int primary = code & 0xff;
    if (primary != SQLITE_OK && primary != SQLITE_BUSY && primary != SQLITE_LOCKED &&
        primary != SQLITE_FULL)
        stopped_ = quoted(file_) + ": checkpoint: " + sqlite3_errstr(code) +
                   "; the store is stopped, what was acknowledged is in its log";
}

}  // namespace

std::unique_ptr<store> sqlite_store(const std::filesystem::path& file, sqlite_options options) {
    return open_store<database_store>(file, options);
}

}  // namespace stube
