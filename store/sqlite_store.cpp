#include "store/files.hpp"
#include "store/json_text.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/store/sqlite_store.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <unordered_map>

// Format 1 (why it looks like this, with figures: docs/decisions/0002-store-format.md).
//
//   conversation  a row each; not touched by an update
//   part          a row each. The head's revision is the conversation's; another part's is that
//                 of the save that wrote it. A mark that came without a head has one with no body.
//   quarantine    the rows of conversations that could not be read, as they were
//
// When an update adds a part, the head moves to the end of the table beside it: the next updates
// change just these two, and they now lie on one page, which is what a save costs.

namespace stube {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t our_application = 0x73747562;  // "stub"
constexpr std::int64_t our_format = 1;
constexpr std::int64_t longest_wal = 4 << 20;

constexpr const char* schema = R"(
    BEGIN IMMEDIATE;
    CREATE TABLE conversation(
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL          -- kept, not_kept
    );
    CREATE TABLE part(
        number INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        body TEXT,                    -- JSON
        UNIQUE(conversation, name)
    );
    CREATE TABLE quarantine(why, id, status, name, revision, body);
    PRAGMA application_id = 1937012066;
    PRAGMA user_version = 1;
    COMMIT;
)";

struct statements {
    explicit statements(sqlite3* on) : connection(on) {}

    sqlite3* connection;
    sqlite_statement begin{connection, "BEGIN IMMEDIATE"};
    sqlite_statement commit{connection, "COMMIT"};
    sqlite_statement add_conversation{
        connection,
        "INSERT INTO conversation(id, status) VALUES(?, ?)"};
    sqlite_statement set_status{connection, "UPDATE conversation SET status = ? WHERE number = ?"};
    sqlite_statement drop_conversation{connection, "DELETE FROM conversation WHERE number = ?"};
    sqlite_statement add_part{
        connection,
        "INSERT INTO part(conversation, name, revision, body) VALUES(?, ?, ?, ?)"};
    sqlite_statement set_part{
        connection,
        "UPDATE part SET revision = ?, body = ? WHERE conversation = ? AND name = ?"};
    sqlite_statement drop_part{connection, "DELETE FROM part WHERE conversation = ? AND name = ?"};
    sqlite_statement drop_parts{connection, "DELETE FROM part WHERE conversation = ?"};
    sqlite_statement set_row{connection, "UPDATE part SET revision = ?, body = ? WHERE number = ?"};
    sqlite_statement touch_row{connection, "UPDATE part SET revision = ? WHERE number = ?"};
    sqlite_statement drop_row{connection, "DELETE FROM part WHERE number = ?"};
};

/// What is remembered of a stored conversation, so that an update needs no look-up.
struct entry {
    std::int64_t number = 0;  ///< its row; 0 is none
    std::int64_t head = 0;    ///< the row of its head
    std::uint64_t revision = 0;
    keeping status = keeping::kept;
};

using entries = std::unordered_map<std::string, entry>;

std::int64_t as_number(std::uint64_t revision) {
    return static_cast<std::int64_t>(revision);
}

std::string_view status_text(keeping status) {
    return status == keeping::kept ? "kept" : "not_kept";
}

/// One conversation while its rows come in.
struct loading {
    record one;
    entry known;
    std::int64_t newest_part = 0;
    std::string why;  ///< what is wrong with it; empty while nothing is
};

/// Columns of the loading query: number, id, status, then of the part: number, name, revision,
/// body. Types are asked for before values, because reading a value as text makes text of it.
void start(const sqlite_statement& row, loading& into) {
    bool is_text = row.type(1) == SQLITE_TEXT;
    into.known.number = row.number(0);
    into.one.id = row.text(1);
    std::string_view status = row.text(2);
    try {
        if (!is_text) throw std::invalid_argument("its id is not text");
        check_id(into.one.id);
    } catch (const std::invalid_argument& bad) {
        into.one.id.clear();
        into.why = bad.what();
    }
    if (status != "kept" && status != "not_kept") into.why = "its status is not known";
    into.known.status = status == "kept" ? keeping::kept : keeping::not_kept;
    into.one.status = into.known.status;
}

void add_part(const sqlite_statement& row, loading& into) {
    if (row.type(3) == SQLITE_NULL) return;  // no parts at all
    bool name_is_text = row.type(4) == SQLITE_TEXT;
    bool revision_is_number = row.type(5) == SQLITE_INTEGER;
    std::string name(row.text(4));
    std::int64_t revision = row.number(5);
    into.newest_part = std::max(into.newest_part, revision);
    bool is_head = name == "head";
    try {
        if (!name_is_text) throw std::invalid_argument("the name of a part is not text");
        check_part_name(name);
    } catch (const std::invalid_argument& bad) {
        into.why = bad.what();
        return;
    }
    if (!revision_is_number || revision < 0)
        into.why = "the revision of part \"" + name + "\" is not a whole number";
    if (is_head) {
        into.known.head = row.number(3);
        into.one.revision = static_cast<std::uint64_t>(revision);
        into.known.revision = into.one.revision;
        if (row.type(6) == SQLITE_NULL) return;
    }
    bool is_text = row.type(6) == SQLITE_TEXT;
    std::string_view body = row.text(6);
    if (is_text && is_json(body))
        into.one.parts.push_back({std::move(name), std::string(body)});
    else
        into.why = "part \"" + name + "\" is not JSON";
}

void see_to_the_whole(loading& read) {
    if (!read.why.empty()) return;
    if (read.known.head == 0)
        read.why = "it has no head";
    else if (static_cast<std::uint64_t>(read.newest_part) > read.known.revision)
        read.why = "one of its parts is newer than its head";
}

std::string explain(const sqlite_error& error, const fs::path& file) {
    switch (error.primary_code()) {
    case SQLITE_NOTADB:
        return "it is not an SQLite database";
    case SQLITE_CORRUPT:
        return "the database is damaged (" + std::string(error.what()) +
               "); keep a copy of it and of its -wal file, and rescue what is left with: sqlite3 "
               "\"" +
               file.string() + "\" .recover";
    default:
        return error.what();
    }
}

class database_store final : public store {
public:
    database_store(const fs::path& file, sqlite_options options);
    ~database_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    bool saves_parts() const override { return true; }

private:
    bool identify();
    void configure(sqlite_options options);

    void read_all(
        const std::function<void(record&&)>& each,
        load_report& report,
        std::vector<loading>& bad
    );
    void set_aside(const std::vector<loading>& bad, load_report& report);
    std::int64_t set_aside_lost_parts();

    void apply(const change& one);
    void rewrite(const change& one, entry& next);
    void update(const change& one, entry& next);
    void set_head(const part* head, bool beside_new_part, entry& next);
    void settle(bool committed);
    bool roll_back() noexcept;
    [[noreturn]] void fail(const sqlite_error& error, bool committing);
    [[noreturn]] void take_back(const std::string& why, bool harmless, bool conflict = false);
    void checkpoint_if_due();

    fs::path file_;
    file_descriptor lock_;  // outlives the connection
    std::optional<sqlite_connection> connection_;
    std::optional<statements> statements_;
    entries entries_;
    std::vector<std::pair<entries::value_type*, entry>> staged_;  ///< entries after this batch
    std::int64_t wal_pages_ = 0;
    std::int64_t most_wal_pages_ = 0;
    bool loaded_ = false;
    std::string stopped_;  ///< why it takes no more changes; empty while it does
};

/// Takes the lock and makes sure of a file that only this user can read.
file_descriptor take_file(const fs::path& file) {
    need_folder(file.parent_path(), file);
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) refuse_place(file, "it is a folder");
    file_descriptor lock = take_ownership(file.string() + ".lock", file);

    // Only a new file is opened here: closing any descriptor of a database drops SQLite's locks on
    // it.
    file_descriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    int error = made.is_open() ? sync_folder(file.parent_path()) : errno;
    if (error != 0 && error != EEXIST) refuse_place(file, words_for(error));
    return lock;
}

database_store::database_store(const fs::path& file, sqlite_options options)
    : file_(absolute_path(file)), lock_(take_file(file_)) {
    try {
        connection_.emplace(file_);
        // The files of somebody else are left as they are, and a stopped store leaves its own.
        sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        connection_->run(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"
        );
        bool is_new = identify();
        configure(options);
        if (is_new) connection_->run(schema);
        statements_.emplace(connection_->handle());
    } catch (const sqlite_error& error) {
        refuse_place(file_, explain(error, file_));
    }
}

/// True if the database is empty and may be made ours; refuses what is not ours.
bool database_store::identify() {
    std::int64_t application = connection_->number("PRAGMA application_id");
    std::int64_t format = connection_->number("PRAGMA user_version");
    std::int64_t tables = connection_->number("SELECT count(*) FROM sqlite_schema");
    if (application == 0 && format == 0 && tables == 0) return true;
    if (application != our_application) refuse_place(file_, "it is a database of another program");
    if (format > our_format)
        refuse_place(
            file_,
            "it was written by a newer release (format " + std::to_string(format) +
                ", this one knows " + std::to_string(our_format) + ")"
        );
    if (format != our_format)
        refuse_place(file_, "its format " + std::to_string(format) + " is not known");
    return false;
}

void database_store::configure(sqlite_options options) {
    if (connection_->text("PRAGMA journal_mode = WAL") != "wal")
        refuse_place(file_, "its file system cannot hold a write-ahead log");
    bool full = options.acknowledged == durability::survives_power_loss;
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

database_store::~database_store() {
    statements_.reset();
    if (!stopped_.empty() || !connection_) return;
    sqlite3* handle = connection_->handle();
    sqlite3_busy_timeout(handle, 0);
    int code =
        sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (code == SQLITE_OK) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

load_report database_store::load_all(const std::function<void(record&&)>& each) {
    load_report report;
    try {
        std::vector<loading> bad;
        entries_.clear();
        read_all(each, report, bad);
        set_aside(bad, report);
    } catch (const sqlite_error& error) {
        roll_back();
        refuse_place(file_, explain(error, file_));
    }
    loaded_ = true;
    return report;
}

void database_store::read_all(
    const std::function<void(record&&)>& each,
    load_report& report,
    std::vector<loading>& bad
) {
    sqlite_statement rows(
        connection_->handle(),
        "SELECT c.number, c.id, c.status, p.number, p.name, p.revision, p.body"
        " FROM conversation c LEFT JOIN part p ON p.conversation = c.number ORDER BY c.number"
    );
    bool more = rows.next();
    while (more) {
        loading read;
        start(rows, read);
        do {
            add_part(rows, read);
            more = rows.next();
        } while (more && rows.number(0) == read.known.number);

        see_to_the_whole(read);
        if (read.why.empty()) {
            entries_[read.one.id] = read.known;
            ++report.loaded;
            each(std::move(read.one));
        } else {
            read.one.parts.clear();  // its bytes stay in the database
            bad.push_back(std::move(read));
        }
    }
}

void database_store::set_aside(const std::vector<loading>& bad, load_report& report) {
    std::string where = "the table quarantine in \"" + file_.string() + "\"";
    connection_->run("BEGIN IMMEDIATE");
    sqlite_statement copy(
        connection_->handle(),
        "INSERT INTO quarantine(why, id, status, name, revision, body)"
        " SELECT ?, c.id, c.status, p.name, p.revision, p.body"
        " FROM conversation c LEFT JOIN part p ON p.conversation = c.number WHERE c.number = ?"
    );
    for (const loading& each : bad) {
        copy.run(each.why, each.known.number);
        statements_->drop_parts.run(each.known.number);
        statements_->drop_conversation.run(each.known.number);
        report.quarantined.push_back({each.one.id, each.why, where});
    }
    if (set_aside_lost_parts() > 0)
        report.quarantined.push_back({"", "parts without a conversation", where});
    connection_->run("COMMIT");
}

/// Parts whose conversation is not there would turn up in a later one that gets its number.
std::int64_t database_store::set_aside_lost_parts() {
    connection_->run("INSERT INTO quarantine(why, name, revision, body)"
                     " SELECT 'parts without a conversation', name, revision, body FROM part"
                     " WHERE conversation NOT IN (SELECT number FROM conversation)");
    connection_->run("DELETE FROM part WHERE conversation NOT IN (SELECT number FROM conversation)"
    );
    return connection_->changed_rows();
}

void database_store::save(std::span<const change> batch) {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!loaded_) throw std::logic_error("load_all comes before the first save");
    if (batch.empty()) return;
    bool committing = false;
    try {
        check_batch(batch);
        staged_.reserve(batch.size());
        statements_->begin.run();
        for (const change& one : batch)
            apply(one);
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
    checkpoint_if_due();
}

void database_store::apply(const change& one) {
    auto [slot, is_new] = entries_.try_emplace(one.id);
    staged_.emplace_back(&*slot, slot->second);
    entry& next = staged_.back().second;

    if (one.what == change::kind::remove) {
        if (!is_new) {
            statements_->drop_parts.run(next.number);
            statements_->drop_conversation.run(next.number);
        }
        next = {};
        return;
    }
    check_follows(one, is_new ? nullptr : &next.revision);
    next.revision = one.revision;
    if (one.what == change::kind::update)
        update(one, next);
    else
        rewrite(one, next);
}

void database_store::rewrite(const change& one, entry& next) {
    if (next.number == 0) {
        statements_->add_conversation.run(one.id, status_text(one.status));
        next.number = connection_->last_row();
    } else {
        statements_->drop_parts.run(next.number);
        if (next.status != one.status)
            statements_->set_status.run(status_text(one.status), next.number);
    }
    next.status = one.status;

    const part* head = nullptr;
    for (const part& each : one.written) {
        if (each.name == "head")
            head = &each;
        else
            statements_->add_part.run(next.number, each.name, as_number(next.revision), each.body);
    }
    if (head)
        statements_->add_part.run(next.number, head->name, as_number(next.revision), head->body);
    else
        statements_->add_part.run(next.number, "head", as_number(next.revision), nullptr);
    next.head = connection_->last_row();
}

void database_store::update(const change& one, entry& next) {
    const part* head = nullptr;
    bool added = false;
    for (const part& each : one.written) {
        if (each.name == "head") {
            head = &each;
            continue;
        }
        statements_->set_part.run(as_number(next.revision), each.body, next.number, each.name);
        if (connection_->changed_rows() == 0) {
            statements_->add_part.run(next.number, each.name, as_number(next.revision), each.body);
            added = true;
        }
    }
    for (const std::string& name : one.dropped)
        statements_->drop_part.run(next.number, name);
    if (next.status != one.status)
        statements_->set_status.run(status_text(one.status), next.number);
    next.status = one.status;
    set_head(head, added, next);
}

void database_store::set_head(const part* head, bool beside_new_part, entry& next) {
    if (!head)
        statements_->touch_row.run(as_number(next.revision), next.head);
    else if (!beside_new_part)
        statements_->set_row.run(as_number(next.revision), head->body, next.head);
    else
        statements_->drop_row.run(next.head);
    if (connection_->changed_rows() != 1)
        throw store_refused(quoted(file_) + ": a head is missing; has another program changed it?");
    if (head && beside_new_part) {
        statements_->add_part.run(next.number, head->name, as_number(next.revision), head->body);
        next.head = connection_->last_row();
    }
}

/// Brings the entries in line with what the database holds now. Does not fail: that is why the
/// places of new entries are made before the commit.
void database_store::settle(bool committed) {
    for (auto& [slot, next] : staged_) {
        if (committed) slot->second = next;
        if (slot->second.number == 0) entries_.erase(entries_.find(slot->first));
    }
    staged_.clear();
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
    if (roll_back() && harmless) {
        if (conflict) throw store_conflict(why);
        throw store_refused(why);
    }
    stopped_ = why + "; what is stored is not known, the store is stopped";
    throw store_unknown(stopped_);
}

void database_store::checkpoint_if_due() {
    if (wal_pages_ < most_wal_pages_) return;
    int code = sqlite3_wal_checkpoint_v2(
        connection_->handle(),
        nullptr,
        SQLITE_CHECKPOINT_PASSIVE,
        nullptr,
        nullptr
    );
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
    return std::make_unique<database_store>(file, options);
}

}  // namespace stube
