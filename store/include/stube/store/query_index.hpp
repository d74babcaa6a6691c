#pragma once

#include <stube/store/store.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// A database beside an archive that finds conversations by the values of their members. It is
/// derived from the commits of the archive, and can be deleted at any time.
namespace stube::storage {

/// A number, a real number or a text. Times are milliseconds since 1970. A bool is 0 or 1.
using index_value = std::variant<std::int64_t, double, std::string>;

/// A component as the program knows it.
struct indexed_component {
    std::string name;
    int version = 1;                   ///< of its stored shape
    std::vector<std::string> members;  ///< the indexed ones; empty if none is indexed
};

/// The components of a program. An index that was made with another schema is rebuilt, because a
/// conversation that one program cannot decode is absent from its index.
using index_schema = std::vector<indexed_component>;

/// How far an index has followed its archive: the last commit that changed the index.
struct index_watermark {
    std::uint64_t position = 0;  ///< 0 for an empty index
    /// Of the head of this commit. Another digest in the archive shows that the archive is another
    /// one, or that it has lost its end.
    std::array<std::uint8_t, 32> digest = {};

    friend bool operator==(const index_watermark&, const index_watermark&) = default;
};

/// A conversation in the index, as it was at the last indexed head. A conversation that has ended
/// is as it was before its end, and waits for nobody.
struct index_row {
    std::string id;
    std::string principal;
    std::string mount;
    std::string component;  ///< the one that its page shows
    std::uint64_t step = 0;
    std::uint64_t head = 0;
    std::int64_t created = 0;
    std::int64_t touched = 0;
    std::int64_t since = 0;  ///< when `component` or `awaited` last changed
    bool has_ended = false;
    std::vector<std::string> awaited;  ///< for whom it waits; sorted, none twice

    friend bool operator==(const index_row&, const index_row&) = default;
};

/// The value of a member of an instance; empty if the member has none any more.
struct index_fact {
    std::string component;
    std::string member;
    std::uint64_t instance = 0;
    std::optional<index_value> value;
};

/// The facts of a conversation that a head has changed.
struct index_facts {
    std::string id;
    std::uint64_t head = 0;
    bool is_whole = false;  ///< true: `facts` has all current values, and every other one is gone
    /// Instances of components with indexed members; with a member "" for the instance itself.
    std::vector<index_fact> facts;
};

/// The changes of one transaction. Each conversation with facts has a row, here or in the index.
struct index_batch {
    index_watermark watermark;
    std::vector<index_row> rows;
    std::vector<index_facts> facts;  ///< in the order of the commits
};

enum class comparison {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    begins_with,  ///< of texts only; upper and lower case differ
    contains,     ///< likewise; reads all values of the member
};

enum class index_column { id, principal, mount, component, step, head, created, touched, since };

/// A column of the conversation, or the name of a member of `index_query::component`.
using index_key = std::variant<index_column, std::string>;

struct index_condition {
    index_key key;
    comparison compare = comparison::equal;
    index_value value;
};

/// Finds conversations, or instances of a component in them.
struct index_query {
    /// Empty: one hit for each conversation. Otherwise one hit for each instance of the component,
    /// and members are those of this instance.
    std::string component;
    std::vector<index_condition> conditions;  ///< all of them hold
    /// It waits for one of these. Nullopt: no condition. Without a name, nothing is found.
    std::optional<std::vector<std::string>> awaited_by;
    std::optional<bool> has_ended = false;  ///< nullopt: both
    /// Hits without a value of an ordering member are left out. Nullopt: the order of the first
    /// events.
    std::optional<index_key> order;
    bool is_descending = false;
    std::size_t offset = 0;
    std::size_t limit = 50;            ///< at most 1,000
    std::vector<std::string> members;  ///< whose values the hits have
    bool counts = false;
};

struct index_hit {
    index_row row;
    std::uint64_t instance = 0;                      ///< 0 for a hit of a conversation
    std::vector<std::optional<index_value>> values;  ///< of `index_query::members`
};

/// The number of all hits is counted up to this.
inline constexpr std::size_t highest_count = 1'000;

struct index_page {
    std::vector<index_hit> hits;
    bool has_more = false;
    /// With `index_query::counts`: the number of hits on all pages. `highest_count` means: at least
    /// so many.
    std::optional<std::size_t> count;
};

/// A value of a result of SQL. `std::monostate` is NULL; a blob is a text of its bytes.
using sql_value = std::variant<std::monostate, std::int64_t, double, std::string>;

struct sql_result {
    std::vector<std::string> columns;
    std::vector<std::vector<sql_value>> rows;
    bool has_more = false;  ///< true if the result has more rows than the limit
};

struct sql_limits {
    std::size_t rows = 1'000;
    std::size_t bytes = 16 << 20;  ///< of all values; the last row may exceed it
    std::chrono::milliseconds time = std::chrono::seconds(1);
};

/// The index file. For SQL, it has the views `conversations` (id, principal, mount, component,
/// step, head, created, touched, since, ended), `waiting` (conversation, who, since) and `facts`
/// (conversation, component, member, instance, value, from_head, to_head), where to_head is NULL
/// for a current value.
/// Threads: any. Reading does not wait for `apply`. SQL does not wait for `find`.
/// Errors: `store_refused`; std::invalid_argument for a wrong query.
class query_index {
public:
    /// Opens the file, or creates it. A file that is damaged, of another format, of another program
    /// or of another schema is deleted first.
    query_index(const std::string& file, index_schema schema);
    ~query_index();
    query_index(const query_index&) = delete;
    query_index& operator=(const query_index&) = delete;

    /// Why the file was deleted and created again; empty if it was usable or missing.
    const std::string& rebuilt_because() const;

    index_watermark watermark() const;

    /// Applies a batch in one transaction. After an exception the index is unchanged.
    void apply(const index_batch& batch);

    /// The row of a conversation. Empty if the conversation is not in the index.
    std::optional<index_row> row(std::string_view id) const;

    /// Records that heads of these conversations will be deleted from the archive. Returns when
    /// this would survive a power loss. For each of them, `trim` or `forget` follows, and then
    /// `end_deletions`: by a later process, if this one ends before.
    void begin_deletion(std::span<const std::string> ids);

    /// The conversations whose deletion has begun and not ended, in alphabetical order.
    std::vector<std::string> begun_deletions() const;

    /// Deletes the facts of a conversation that held only before a head, as if the archive began
    /// with that head and its time.
    void trim(std::string_view id, std::uint64_t first_head, std::int64_t time);

    /// Deletes a conversation with all of its facts.
    void forget(std::string_view id);

    /// Removes the bytes that `trim` and `forget` have deleted from the files, and ends these
    /// deletions. Returns false without waiting if a reader needs the old state: call it again.
    bool end_deletions(std::span<const std::string> ids);

    index_page find(const index_query& query) const;

    /// Runs one SQL statement that only reads: no PRAGMA, no ATTACH, no second statement. Each "?"
    /// gets a parameter. Throws std::invalid_argument for other statements and for wrong SQL, and
    /// store_refused if the time limit is exceeded.
    sql_result
    select(std::string_view sql, std::span<const sql_value> parameters = {}, sql_limits limits = {})
        const;

    /// Reads the whole file. Empty if no damage was found. After damage, `is_damaged` is true.
    std::string find_damage() const;

    /// True after SQLite has found damage in the file.
    bool is_damaged() const;

    /// Deletes the file and begins an empty index. Calls that read meanwhile wait.
    void clear();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

/// Deletes from the index what the archive does not have any more of a conversation: `trim` or
/// `forget`.
void follow_deletion(query_index& to, archive& from, std::string_view id);

/// The state of an index file, which is not changed.
struct index_inspection {
    bool exists = false;
    std::string unusable_because;  ///< empty if an index can be opened from the file
    index_watermark watermark;
};

/// Throws `store_refused` if the file cannot be read now, for example because it is locked.
index_inspection inspect_index(const std::string& file, const index_schema& schema);

/// Deletes an index file that is not open, with its log. Throws `store_refused`.
void remove_index(const std::string& file);

/// Makes a copy of an index file, which may be in use, as it is at one moment. Deletes an older
/// copy. Throws `store_refused`.
void copy_index(const std::string& from, const std::string& to);

/// The differences between two index files, which are not changed: at most `count` lines of text.
std::vector<std::string>
compare_indexes(const std::string& expected, const std::string& found, std::size_t count);

}  // namespace stube::storage
