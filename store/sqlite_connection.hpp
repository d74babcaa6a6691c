#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

/// The part of SQLite's C interface that the store needs, with owners and exceptions.
namespace stube::storage {

/// SQLite's numbers are signed. Revisions, transactions and checksums keep their 64 bits.
inline std::int64_t as_sql(std::uint64_t natural) {
    return static_cast<std::int64_t>(natural);
}

inline std::uint64_t as_unsigned(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
}

/// An error of SQLite: its message and its extended result code.
class sqlite_error : public std::runtime_error {
public:
    sqlite_error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}

    int code() const { return code_; }
    int primary_code() const { return code_ & 0xff; }

private:
    int code_;
};

/// One prepared statement, which can run repeatedly.
class sqlite_statement {
public:
    sqlite_statement(sqlite3* connection, const char* text);

    /// Binds the values in their order and runs the statement to its end. Texts and blobs are not
    /// copied: they must remain valid until the call returns.
    template <class... Values>
    void run(const Values&... values) {
        bind_all(values...);
        finish();
    }

    /// Binds the values in their order, for next(). Texts and blobs are not copied: they must
    /// remain valid until next() has returned false.
    template <class... Values>
    void bind_all(const Values&... values) {
        [[maybe_unused]] int index = 0;
        (bind(++index, values), ...);
    }

    /// Steps to the next row. Returns false at the end, and then the statement can be used again.
    bool next();

    int type(int column) const { return sqlite3_column_type(statement_.get(), column); }
    std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

    double real(int column) const { return sqlite3_column_double(statement_.get(), column); }

    /// The bytes of a column, valid until next() is called again.
    std::string_view text(int column) const;
    std::span<const std::uint8_t> blob(int column) const;

    /// Binds one value, counted from 1. A text is not copied, see bind_all().
    void bind(int index, std::int64_t number);
    void bind(int index, double number);
    void bind(int index, std::string_view text);
    void bind_null(int index);

    /// Ends the statement before its last row.
    void reset() { sqlite3_reset(statement_.get()); }

    sqlite3_stmt* handle() const { return statement_.get(); }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    void bind(int index, std::span<const std::uint8_t> blob);
    void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        if (value)
            bind(index, *value);
        else
            bind_null(index);
    }
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
        reads_without_log,  ///< reads the file alone: ignores its log and takes no lock
    };

    /// Opens an existing file.
    explicit sqlite_connection(const std::filesystem::path& file, access mode = access::writes);

    sqlite3* handle() const { return connection_.get(); }

    /// How long a call waits for a lock of another connection, which may be another program's.
    static constexpr std::chrono::milliseconds usual_patience{5000};
    void set_patience(std::chrono::milliseconds longest);

    /// Runs one or more statements without values.
    void run(const char* text);

    /// The first column of the first row; 0 or an empty text without a row.
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

}  // namespace stube::storage
