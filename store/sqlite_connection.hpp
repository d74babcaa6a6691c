#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

/// SQLite's C interface with owners and exceptions, as far as the store needs it.
namespace stube {

/// What SQLite answered, with its extended result code.
class sqlite_error : public std::runtime_error {
public:
    sqlite_error(int code, const std::string& what) : std::runtime_error(what), code_(code) {}

    int code() const { return code_; }
    int primary_code() const { return code_ & 0xff; }

private:
    int code_;
};

/// One prepared statement, kept for reuse.
class sqlite_statement {
public:
    sqlite_statement(sqlite3* connection, const char* text);

    /// Binds the values in their order and runs a statement that gives no rows. Texts are not
    /// copied.
    template <class... Values>
    void run(const Values&... values) {
        bind_all(values...);
        finish();
    }

    /// Binds the values in their order; then next() steps from row to row.
    template <class... Values>
    void bind_all(const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind(++index, values), ...);
    }

    /// Goes to the next row. At the end, answers false and makes the statement ready for its next
    /// use.
    bool next();

    int type(int column) const { return sqlite3_column_type(statement_.get(), column); }
    std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

    /// The bytes of a column, valid until the next step.
    std::string_view text(int column) const;

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    void bind(int index, std::int64_t number);
    void bind(int index, std::string_view text);
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value)
            bind(index, *value);
        else
            bind_null(index);
    }
    void bind_null(int index);
    void finish();
    [[noreturn]] void fail();

    std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

/// One connection to a database file, used by one thread at a time.
class sqlite_connection {
public:
    enum class access {
        writes,
        reads,
        reads_without_log,  ///< what stands in the file itself, also if others change it meanwhile
    };

    /// Opens an existing file.
    explicit sqlite_connection(const std::filesystem::path& file, access how = access::writes);

    sqlite3* handle() const { return connection_.get(); }

    /// Runs statements that need no values.
    void run(const char* text);

    /// The first column of the first row, as a number or as text.
    std::int64_t number(const char* query);
    std::string text(const char* query);

    std::int64_t last_row() const { return sqlite3_last_insert_rowid(handle()); }
    int changed_rows() const { return sqlite3_changes(handle()); }
    bool in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

private:
    struct closer {
        void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    };

    std::unique_ptr<sqlite3, closer> connection_;
};

}  // namespace stube
