#pragma once

#include <stube/runtime/component.hpp>
#include <stube/runtime/detail/indexed_members.hpp>
#include <stube/runtime/principal.hpp>
#include <stube/store/query_index.hpp>

#include <boost/describe/class.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Questions to the query index of an archive, and its answers:
///
///     const auto page = site.history().find(
///         conversations_with<claim>()
///             .where<&claim::amount>(comparison::greater, 1000)
///             .waits_for({"role:approver"})
///             .order_by<&claim::amount>(sort_direction::descending)
///             .limit(50)
///     );
///
/// The members are those that the component lists as `indexed`. The index follows the commits
/// within a second, and it contains conversations that have received an event.
namespace stube {

/// A number, a real number or a text in JSON.
template <>
struct codec<indexed_value> {
    static void encode_to(boost::json::value& to, const indexed_value& value) {
        if (const auto* number = std::get_if<std::int64_t>(&value))
            detail::set_int(to, *number);
        else if (const auto* real = std::get_if<double>(&value))
            detail::set_double(to, *real);
        else
            detail::set_text(to, std::get<std::string>(value));
    }
};

}  // namespace stube

namespace stube::live {

using storage::comparison;
using column = storage::index_column;

enum class sort_direction { ascending, descending };

/// Which conversations are found.
enum class lifetime {
    present,  ///< those that have not ended
    ended,
    any,
};

/// The conditions that every query can have. `Self` is the query.
template <class Self>
class basic_query {
public:
    /// A time is in milliseconds since 1970.
    Self& where(column of, comparison compare, indexed_value value) {
        asked_.conditions.push_back({of, compare, std::move(value)});
        return self();
    }

    Self& of_principal(std::string name) {
        return where(column::principal, comparison::equal, std::move(name));
    }

    /// The conversation waits for at least one of these, such as "role:approver" or "user:ada".
    /// Without a name, nothing is found.
    Self& waits_for(std::vector<std::string> names) {
        asked_.awaited_by = std::move(names);
        return self();
    }

    /// The conversation waits for this user, by name or by a role.
    Self& waits_for_user(const principal& who) { return waits_for(texts_naming(who)); }

    Self& in(lifetime wanted) {
        asked_.has_ended =
            wanted == lifetime::any ? std::nullopt : std::optional(wanted == lifetime::ended);
        return self();
    }

    Self& order_by(column of, sort_direction direction = sort_direction::ascending) {
        return set_order(of, direction);
    }

    /// At most 1,000; 50 without this call.
    Self& limit(std::size_t hits) {
        asked_.limit = hits;
        return self();
    }

    Self& offset(std::size_t hits) {
        asked_.offset = hits;
        return self();
    }

    /// Counts the hits of all pages, up to 1,000. Reads more than one page.
    Self& with_count() {
        asked_.counts = true;
        return self();
    }

    const storage::index_query& asked() const { return asked_; }

private:
    friend Self;

    basic_query() = default;

    Self& self() { return static_cast<Self&>(*this); }

    Self& set_order(storage::index_key key, sort_direction direction) {
        asked_.order = std::move(key);
        asked_.is_descending = direction == sort_direction::descending;
        return self();
    }

    storage::index_query asked_;
};

/// Finds conversations by their columns.
class conversation_query : public basic_query<conversation_query> {
public:
    conversation_query() = default;
};

/// Finds instances of C with indexed members. A conversation with several instances is found
/// several times.
template <class C>
class component_query : public basic_query<component_query<C>> {
    using base = basic_query<component_query<C>>;

public:
    component_query() {
        static_assert(
            detail::has_indexed<C>,
            "stube: this component has no indexed members. Give it `static constexpr std::tuple "
            "indexed{&claim::amount};`."
        );
        const auto& type = type_of<C>();
        this->asked_.component = type.name;
        this->asked_.members.assign(type.indexed.begin(), type.indexed.end());
    }

    using base::order_by;
    using base::where;

    /// An instance without a value, such as an empty optional, fulfils no condition.
    template <auto Member, class Type = decltype(Member)>
    component_query& where(
        comparison compare,
        const detail::indexed_content_of<typename detail::member<Member>::type>& value
    ) {
        this->asked_.conditions.push_back(
            {name_of<Member>(), compare, detail::indexed_value_of(value).value()}
        );
        return *this;
    }

    /// Leaves out instances without a value.
    template <auto Member, class Type = decltype(Member)>
    component_query& order_by(sort_direction direction = sort_direction::ascending) {
        return this->set_order(name_of<Member>(), direction);
    }

private:
    template <auto Member>
    static std::string name_of() {
        constexpr const char* name = detail::data_member_name<C, Member>;
        static_assert(name != nullptr, "stube: this is not a described data member of C.");
        return name;
    }
};

inline conversation_query conversations() {
    return {};
}

template <class C>
component_query<C> conversations_with() {
    return {};
}

/// A conversation that a query has found. One that has ended is as it was before its end.
struct found_conversation {
    std::string id;
    std::string principal;
    std::string mount;
    std::string component;  ///< the one that the page shows
    std::uint64_t step = 0;
    std::uint64_t head = 0;  ///< the newest indexed head
    time_point created;
    time_point touched;
    time_point since;  ///< since when it shows this component and waits for these
    bool has_ended = false;
    std::vector<std::string> awaited;  ///< for whom it waits, such as "role:approver"
    std::uint64_t instance = 0;        ///< of `conversations_with`
    /// The values of the indexed members of this instance, by name.
    std::map<std::string, std::optional<indexed_value>> values;

    /// The value of an indexed member of this instance:
    ///
    ///     const int amount = found.value<&claim::amount>().value_or(0);
    ///
    /// Empty if the member is not indexed or has no value, and for a value that its type does not
    /// have, such as the name of an enumerator that this release has removed.
    template <auto Member, class Type = decltype(Member)>
    auto value() const {
        using owner = typename detail::member<Member>::owner;
        using content = detail::indexed_content_of<typename detail::member<Member>::type>;
        constexpr const char* name = detail::data_member_name<owner, Member>;
        static_assert(name != nullptr, "stube: this is not a described data member.");
        const auto found = values.find(name);
        if (found == values.end() || !found->second) return std::optional<content>();
        return detail::content_of_indexed<content>(*found->second);
    }
};
BOOST_DESCRIBE_STRUCT(
    found_conversation,
    (),
    (id,
     principal,
     mount,
     component,
     step,
     head,
     created,
     touched,
     since,
     has_ended,
     awaited,
     instance,
     values)
)

struct found_page {
    std::vector<found_conversation> found;
    bool has_more = false;
    /// With `with_count`: the number of all hits; 1,000 means at least so many.
    std::optional<std::size_t> count;
};
BOOST_DESCRIBE_STRUCT(found_page, (), (found, has_more, count))

/// The result of SQL.
struct selected_rows {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<indexed_value>>> rows;
    bool has_more = false;
};
BOOST_DESCRIBE_STRUCT(selected_rows, (), (columns, rows, has_more))

}  // namespace stube::live
