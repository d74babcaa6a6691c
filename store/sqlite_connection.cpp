#include "store/sqlite_connection.hpp"

namespace stube::storage {
namespace {

[[noreturn]] void throw_last_error(sqlite3* connection) {
    throw sqlite_error(sqlite3_extended_errcode(connection), sqlite3_errmsg(connection));
}

}  // namespace

sqlite_statement::sqlite_statement(sqlite3* connection, const char* text) {
    sqlite3_stmt* made = nullptr;
    const int code =
        sqlite3_prepare_v3(connection, text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    statement_.reset(made);
    if (code != SQLITE_OK) throw_last_error(connection);
}

bool sqlite_statement::next() {
    switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
        return true;
    case SQLITE_DONE:
        sqlite3_reset(statement_.get());
        return false;
    default:
        fail();
    }
}

std::string_view sqlite_statement::text(int column) const {
    const unsigned char* bytes = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return bytes ? std::string_view(reinterpret_cast<const char*>(bytes), size) : "";
}

std::span<const std::uint8_t> sqlite_statement::blob(int column) const {
    const void* bytes = sqlite3_column_blob(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return {static_cast<const std::uint8_t*>(bytes), bytes ? size : 0};
}

void sqlite_statement::bind(int index, std::int64_t number) {
    if (sqlite3_bind_int64(statement_.get(), index, number) != SQLITE_OK) fail();
}

void sqlite_statement::bind(int index, double number) {
    if (sqlite3_bind_double(statement_.get(), index, number) != SQLITE_OK) fail();
}

void sqlite_statement::bind(int index, std::string_view text) {
    const int code = sqlite3_bind_text64(
        statement_.get(),
        index,
        text.data(),
        text.size(),
        SQLITE_STATIC,
        SQLITE_UTF8
    );
    if (code != SQLITE_OK) fail();
}

void sqlite_statement::bind(int index, std::span<const std::uint8_t> blob) {
    const int code =
        sqlite3_bind_blob64(statement_.get(), index, blob.data(), blob.size(), SQLITE_STATIC);
    if (code != SQLITE_OK) fail();
}

void sqlite_statement::bind_null(int index) {
    if (sqlite3_bind_null(statement_.get(), index) != SQLITE_OK) fail();
}

void sqlite_statement::finish() {
    while (next()) {
    }
}

void sqlite_statement::fail() {
    sqlite3* connection = sqlite3_db_handle(statement_.get());
    sqlite_error error(sqlite3_extended_errcode(connection), sqlite3_errmsg(connection));
    sqlite3_reset(statement_.get());
    throw error;
}

namespace {

/// A URI that makes SQLite read the file without its log.
std::string immutable_uri(const std::filesystem::path& file) {
    std::string uri = "file:";
    for (const char c : file.native()) {
        if (c == '%' || c == '?' || c == '#')
            uri += std::string("%") + "0123456789ABCDEF"[c >> 4] + "0123456789ABCDEF"[c & 15];
        else
            uri += c;
    }
    return uri + "?immutable=1";
}

}  // namespace

sqlite_connection::sqlite_connection(const std::filesystem::path& file, access mode) {
    sqlite3* made = nullptr;
    const bool without_log = mode == access::reads_without_log;
    const int code = sqlite3_open_v2(
        (without_log ? immutable_uri(file) : file.native()).c_str(),
        &made,
        (mode == access::writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
            (without_log ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
            SQLITE_OPEN_EXRESCODE,
        nullptr
    );
    connection_.reset(made);
    if (code != SQLITE_OK)
        throw sqlite_error(code, made ? sqlite3_errmsg(made) : sqlite3_errstr(code));
    set_patience(usual_patience);
}

void sqlite_connection::set_patience(std::chrono::milliseconds longest) {
    sqlite3_busy_timeout(handle(), static_cast<int>(longest.count()));
}

void sqlite_connection::run(const char* text) {
    if (sqlite3_exec(handle(), text, nullptr, nullptr, nullptr) != SQLITE_OK)
        throw_last_error(handle());
}

std::int64_t sqlite_connection::number(const char* query) {
    sqlite_statement statement(handle(), query);
    return statement.next() ? statement.number(0) : 0;
}

std::string sqlite_connection::text(const char* query) {
    sqlite_statement statement(handle(), query);
    return statement.next() ? std::string(statement.text(0)) : std::string();
}

}  // namespace stube::storage
