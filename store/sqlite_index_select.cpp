#include "store/sqlite_index_select.hpp"

#include <stdexcept>
#include <type_traits>

namespace stube::storage {
namespace {

using steady = std::chrono::steady_clock;

/// The longest text or blob that a statement can make, in bytes.
constexpr int longest_value = 1 << 20;
constexpr int longest_statement = 1 << 16;

int authorize(void*, int action, const char*, const char* name, const char*, const char*) {
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return std::string_view(name ? name : "") == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

/// Interrupts statements after a point in time.
class time_limit {
public:
    time_limit(sqlite3* connection, steady::time_point end) : connection_(connection), end_(end) {
        constexpr int instructions_per_check = 1000;
        const auto is_over = [](void* self) {
            return steady::now() >= static_cast<time_limit*>(self)->end_ ? 1 : 0;
        };
        sqlite3_progress_handler(connection_, instructions_per_check, is_over, this);
    }
    time_limit(const time_limit&) = delete;
    time_limit& operator=(const time_limit&) = delete;
    ~time_limit() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }

private:
    sqlite3* connection_;
    steady::time_point end_;
};

struct statement_closer {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using open_statement = std::unique_ptr<sqlite3_stmt, statement_closer>;

[[noreturn]] void fail(sqlite3* connection, int code) {
    switch (code & 0xff) {
    case SQLITE_INTERRUPT:
        throw store_refused("the SQL statement has exceeded its time limit");
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
        throw std::invalid_argument(std::string("wrong SQL: ") + sqlite3_errmsg(connection));
    default:
        throw sqlite_error(code, sqlite3_errmsg(connection));
    }
}

open_statement prepare(sqlite3* connection, std::string_view sql) {
    sqlite3_stmt* made = nullptr;
    const char* rest = nullptr;
    const int code =
        sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), 0, &made, &rest);
    open_statement statement(made);
    if (code == SQLITE_AUTH) throw std::invalid_argument("the SQL statement does more than read");
    if (code != SQLITE_OK) fail(connection, code);
    if (!made) throw std::invalid_argument("the SQL text has no statement");
    const std::string_view after(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
    if (after.find_first_not_of(" \t\r\n;") != after.npos)
        throw std::invalid_argument("the SQL text has more than one statement");
    if (sqlite3_stmt_readonly(made) == 0 || sqlite3_column_count(made) == 0)
        throw std::invalid_argument("the SQL statement does more than read");
    return statement;
}

void bind_parameters(sqlite3_stmt* to, std::span<const sql_value> parameters) {
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(to)) != parameters.size())
        throw std::invalid_argument("the SQL statement has another number of parameters");
    int index = 0;
    for (const auto& parameter : parameters) {
        ++index;
        const int code = std::visit(
            [&]<class T>(const T& value) {
                if constexpr (std::is_same_v<T, std::int64_t>)
                    return sqlite3_bind_int64(to, index, value);
                else if constexpr (std::is_same_v<T, double>)
                    return sqlite3_bind_double(to, index, value);
                else if constexpr (std::is_same_v<T, std::string>)
                    return sqlite3_bind_text64(
                        to,
                        index,
                        value.data(),
                        value.size(),
                        SQLITE_STATIC,
                        SQLITE_UTF8
                    );
                else
                    return sqlite3_bind_null(to, index);
            },
            parameter
        );
        if (code == SQLITE_TOOBIG)
            throw std::invalid_argument("a parameter of the SQL statement is too long");
        if (code != SQLITE_OK) throw sqlite_error(code, sqlite3_errstr(code));
    }
}

sql_value value_at(sqlite3_stmt* row, int column) {
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        return {};
    case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_column_int64(row, column));
    case SQLITE_FLOAT:
        return sqlite3_column_double(row, column);
    default: {
        const void* bytes = sqlite3_column_blob(row, column);
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
        return bytes ? std::string(static_cast<const char*>(bytes), size) : std::string();
    }
    }
}

}  // namespace

void restrict_to_reading(sqlite_connection& database) {
    sqlite3* const connection = database.handle();
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, longest_value);
    sqlite3_limit(connection, SQLITE_LIMIT_SQL_LENGTH, longest_statement);
    sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_set_authorizer(connection, authorize, nullptr);
}

sql_result select_rows(
    sqlite_connection& database,
    std::string_view sql,
    std::span<const sql_value> parameters,
    sql_limits limits
) {
    sqlite3* const connection = database.handle();
    const time_limit limit(connection, steady::now() + limits.time);
    const auto statement = prepare(connection, sql);
    bind_parameters(statement.get(), parameters);
    sql_result result;
    std::size_t bytes = 0;
    const int columns = sqlite3_column_count(statement.get());
    for (int i = 0; i < columns; ++i)
        result.columns.emplace_back(sqlite3_column_name(statement.get(), i));
    for (;;) {
        const int code = sqlite3_step(statement.get());
        if (code == SQLITE_DONE) return result;
        if (code != SQLITE_ROW) fail(connection, code);
        result.has_more = result.rows.size() == limits.rows || bytes > limits.bytes;
        if (result.has_more) return result;
        auto& row = result.rows.emplace_back();
        for (int i = 0; i < columns; ++i) {
            row.push_back(value_at(statement.get(), i));
            bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), i));
        }
    }
}

}  // namespace stube::storage
