#include "store/sqlite_index_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace stube::storage {
namespace {

constexpr char after_size = ':';

std::vector<std::string> split_names(std::string_view joined) {
    std::vector<std::string> out;
    for (auto end = joined.find(after_size); end != joined.npos; end = joined.find(after_size)) {
        std::size_t size = 0;
        const std::string_view digits = joined.substr(0, end);
        std::from_chars(digits.begin(), digits.end(), size);
        joined.remove_prefix(end + 1);
        out.emplace_back(joined.substr(0, size));
        joined.remove_prefix(std::min(size, joined.size()));
    }
    return out;
}

}  // namespace

std::string join_names(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names)
        out.append(std::to_string(name.size())).append(1, after_size).append(name);
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

member_numbers read_members(sqlite_connection& database) {
    member_numbers out;
    sqlite_statement read(database.handle(), "SELECT component, path, number FROM member");
    while (read.next())
        out[{std::string(read.text(0)), std::string(read.text(1))}] = read.number(2);
    return out;
}

}  // namespace stube::storage
