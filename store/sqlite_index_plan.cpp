#include "store/sqlite_index_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

namespace stube::storage {
namespace {

constexpr std::size_t fewest_counted = 1'000;
constexpr std::size_t most_hits = 1'000;

const char* name_of(index_column column) {
    switch (column) {
    case index_column::id:
        return "c.id";
    case index_column::principal:
        return "c.principal";
    case index_column::mount:
        return "c.mount";
    case index_column::component:
        return "c.component";
    case index_column::step:
        return "c.step";
    case index_column::head:
        return "c.head";
    case index_column::created:
        return "c.created";
    case index_column::touched:
        return "c.touched";
    case index_column::since:
        return "c.since";
    }
    throw std::invalid_argument("a query names an unknown column");
}

const char* operator_of(comparison compare) {
    switch (compare) {
    case comparison::equal:
        return " = ";
    case comparison::not_equal:
        return " <> ";
    case comparison::less:
        return " < ";
    case comparison::less_equal:
        return " <= ";
    case comparison::greater:
        return " > ";
    case comparison::greater_equal:
        return " >= ";
    case comparison::begins_with:
    case comparison::contains:
        break;
    }
    throw std::invalid_argument("a query has an unknown comparison");
}

/// Adds `term compare value`.
void add_comparison(
    bound_sql& to,
    const std::string& term,
    comparison compare,
    const index_value& value
) {
    const bool is_of_text = compare == comparison::begins_with || compare == comparison::contains;
    if (is_of_text && !std::holds_alternative<std::string>(value))
        throw std::invalid_argument("begins_with and contains compare with a text");
    to.values.push_back(value);
    if (compare == comparison::contains) {
        to.text += "instr(" + term + ", ?) > 0";
    } else if (compare == comparison::begins_with) {
        // The last code point is not a character, so it follows each text that begins so.
        to.text += term + " >= ? AND " + term + " < ? || char(1114111)";
        to.values.push_back(value);
    } else {
        to.text += term + operator_of(compare) + "?";
    }
}

/// True if an index finds the values of the comparison.
bool is_range(comparison compare) {
    return compare != comparison::not_equal && compare != comparison::contains;
}

bool has_index(index_column column) {
    return column != index_column::mount && column != index_column::step &&
           column != index_column::head;
}

/// Builds the SQL of one query.
class planner {
public:
    planner(const index_query& query, const find_member_number& find) : query_(query), find_(find) {
        if (query.limit > most_hits)
            throw std::invalid_argument("a page of a query has at most 1,000 hits");
    }

    /// The table that is read first.
    struct driver {
        enum class table { order, condition, awaited } first = table::order;
        std::size_t condition = 0;  ///< its number in the query
    };

    driver choose(const count_rows& count) {
        driver best;
        most_counted_ = break_even(count);
        const auto try_one = [&](const driver& one, const bound_sql& rows) {
            const std::size_t found = count(rows);
            if (found >= most_counted_) return;
            most_counted_ = found;
            best = one;
        };
        if (is_waiting_list())
            best.first = driver::table::awaited;
        else if (query_.awaited_by)
            try_one({driver::table::awaited}, rows_of_awaited());
        for (std::size_t i = 0; i < query_.conditions.size(); ++i)
            if (can_be_first(query_.conditions[i]))
                try_one({driver::table::condition, i}, rows_of(query_.conditions[i]));
        return best;
    }

    query_plan plan(const driver& first) const {
        query_plan out;
        const bound_sql from = from_and_where(first);
        out.hits.text = "SELECT c.number, c.id, c.principal, c.mount, c.component, c.step, c.head,"
                        " c.created, c.touched, c.since, c.ended, c.awaited, " +
                        instance() + from.text + order_by(first) + " LIMIT ? OFFSET ?";
        out.hits.values = from.values;
        out.hits.values.emplace_back(static_cast<std::int64_t>(query_.limit) + 1);
        out.hits.values.emplace_back(static_cast<std::int64_t>(query_.offset));
        out.count.text = "SELECT count(*) FROM (SELECT 1" + from.text + " LIMIT ?)";
        out.count.values = from.values;
        out.count.values.emplace_back(static_cast<std::int64_t>(highest_count));
        return out;
    }

private:
    /// A condition that selects fewer rows than this is read first. Of N conversations it selects
    /// n. Reading in the order finds a page of hits after about page * N / n rows, and reading the
    /// condition takes n.
    std::size_t break_even(const count_rows& count) const {
        const std::size_t all = count({"SELECT max(number) FROM conversation", {}});
        const auto page = static_cast<double>(query_.offset + query_.limit + 1);
        const double rows = std::sqrt(page * static_cast<double>(all));
        return std::max(fewest_counted, static_cast<std::size_t>(rows));
    }

    bool has_instances() const { return !query_.component.empty(); }

    const std::string* order_member() const {
        return query_.order ? std::get_if<std::string>(&*query_.order) : nullptr;
    }

    bool has_one_name() const { return query_.awaited_by && query_.awaited_by->size() == 1; }

    /// True if the order is the one of the table `awaited`.
    bool is_waiting_list() const {
        const auto* column = query_.order ? std::get_if<index_column>(&*query_.order) : nullptr;
        return has_one_name() && column && *column == index_column::since;
    }

    std::int64_t number_of(const std::string& member) const {
        if (!has_instances())
            throw std::invalid_argument("a query that names a member needs its component");
        return find_(query_.component, member);
    }

    static bool can_be_first(const index_condition& one) {
        const auto* column = std::get_if<index_column>(&one.key);
        return is_range(one.compare) && (!column || has_index(*column));
    }

    std::string instance() const { return has_instances() ? "b.instance" : "0"; }

    bound_sql rows_of(const index_condition& one) const {
        bound_sql out;
        if (const auto* member = std::get_if<std::string>(&one.key)) {
            out.text = "SELECT count(*) FROM (SELECT 1 FROM fact WHERE member = ? AND ";
            out.values.emplace_back(number_of(*member));
            add_comparison(out, "value", one.compare, one.value);
        } else {
            out.text = "SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE ";
            const auto* column = name_of(std::get<index_column>(one.key));
            add_comparison(out, column, one.compare, one.value);
        }
        out.text += " LIMIT ?)";
        out.values.emplace_back(static_cast<std::int64_t>(most_counted_));
        return out;
    }

    void add_names(bound_sql& to) const {
        to.text += "who IN (";
        const auto& names = query_.awaited_by.value();
        for (std::size_t i = 0; i < names.size(); ++i) {
            to.text += i == 0 ? "?" : ", ?";
            to.values.emplace_back(names[i]);
        }
        to.text += ")";
    }

    bound_sql rows_of_awaited() const {
        bound_sql out{"SELECT count(*) FROM (SELECT 1 FROM awaited WHERE ", {}};
        add_names(out);
        out.text += " LIMIT ?)";
        out.values.emplace_back(static_cast<std::int64_t>(most_counted_));
        return out;
    }

    /// The tables in the order in which they are read. `b` is the fact that has the instance, `o`
    /// the one that has the order, and `c` the conversation.
    bound_sql from_and_where(const driver& first) const {
        const auto* condition =
            first.first == driver::table::condition ? &query_.conditions[first.condition] : nullptr;
        const auto* of_member = condition ? std::get_if<std::string>(&condition->key) : nullptr;
        const auto* ordering = order_member();
        const bool is_by_order = first.first == driver::table::order && ordering;
        bound_sql out;
        bound_sql where;
        const auto join = [&](const std::string& table) {
            out.text += (out.text.empty() ? " FROM " : " CROSS JOIN ") + table;
        };
        const auto require = [&] { where.text += where.text.empty() ? " WHERE " : " AND "; };
        const auto require_member = [&](const char* term, const std::string& member) {
            require();
            where.text += std::string(term) + ".member = ?";
            where.values.emplace_back(number_of(member));
        };

        if (first.first == driver::table::awaited) {
            bound_sql names;
            add_names(names);
            join(
                has_one_name()
                    ? "(SELECT since, conversation FROM awaited WHERE " + names.text + ") w"
                    : "(SELECT DISTINCT conversation FROM awaited WHERE " + names.text + ") w"
            );
            out.values = names.values;
        } else if (of_member) {
            join("fact b");
            require_member("b", *of_member);
        } else if (is_by_order) {
            join("fact b");
            require_member("b", *ordering);
        }
        const bool has_base = of_member || is_by_order;
        join("conversation c");
        if (has_base || first.first == driver::table::awaited) {
            require();
            where.text += has_base ? "c.number = b.conversation" : "c.number = w.conversation";
        }
        if (has_instances() && !has_base) {
            join("fact b");
            require();
            where.text += "b.conversation = c.number";
            require_member("b", ordering ? *ordering : std::string());
        }
        if (ordering && of_member) {
            join("fact o");
            require();
            where.text += "o.conversation = b.conversation AND o.instance = b.instance";
            require_member("o", *ordering);
        }
        for (const auto& each : query_.conditions) {
            require();
            add_condition(where, each, of_member && &each == condition, is_by_order);
        }
        if (query_.awaited_by && first.first != driver::table::awaited) {
            require();
            where.text += "EXISTS (SELECT 1 FROM awaited a WHERE a.since = c.since AND"
                          " a.conversation = c.number AND a.";
            add_names(where);
            where.text += ")";
        }
        if (query_.has_ended) {
            require();
            where.text += *query_.has_ended ? "c.ended = 1" : "c.ended = 0";
        }
        out.text += where.text;
        out.values.insert(out.values.end(), where.values.begin(), where.values.end());
        return out;
    }

    void
    add_condition(bound_sql& to, const index_condition& one, bool is_base, bool is_by_order) const {
        const auto* member = std::get_if<std::string>(&one.key);
        if (!member)
            return add_comparison(
                to,
                name_of(std::get<index_column>(one.key)),
                one.compare,
                one.value
            );
        const bool is_of_order = is_by_order && *member == *order_member();
        if (is_base || is_of_order) return add_comparison(to, "b.value", one.compare, one.value);
        to.text += "EXISTS (SELECT 1 FROM fact f WHERE f.conversation = b.conversation AND"
                   " f.member = ? AND f.instance = b.instance AND ";
        to.values.emplace_back(number_of(*member));
        add_comparison(to, "f.value", one.compare, one.value);
        to.text += ")";
    }

    /// All terms have one direction, so that SQLite can read an index backwards.
    std::string order_by(const driver& first) const {
        const char* direction = query_.is_descending ? " DESC" : "";
        std::string out = " ORDER BY ";
        const auto add = [&](const std::string& term) {
            out.append(out.ends_with("BY ") ? "" : ", ").append(term).append(direction);
        };
        const bool is_of_member =
            first.first == driver::table::condition &&
            std::holds_alternative<std::string>(query_.conditions[first.condition].key);
        const bool has_base =
            is_of_member || (first.first == driver::table::order && order_member());
        const bool is_list = is_waiting_list() && first.first == driver::table::awaited;
        if (is_list)
            add("w.since");
        else if (order_member())
            add(is_of_member ? "o.value" : "b.value");
        else if (query_.order)
            add(name_of(std::get<index_column>(*query_.order)));
        add(is_list ? "w.conversation" : has_base ? "b.conversation" : "c.number");
        if (has_instances()) add("b.instance");
        return out;
    }

    const index_query& query_;
    const find_member_number& find_;
    std::size_t most_counted_ = fewest_counted;  ///< no condition is counted further than the best
};

}  // namespace

query_plan
plan_query(const index_query& query, const find_member_number& find, const count_rows& count) {
    planner by(query, find);
    const auto first = by.choose(count);
    return by.plan(first);
}

}  // namespace stube::storage
