#include "store/assert.hpp"
#include "store/files.hpp"
#include "store/sqlite_format.hpp"
#include "store/sqlite_index_file.hpp"
#include "store/sqlite_index_plan.hpp"
#include "store/sqlite_index_select.hpp"

#include <stube/store/query_index.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace stube::storage {
namespace {

namespace fs = std::filesystem;

constexpr char between_names = '\x1f';

std::string join_names(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) {
        if (!out.empty()) out += between_names;
        out += name;
    }
    return out;
}

std::vector<std::string> split_names(std::string_view joined) {
    std::vector<std::string> out;
    while (!joined.empty()) {
        const auto end = std::min(joined.find(between_names), joined.size());
        out.emplace_back(joined.substr(0, end));
        joined.remove_prefix(std::min(end + 1, joined.size()));
    }
    return out;
}

void bind_value(sqlite_statement& to, int index, const index_value& value) {
    std::visit(
        [&]<class T>(const T& each) {
            if constexpr (std::is_same_v<T, std::string>)
                to.bind(index, std::string_view(each));
            else
                to.bind(index, each);
        },
        value
    );
}

index_value value_in(const sqlite_statement& row, int column) {
    switch (row.type(column)) {
    case SQLITE_INTEGER:
        return row.number(column);
    case SQLITE_FLOAT:
        return row.real(column);
    default:
        return std::string(row.text(column));
    }
}

/// The columns of a query for conversations, from `id` on.
index_row row_in(const sqlite_statement& row, int first) {
    index_row out;
    out.id = row.text(first);
    out.principal = row.text(first + 1);
    out.mount = row.text(first + 2);
    out.component = row.text(first + 3);
    out.step = as_unsigned(row.number(first + 4));
    out.head = as_unsigned(row.number(first + 5));
    out.created = row.number(first + 6);
    out.touched = row.number(first + 7);
    out.since = row.number(first + 8);
    out.has_ended = row.number(first + 9) != 0;
    out.awaited = split_names(row.text(first + 10));
    return out;
}

constexpr const char* read_row_by_id =
    "SELECT number, id, principal, mount, component, step, head, created, touched, since, ended,"
    " awaited FROM conversation WHERE id = ?";

/// The numbers of the members by component and name.
using member_numbers = std::map<std::pair<std::string, std::string>, std::int64_t>;

member_numbers read_members(sqlite_connection& database) {
    member_numbers out;
    sqlite_statement read(database.handle(), "SELECT component, path, number FROM member");
    while (read.next())
        out[{std::string(read.text(0)), std::string(read.text(1))}] = read.number(2);
    return out;
}

/// Writes batches through a connection of its own.
class index_writer {
public:
    explicit index_writer(const fs::path& file)
        : database_(file),
          members_(read_members(database_)),
          begin_(database_.handle(), "BEGIN IMMEDIATE"),
          commit_(database_.handle(), "COMMIT"),
          read_row_(database_.handle(), read_row_by_id),
          add_row_(
              database_.handle(),
              "INSERT INTO conversation(id, principal, mount, component, step, head, created,"
              " touched, since, ended, awaited) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
          ),
          change_row_(
              database_.handle(),
              "UPDATE conversation SET principal = ?, mount = ?, component = ?, step = ?,"
              " head = ?, created = ?, touched = ?, since = ?, ended = ?, awaited = ?"
              " WHERE number = ?"
          ),
          add_awaited_(database_.handle(), "INSERT INTO awaited VALUES(?, ?, ?)"),
          delete_awaited_(
              database_.handle(),
              "DELETE FROM awaited WHERE who = ? AND since = ? AND conversation = ?"
          ),
          read_fact_(
              database_.handle(),
              "SELECT value, from_head FROM fact"
              " WHERE conversation = ? AND member = ? AND instance = ?"
          ),
          read_facts_(
              database_.handle(),
              "SELECT member, instance FROM fact WHERE conversation = ?"
          ),
          put_fact_(
              database_.handle(),
              "INSERT OR REPLACE INTO fact(conversation, member, instance, value, from_head)"
              " VALUES(?, ?, ?, ?, ?)"
          ),
          delete_fact_(
              database_.handle(),
              "DELETE FROM fact WHERE conversation = ? AND member = ? AND instance = ?"
          ),
          end_fact_(
              database_.handle(),
              "INSERT INTO past_fact(conversation, member, instance, value, from_head, to_head)"
              " SELECT conversation, member, instance, value, from_head, ?4 FROM fact"
              " WHERE conversation = ?1 AND member = ?2 AND instance = ?3"
          ),
          set_state_(database_.handle(), "UPDATE state SET position = ?, digest = ?") {
        configure_index(database_);
        database_.run("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST");
    }

    void apply(const index_batch& batch) {
        in_transaction([&] {
            for (const auto& row : batch.rows)
                write_row(row);
            for (const auto& facts : batch.facts)
                write_facts(facts);
            set_state_.run(
                as_sql(batch.watermark.position),
                std::span<const std::uint8_t>(batch.watermark.digest)
            );
        });
    }

    /// The past values that held only before the head are deleted, and the others begin with it.
    void trim(std::string_view id, std::uint64_t first_head, std::int64_t time) {
        const auto first = as_sql(first_head);
        deleting([&] {
            const std::int64_t number = find(id).first;
            const auto run = [&](const char* sql, std::int64_t value) {
                sqlite_statement(database_.handle(), sql).run(number, value);
            };
            run("DELETE FROM past_fact WHERE conversation = ? AND to_head <= ?", first);
            for (const char* sql :
                 {"UPDATE past_fact SET from_head = ?2 WHERE conversation = ?1 AND from_head < ?2",
                  "UPDATE fact SET from_head = ?2 WHERE conversation = ?1 AND from_head < ?2"})
                run(sql, first);
            for (const char* sql :
                 {"UPDATE conversation SET since = ?2 WHERE number = ?1 AND since < ?2",
                  "UPDATE awaited SET since = ?2 WHERE conversation = ?1 AND since < ?2"})
                run(sql, time);
        });
    }

    void forget(std::string_view id) {
        deleting([&] {
            const std::int64_t number = find(id).first;
            for (const char* table : {"past_fact", "fact", "awaited"})
                sqlite_statement(
                    database_.handle(),
                    (std::string("DELETE FROM ") + table + " WHERE conversation = ?").c_str()
                )
                    .run(number);
            sqlite_statement(database_.handle(), "DELETE FROM conversation WHERE number = ?")
                .run(number);
        });
    }

private:
    /// A transaction whose deleted bytes leave the file and its log.
    template <class Work>
    void deleting(Work work) {
        database_.run("PRAGMA secure_delete = ON");
        in_transaction(work);
        database_.run("PRAGMA secure_delete = FAST; PRAGMA wal_checkpoint(TRUNCATE)");
    }

    template <class Work>
    void in_transaction(Work work) {
        begin_.run();
        try {
            work();
            commit_.run();
        } catch (...) {
            if (database_.in_transaction())
                sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
            throw;
        }
    }

    /// The number of a conversation and its row; 0 if it is not in the index.
    std::pair<std::int64_t, index_row> find(std::string_view id) {
        std::pair<std::int64_t, index_row> out;
        read_row_.bind_all(id);
        while (read_row_.next())
            out = {read_row_.number(0), row_in(read_row_, 1)};
        return out;
    }

    void write_row(const index_row& row) {
        auto [number, before] = find(row.id);
        const std::string joined = join_names(row.awaited);
        const auto ended = static_cast<std::int64_t>(row.has_ended);
        if (number == 0) {
            add_row_.run(
                row.id,
                row.principal,
                row.mount,
                row.component,
                as_sql(row.step),
                as_sql(row.head),
                row.created,
                row.touched,
                row.since,
                ended,
                joined
            );
            number = database_.last_row();
        } else {
            change_row_.run(
                row.principal,
                row.mount,
                row.component,
                as_sql(row.step),
                as_sql(row.head),
                row.created,
                row.touched,
                row.since,
                ended,
                joined,
                number
            );
        }
        if (row.awaited == before.awaited && row.since == before.since) return;
        for (const auto& who : before.awaited)
            delete_awaited_.run(who, before.since, number);
        for (const auto& who : row.awaited)
            add_awaited_.run(who, row.since, number);
    }

    void write_facts(const index_facts& facts) {
        const std::int64_t conversation = find(facts.id).first;
        STUBE_ASSERT(conversation != 0);
        std::vector<std::pair<std::int64_t, std::int64_t>> kept;
        for (const auto& fact : facts.facts) {
            const auto member = members_.find({fact.component, fact.member});
            if (member == members_.end()) continue;
            const auto instance = as_sql(fact.instance);
            write_fact(conversation, member->second, instance, facts.head, fact.value);
            if (facts.is_whole && fact.value) kept.emplace_back(member->second, instance);
        }
        if (facts.is_whole) end_others(conversation, facts.head, std::move(kept));
    }

    void write_fact(
        std::int64_t conversation,
        std::int64_t member,
        std::int64_t instance,
        std::uint64_t head,
        const std::optional<index_value>& value
    ) {
        std::optional<index_value> before;
        read_fact_.bind_all(conversation, member, instance);
        while (read_fact_.next())
            before = value_in(read_fact_, 0);
        if (before == value) return;
        if (before) end_fact_.run(conversation, member, instance, as_sql(head));
        if (!value) return delete_fact_.run(conversation, member, instance);
        put_fact_.bind_all(conversation, member, instance);
        bind_value(put_fact_, 4, *value);
        put_fact_.bind(5, as_sql(head));
        while (put_fact_.next()) {
        }
    }

    void end_others(
        std::int64_t conversation,
        std::uint64_t head,
        std::vector<std::pair<std::int64_t, std::int64_t>> kept
    ) {
        std::ranges::sort(kept);
        std::vector<std::pair<std::int64_t, std::int64_t>> others;
        read_facts_.bind_all(conversation);
        while (read_facts_.next()) {
            const std::pair one(read_facts_.number(0), read_facts_.number(1));
            if (!std::ranges::binary_search(kept, one)) others.push_back(one);
        }
        for (const auto& [member, instance] : others)
            write_fact(conversation, member, instance, head, std::nullopt);
    }

    sqlite_connection database_;
    member_numbers members_;
    sqlite_statement begin_;
    sqlite_statement commit_;
    sqlite_statement read_row_;
    sqlite_statement add_row_;
    sqlite_statement change_row_;
    sqlite_statement add_awaited_;
    sqlite_statement delete_awaited_;
    sqlite_statement read_fact_;
    sqlite_statement read_facts_;
    sqlite_statement put_fact_;
    sqlite_statement delete_fact_;
    sqlite_statement end_fact_;
    sqlite_statement set_state_;
};

/// Answers queries through a connection of its own.
class index_reader {
public:
    explicit index_reader(const fs::path& file)
        : database_(file, sqlite_connection::access::reads), members_(read_members(database_)) {
        configure_index(database_);
    }

    index_watermark watermark() { return read_watermark(database_); }

    std::optional<index_row> row(std::string_view id) {
        std::optional<index_row> out;
        auto& read = prepared(read_row_by_id);
        read.bind_all(id);
        while (read.next())
            out = row_in(read, 1);
        return out;
    }

    index_page find(const index_query& query) {
        const auto plan = plan_query(
            query,
            [this](const auto& component, const auto& member) {
                return number_of(component, member);
            },
            [this](const bound_sql& rows) { return count(rows); }
        );
        index_page page;
        std::vector<std::int64_t> numbers;
        auto& read = bound(plan.hits);
        while (read.next()) {
            if (page.hits.size() == query.limit) {
                page.has_more = true;
                continue;
            }
            numbers.push_back(read.number(0));
            page.hits.push_back({row_in(read, 1), as_unsigned(read.number(12)), {}});
        }
        for (std::size_t i = 0; i < page.hits.size(); ++i)
            read_values(query, numbers[i], page.hits[i]);
        if (query.counts) page.count = count(plan.count);
        return page;
    }

    sqlite_connection& database() { return database_; }

private:
    std::int64_t number_of(const std::string& component, const std::string& member) const {
        const auto found = members_.find({component, member});
        if (found == members_.end())
            throw std::invalid_argument(
                "the index has no member \"" + member + "\" of component \"" + component + "\""
            );
        return found->second;
    }

    /// The statement with this text, which is prepared once.
    sqlite_statement& prepared(const std::string& text) {
        constexpr std::size_t most_prepared = 100;
        const auto found = prepared_.find(text);
        if (found != prepared_.end()) return found->second;
        if (prepared_.size() >= most_prepared) prepared_.clear();
        return prepared_.try_emplace(text, database_.handle(), text.c_str()).first->second;
    }

    sqlite_statement& bound(const bound_sql& sql) {
        auto& statement = prepared(sql.text);
        int index = 0;
        for (const auto& value : sql.values)
            bind_value(statement, ++index, value);
        return statement;
    }

    std::size_t count(const bound_sql& rows) {
        auto& read = bound(rows);
        std::size_t found = 0;
        while (read.next())
            found = static_cast<std::size_t>(read.number(0));
        return found;
    }

    void read_values(const index_query& query, std::int64_t conversation, index_hit& to) {
        auto& read =
            prepared("SELECT value FROM fact WHERE conversation = ? AND member = ? AND instance = ?"
            );
        for (const auto& member : query.members) {
            auto& value = to.values.emplace_back();
            read.bind_all(conversation, number_of(query.component, member), as_sql(to.instance));
            while (read.next())
                value = value_in(read, 0);
        }
    }

    sqlite_connection database_;
    member_numbers members_;
    std::unordered_map<std::string, sqlite_statement> prepared_;
};

/// Begins a transaction, so that all reads of a call see one state.
class read_transaction {
public:
    explicit read_transaction(sqlite_connection& database) : database_(database) {
        database_.run("BEGIN");
    }
    read_transaction(const read_transaction&) = delete;
    read_transaction& operator=(const read_transaction&) = delete;
    ~read_transaction() { sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr); }

private:
    sqlite_connection& database_;
};

}  // namespace

class query_index::impl {
    template <class Work>
    auto guarded(Work work) {
        try {
            return work();
        } catch (const sqlite_error& error) {
            if (error.primary_code() == SQLITE_CORRUPT || error.primary_code() == SQLITE_NOTADB)
                is_damaged_ = true;
            throw store_refused(quoted(file_) + ": " + explain(error, file_));
        }
    }

public:
    impl(fs::path file, index_schema components)
        : file_(std::move(file)), schema_(std::move(components)) {
        const auto found = inspect_index(file_, schema_);
        rebuilt_because_ = found.unusable_because;
        try {
            if (!found.exists || !rebuilt_because_.empty()) create_index(file_, schema_);
            open();
        } catch (const sqlite_error& error) {
            throw store_refused(quoted(file_) + ": " + explain(error, file_));
        }
    }

    const std::string& rebuilt_because() const { return rebuilt_because_; }

    template <class Work>
    auto with_writer(Work work) {
        const std::lock_guard lock(writer_mutex_);
        return guarded([&] {
            if (!writer_) writer_.emplace(file_);
            return work(*writer_);
        });
    }

    template <class Work>
    auto with_reader(Work work) {
        const std::lock_guard lock(reader_mutex_);
        try {
            return guarded([&] {
                if (!reader_) reader_.emplace(file_);
                const read_transaction snapshot(reader_->database());
                return work(*reader_);
            });
        } catch (...) {
            reader_.reset();  // a statement may not have been read to its end
            throw;
        }
    }

    template <class Work>
    auto with_sql(Work work) {
        const std::lock_guard lock(sql_mutex_);
        return guarded([&] {
            if (!sql_) {
                sql_.emplace(file_, sqlite_connection::access::reads);
                configure_index(*sql_);
                restrict_to_reading(*sql_);
            }
            return work(*sql_);
        });
    }

    std::string find_damage() {
        try {
            sqlite_connection database(file_, sqlite_connection::access::reads);
            auto result = database.text("PRAGMA quick_check(1)");
            if (result == "ok") return {};
            is_damaged_ = true;
            return result;
        } catch (const sqlite_error& error) {
            is_damaged_ = true;
            return explain(error, file_);
        }
    }

    bool is_damaged() const { return is_damaged_; }

    void clear() {
        const std::scoped_lock lock(writer_mutex_, reader_mutex_, sql_mutex_);
        close();
        guarded([&] {
            create_index(file_, schema_);
            open();
        });
        is_damaged_ = false;
    }

private:
    void open() {
        writer_.emplace(file_);
        reader_.emplace(file_);
    }

    void close() {
        sql_.reset();
        reader_.reset();
        writer_.reset();
    }

    const fs::path file_;
    const index_schema schema_;
    std::string rebuilt_because_;
    std::atomic<bool> is_damaged_ = false;
    std::mutex writer_mutex_;
    std::optional<index_writer> writer_;
    std::mutex reader_mutex_;
    std::optional<index_reader> reader_;
    std::mutex sql_mutex_;
    std::optional<sqlite_connection> sql_;
};

query_index::query_index(const std::string& file, index_schema components)
    : impl_(std::make_unique<impl>(file, std::move(components))) {}

query_index::~query_index() = default;

const std::string& query_index::rebuilt_because() const {
    return impl_->rebuilt_because();
}

index_watermark query_index::watermark() const {
    return impl_->with_reader([](index_reader& in) { return in.watermark(); });
}

void query_index::apply(const index_batch& batch) {
    impl_->with_writer([&](index_writer& to) { to.apply(batch); });
}

std::optional<index_row> query_index::row(std::string_view id) const {
    return impl_->with_reader([&](index_reader& in) { return in.row(id); });
}

void query_index::trim(std::string_view id, std::uint64_t first_head, std::int64_t time) {
    impl_->with_writer([&](index_writer& to) { to.trim(id, first_head, time); });
}

void query_index::forget(std::string_view id) {
    impl_->with_writer([&](index_writer& to) { to.forget(id); });
}

index_page query_index::find(const index_query& query) const {
    return impl_->with_reader([&](index_reader& in) { return in.find(query); });
}

sql_result
query_index::select(std::string_view sql, std::span<const sql_value> parameters, sql_limits limits)
    const {
    return impl_->with_sql([&](sqlite_connection& in) {
        return select_rows(in, sql, parameters, limits);
    });
}

std::string query_index::find_damage() const {
    return impl_->find_damage();
}

bool query_index::is_damaged() const {
    return impl_->is_damaged();
}

void query_index::clear() {
    impl_->clear();
}

}  // namespace stube::storage
