// SQLite without the store, for comparisons.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace bench {

/// Errors: std::runtime_error.
class bare_statement {
public:
    bare_statement(sqlite3* on, const char* text) {
        sqlite3_stmt* made = nullptr;
        if (sqlite3_prepare_v2(on, text, -1, &made, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(on));
        handle_.reset(made);
    }

    /// Binds the values in their order and runs the statement.
    template <class... Values>
    void run(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
        if (sqlite3_step(handle_.get()) != SQLITE_DONE)
            throw std::runtime_error("bare SQLite failed");
        sqlite3_reset(handle_.get());
    }

private:
    struct finalizer {
        void operator()(sqlite3_stmt* one) const { sqlite3_finalize(one); }
    };

    void bind(int index, sqlite3_int64 number) { sqlite3_bind_int64(handle_.get(), index, number); }

    void bind(int index, std::string_view text) {
        const auto size = static_cast<int>(text.size());
        sqlite3_bind_text(handle_.get(), index, text.data(), size, SQLITE_STATIC);
    }

    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

/// Errors: std::runtime_error.
class bare_connection {
public:
    /// A new database with a write-ahead log, and with synchronous FULL.
    explicit bare_connection(const std::filesystem::path& file) {
        sqlite3* opened = nullptr;
        const int code = sqlite3_open(file.c_str(), &opened);
        handle_.reset(opened);
        if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errstr(code));
        run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    }

    void run(const char* text) {
        if (sqlite3_exec(handle_.get(), text, nullptr, nullptr, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(handle_.get()));
    }

    bare_statement prepare(const char* text) { return {handle_.get(), text}; }

private:
    struct closer {
        void operator()(sqlite3* one) const { sqlite3_close_v2(one); }
    };

    std::unique_ptr<sqlite3, closer> handle_;
};

}  // namespace bench
