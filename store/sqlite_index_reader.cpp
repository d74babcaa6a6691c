#include "store/sqlite_index_reader.hpp"

#include "store/sqlite_index_file.hpp"

#include <stdexcept>
#include <vector>

namespace stube::storage {

index_reader::index_reader(const std::filesystem::path& file)
    : database_(file, sqlite_connection::access::reads), members_(read_members(database_)) {
    configure_index(database_);
}

std::vector<std::string> index_reader::begun_deletions() {
    std::vector<std::string> ids;
    sqlite_statement read(
        database_.handle(),
        "SELECT conversation FROM deletion ORDER BY conversation"
    );
    while (read.next())
        ids.emplace_back(read.text(0));
    return ids;
}

std::optional<index_row> index_reader::row(std::string_view id) {
    std::optional<index_row> out;
    auto& read = prepared(read_row_by_id);
    read.bind_all(id);
    while (read.next())
        out = row_in(read, 1);
    return out;
}

index_page index_reader::find(const index_query& query) {
    const auto plan = plan_query(
        query,
        [this](const auto& component, const auto& member) { return number_of(component, member); },
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

std::int64_t
index_reader::number_of(const std::string& component, const std::string& member) const {
    const auto found = members_.find({component, member});
    if (found == members_.end())
        throw std::invalid_argument(
            "the index has no member \"" + member + "\" of component \"" + component + "\""
        );
    return found->second;
}

sqlite_statement& index_reader::prepared(const std::string& text) {
    constexpr std::size_t most_prepared = 100;
    const auto found = prepared_.find(text);
    if (found != prepared_.end()) return found->second;
    if (prepared_.size() >= most_prepared) prepared_.clear();
    return prepared_.try_emplace(text, database_.handle(), text.c_str()).first->second;
}

sqlite_statement& index_reader::bound(const bound_sql& sql) {
    auto& statement = prepared(sql.text);
    int index = 0;
    for (const auto& value : sql.values)
        bind_value(statement, ++index, value);
    return statement;
}

std::size_t index_reader::count(const bound_sql& rows) {
    auto& read = bound(rows);
    std::size_t found = 0;
    while (read.next())
        found = static_cast<std::size_t>(read.number(0));
    return found;
}

void index_reader::read_values(const index_query& query, std::int64_t conversation, index_hit& to) {
    auto& read =
        prepared("SELECT value FROM fact WHERE conversation = ? AND member = ? AND instance = ?");
    for (const auto& member : query.members) {
        auto& value = to.values.emplace_back();
        read.bind_all(conversation, number_of(query.component, member), as_sql(to.instance));
        while (read.next())
            value = value_in(read, 0);
    }
}

}  // namespace stube::storage
