#include "store/sqlite_connection.hpp"
#include "store/support.hpp"

#include <stube/store/query_index.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

using namespace store_test;

namespace {

const index_schema schema = {{"claim", 1, {"amount", "status"}}, {"task", 2, {}}};

struct index_place {
    temporary_folder folder;

    std::string path() const { return (folder.path() / "kept.index").string(); }
};

index_row row_of(std::string id, std::vector<std::string> awaited = {}, std::int64_t since = 1) {
    index_row out;
    out.id = std::move(id);
    out.component = "claim";
    out.since = since;
    out.awaited = std::move(awaited);
    return out;
}

/// The facts of instance 1.
index_facts facts_of(std::string id, std::uint64_t head, std::int64_t amount) {
    return {
        std::move(id),
        head,
        false,
        {{"claim", "", 1, index_value(std::int64_t(1))}, {"claim", "amount", 1, amount}}
    };
}

/// Applies a batch with the next position.
void apply(query_index& to, std::vector<index_row> rows, std::vector<index_facts> facts = {}) {
    index_batch batch;
    batch.watermark.position = to.watermark().position + 1;
    batch.rows = std::move(rows);
    batch.facts = std::move(facts);
    to.apply(batch);
}

std::string ids(const query_index& in, const index_query& query) {
    std::string out;
    for (const auto& hit : in.find(query).hits)
        out += hit.row.id + " ";
    return out;
}

index_query claims() {
    index_query out;
    out.component = "claim";
    return out;
}

/// The values of a member: value, first head and end.
std::string history_of(const query_index& in, const std::string& id) {
    std::string out;
    const std::vector<sql_value> parameters{id};
    const auto found = in.select(
        "SELECT value || ' ' || from_head || ' ' || coalesce(to_head, '-') FROM facts"
        " WHERE conversation = ? ORDER BY from_head",
        parameters
    );
    for (const auto& row : found.rows)
        out += std::get<std::string>(row[0]) + "; ";
    return out;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("an index returns the rows that were applied also after a restart") {
    const index_place at;
    auto row = row_of("a", {"role:x", "user:y"}, 5);
    row.principal = "ada";
    row.mount = "/claims";
    row.step = 3;
    row.head = 9;
    row.created = 1;
    row.touched = 2;
    {
        query_index index(at.path(), schema);
        apply(index, {row});
    }
    const query_index index(at.path(), schema);
    CHECK(index.rebuilt_because().empty());
    CHECK(index.row("a") == row);
    CHECK(!index.row("b"));
    CHECK(index.watermark().position == 1);
}

TEST_CASE("a fact ends with the head that changes its value") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a")}, {facts_of("a", 2, 10), facts_of("a", 3, 10), facts_of("a", 5, 20)});
    CHECK(history_of(index, "a") == "10 2 5; 20 5 -; ");
    apply(index, {}, {{"a", 7, false, {{"claim", "amount", 1, {}}}}});
    CHECK(history_of(index, "a") == "10 2 5; 20 5 7; ");
}

TEST_CASE("a value that only deleted heads had leaves no fact if the index was behind") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a")}, {facts_of("a", 2, 10)});
    index.trim("a", 5, 1);  // before the index has read head 3, which changed the value
    apply(index, {}, {facts_of("a", 5, 20)});
    CHECK(history_of(index, "a") == "20 5 -; ");
}

TEST_CASE("a whole list of facts ends all others") {
    const index_place at;
    query_index index(at.path(), schema);
    auto second = facts_of("a", 2, 30);
    second.facts[0].instance = second.facts[1].instance = 2;
    apply(index, {row_of("a")}, {facts_of("a", 2, 10), second});
    auto whole = facts_of("a", 4, 10);
    whole.is_whole = true;
    apply(index, {}, {whole});
    CHECK(history_of(index, "a") == "10 2 -; 30 2 4; ");
}

TEST_CASE("each comparison finds the values that fulfil it") {
    const index_place at;
    query_index index(at.path(), schema);
    const auto with_status = [](std::string id, std::string status) {
        index_facts out{std::move(id), 1, false, {}};
        out.facts.push_back({"claim", "", 1, index_value(std::int64_t(1))});
        out.facts.push_back({"claim", "status", 1, std::move(status)});
        return out;
    };
    apply(
        index,
        {row_of("a"), row_of("b"), row_of("c")},
        {with_status("a", "open"), with_status("b", "opened"), with_status("c", "paid, open")}
    );
    const auto found = [&](comparison compare, const std::string& value) {
        auto query = claims();
        query.conditions = {{"status", compare, value}};
        return ids(index, query);
    };
    using enum comparison;
    CHECK(found(equal, "open") == "a ");
    CHECK(found(not_equal, "open") == "b c ");
    CHECK(found(less, "opened") == "a ");
    CHECK(found(less_equal, "opened") == "a b ");
    CHECK(found(greater, "opened") == "c ");
    CHECK(found(greater_equal, "opened") == "b c ");
    CHECK(found(begins_with, "open") == "a b ");
    CHECK(found(contains, "open") == "a b c ");
    CHECK(found(contains, "paid") == "c ");
    CHECK(found(equal, "' OR 1=1 --").empty());
}

TEST_CASE("an index finds the same hits in the same order whatever it reads first") {
    const index_place at;
    query_index index(at.path(), schema);
    // 3,000 conversations: more than the number up to which a condition is read first.
    std::vector<index_row> rows;
    std::vector<index_facts> facts;
    for (int i = 0; i < 3'000; ++i) {
        std::vector<std::string> awaited{i % 1'500 == 0 ? "user:rare" : "role:frequent"};
        rows.push_back(row_of(numbered("c", i), std::move(awaited), 10'000 - i));
        facts.push_back(facts_of(numbered("c", i), 1, i));
    }
    apply(index, std::move(rows), std::move(facts));

    auto query = claims();
    query.limit = 2;
    query.order = "amount";
    query.is_descending = true;
    query.awaited_by = {"user:rare"};
    CHECK(ids(index, query) == "c1500 c0 ");
    query.awaited_by = {"role:frequent"};
    CHECK(ids(index, query) == "c2999 c2998 ");
    query.awaited_by = {"role:frequent", "user:rare", "user:nobody"};
    query.conditions = {{"amount", comparison::less_equal, std::int64_t(1'500)}};
    CHECK(ids(index, query) == "c1500 c1499 ");
    query.conditions = {{"amount", comparison::equal, std::int64_t(7)}};
    CHECK(ids(index, query) == "c7 ");
    query.conditions = {{index_column::id, comparison::equal, std::string("c9")}};
    CHECK(ids(index, query) == "c9 ");

    index_query waiting;
    waiting.limit = 2;
    waiting.order = index_column::since;
    waiting.awaited_by = {"role:frequent"};
    CHECK(ids(index, waiting) == "c2999 c2998 ");
    waiting.awaited_by = {"user:rare"};
    CHECK(ids(index, waiting) == "c1500 c0 ");
    waiting.awaited_by = {"role:frequent", "user:rare"};
    CHECK(ids(index, waiting) == "c2999 c2998 ");
    waiting.offset = 2;
    CHECK(ids(index, waiting) == "c2997 c2996 ");
    waiting.offset = 0;
    waiting.awaited_by = {"role:frequent"};
    waiting.conditions = {{index_column::id, comparison::equal, std::string("c9")}};
    CHECK(ids(index, waiting) == "c9 ");
    waiting.component = "claim";
    waiting.conditions = {{"amount", comparison::less, std::int64_t(4)}};
    CHECK(ids(index, waiting) == "c3 c2 ");
}

TEST_CASE("a query for what waits for one of no names finds nothing") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a", {"user:ada"})}, {facts_of("a", 1, 10)});

    index_query query;
    CHECK(ids(index, query) == "a ");
    query.awaited_by.emplace();
    CHECK(ids(index, query).empty());
    query.order = index_column::since;
    CHECK(ids(index, query).empty());
    auto of_member = claims();
    of_member.awaited_by.emplace();
    of_member.conditions = {{"amount", comparison::equal, std::int64_t(10)}};
    CHECK(ids(index, of_member).empty());
}

TEST_CASE("a page says whether there are more hits and counts up to the highest count") {
    const index_place at;
    query_index index(at.path(), schema);
    std::vector<index_row> rows;
    for (int i = 0; i < 1'200; ++i)
        rows.push_back(row_of(numbered("c", i)));
    rows[0].has_ended = true;
    apply(index, std::move(rows));
    index_query query;
    query.counts = true;
    CHECK(index.find(query).count == highest_count);
    CHECK(index.find(query).has_more);
    query.has_ended = true;
    CHECK(index.find(query).count == 1);
    CHECK(!index.find(query).has_more);
    query.limit = 1'001;
    CHECK_THROWS_AS(index.find(query), std::invalid_argument);
}

TEST_CASE("a query of an unknown member is refused") {
    const index_place at;
    const query_index index(at.path(), schema);
    auto query = claims();
    query.conditions = {{"colour", comparison::equal, std::string("red")}};
    CHECK_THROWS_AS(index.find(query), std::invalid_argument);
    query.component.clear();
    CHECK_THROWS_AS(index.find(query), std::invalid_argument);
    query = claims();
    query.conditions = {{"amount", comparison::contains, std::int64_t(1)}};
    CHECK_THROWS_AS(index.find(query), std::invalid_argument);
}

TEST_CASE("an index of another schema is emptied") {
    const index_place at;
    {
        query_index index(at.path(), schema);
        apply(index, {row_of("a")});
    }
    auto other = schema;
    other[1].version = 3;
    const query_index index(at.path(), other);
    CHECK(index.rebuilt_because() == "the program has other components or other indexed members");
    CHECK(!index.row("a"));
    CHECK(index.watermark() == index_watermark());
}

TEST_CASE("an index whose creation a kill has interrupted is created again without a complaint") {
    const index_place at;
    const auto unfinished = fs::path(at.path() + ".new");
    std::ofstream(unfinished) << "SQLite for";
    const query_index index(at.path(), schema);
    CHECK(index.rebuilt_because().empty());
    CHECK(fs::exists(at.path()));
    CHECK_FALSE(fs::exists(unfinished));
}

TEST_CASE("a batch that fails changes nothing") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a")});
    CHECK_THROWS(apply(index, {row_of("b")}, {facts_of("missing", 1, 1)}));
    CHECK(!index.row("b"));
    CHECK(index.watermark().position == 1);
}

TEST_CASE("a deletion that began is known after a restart until it is followed") {
    const index_place at;
    const std::vector<std::string> ids{"b", "a", "unknown"};
    {
        query_index index(at.path(), schema);
        apply(index, {row_of("a"), row_of("b")}, {facts_of("a", 2, 10), facts_of("b", 2, 10)});
        index.begin_deletion(ids);
        index.begin_deletion(ids);
    }
    query_index index(at.path(), schema);
    CHECK(index.begun_deletions() == std::vector<std::string>{"a", "b", "unknown"});
    index.trim("a", 2, 1);
    index.forget("b");
    index.forget("unknown");
    CHECK(index.begun_deletions() == std::vector<std::string>{"a", "b", "unknown"});
    CHECK(index.end_deletions(ids));
    CHECK(index.begun_deletions().empty());
    CHECK(history_of(index, "a") == "10 2 -; ");
    CHECK(!index.row("b"));
}

TEST_CASE("the bytes of a forgotten conversation leave the files of the index") {
    const index_place at;
    query_index index(at.path(), schema);
    auto facts = facts_of("a", 1, 1);
    facts.facts.push_back({"claim", "status", 1, std::string("mellon-mellon")});
    apply(index, {row_of("a", {"user:mellon-mellon"}), row_of("b", {"user:b"})}, {facts});
    index.forget("a");
    index.forget("never_there");
    CHECK(index.end_deletions({}));
    CHECK(!index.row("a"));
    CHECK(index.row("b"));
    for (const char* suffix : {"", "-wal"})
        CHECK(read_file(at.path() + suffix).find("mellon-mellon") == std::string::npos);
}

TEST_CASE("a deletion does not wait for a reader, and ends when the reader has") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a", {"user:mellon-mellon"}), row_of("b")});
    const std::vector<std::string> ids{"a"};
    index.begin_deletion(ids);
    {
        sqlite_connection reader(at.path(), sqlite_connection::access::reads);
        reader.run("BEGIN");
        CHECK(reader.number("SELECT count(*) FROM conversations") == 2);
        index.forget("a");
        CHECK(!index.end_deletions(ids));
        CHECK(index.begun_deletions() == ids);
    }
    CHECK(index.end_deletions(ids));
    CHECK(index.begun_deletions().empty());
    for (const char* suffix : {"", "-wal"})
        CHECK(read_file(at.path() + suffix).find("mellon-mellon") == std::string::npos);
}

TEST_CASE("a name may contain any characters") {
    const index_place at;
    query_index index(at.path(), schema);
    const std::vector<std::string> names{"role:", "user:\x1f", "user:1:2", "user:\x1fz", "user:ä "};
    apply(index, {row_of("a", names)});
    CHECK(index.row("a")->awaited == names);
    auto later = row_of("a", {"user:1:2"});
    later.since = 7;
    apply(index, {later});
    apply(index, {row_of("a", names)});
    index_query waiting;
    waiting.awaited_by = {"user:\x1fz"};
    CHECK(index.find(waiting).hits.size() == 1);
    waiting.awaited_by = {"user:"};
    CHECK(index.find(waiting).hits.empty());
}

TEST_CASE("a trim moves the time since which a conversation waits") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a", {"role:b", "user:c"}, 3)});
    index.trim("a", 2, 5);
    CHECK(index.row("a")->since == 5);
    const auto rows = index.select("SELECT who, since FROM waiting ORDER BY who").rows;
    REQUIRE(rows.size() == 2);
    CHECK(rows[0][0] == sql_value(std::string("role:b")));
    CHECK(rows[0][1] == sql_value(std::int64_t(5)));
    CHECK(rows[1][1] == sql_value(std::int64_t(5)));
    index.forget("a");
    CHECK(index.select("SELECT count(*) FROM waiting").rows[0][0] == sql_value(std::int64_t(0)));
}

TEST_CASE("a file that cannot be opened is refused and stays") {
    const index_place at;
    std::filesystem::create_directory(at.path());
    CHECK_THROWS_AS(query_index(at.path(), schema), stube::store_refused);
    CHECK_THROWS_AS(inspect_index(at.path(), schema), stube::store_refused);
    CHECK(std::filesystem::is_directory(at.path()));
}

TEST_CASE("a copy of an index in use has its state at one moment") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a")}, {facts_of("a", 1, 7)});
    const auto copy = at.path() + ".copy";
    copy_index(at.path(), copy);
    apply(index, {row_of("b")});
    CHECK(query_index(copy, schema).watermark().position == 1);
    copy_index(at.path(), copy);
    CHECK(compare_indexes(at.path(), copy, 5).empty());
}

TEST_CASE("the parameters and the result of SQL have limits") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a"), row_of("b"), row_of("c")});
    const std::vector<sql_value> long_text{std::string(20 << 20, 'x')};
    CHECK_THROWS_AS(index.select("SELECT ?", long_text), std::invalid_argument);
    const auto found =
        index.select("SELECT hex(zeroblob(1000)) FROM conversations", {}, {.bytes = 2500});
    CHECK(found.rows.size() == 2);
    CHECK(found.has_more);
}

TEST_CASE("queries do not wait while a batch is applied") {
    const index_place at;
    query_index index(at.path(), schema);
    apply(index, {row_of("a")});
    std::vector<index_row> many;
    for (int i = 0; i < 20'000; ++i)
        many.push_back(row_of(numbered("c", i)));
    std::thread writer([&] { apply(index, many); });
    const auto found = index.find({}).hits.size();
    writer.join();
    CHECK(found >= 1);
    CHECK(index.find({}).hits.size() == 50);
}
