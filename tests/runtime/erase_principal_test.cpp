#include "store/store_model.hpp"

#include <stube/runtime/check_store.hpp>
#include <stube/runtime/erase_principal.hpp>
#include <stube/store/file_store.hpp>
#include <stube/store/memory_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <vector>

using namespace stube;
using namespace stube::storage;

namespace {

namespace fs = std::filesystem;

const time_point now(std::chrono::hours(24));

class place {
public:
    place() {
        std::string name = (fs::temp_directory_path() / "stube-erase-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
    }

    place(const place&) = delete;
    place& operator=(const place&) = delete;

    ~place() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    std::string path() const { return (folder_ / "kept.db").string(); }

    std::unique_ptr<store> open() const { return sqlite_store(path(), {.archive = true}); }

    std::unique_ptr<store> open_and_load() const {
        auto opened = open();
        opened->load_all([](record&&) {});
        return opened;
    }

    /// Opens the store again, as a program does that erases.
    void reopen(std::unique_ptr<store>& kept) const {
        kept.reset();
        kept = open();
    }

    bool holds(std::string_view text) const {
        for (const auto& each : fs::recursive_directory_iterator(folder_)) {
            if (!each.is_regular_file()) continue;
            std::ifstream in(each.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            if (bytes.find(text) != std::string::npos) return true;
        }
        return false;
    }

private:
    fs::path folder_;
};

/// The head of a stored conversation, as far as the erasure reads it.
part head_of(const std::string& principal) {
    return {
        "head",
        R"({"format":2,"owner":"session:)" + principal + R"(","principal":")" + principal + "\"}"
    };
}

std::shared_ptr<const archived_commit>
commit_of(const change& of, const std::string& principal, const std::string& more = {}) {
    archived_commit commit;
    commit.event = R"({"kind":"event","principal":")" + principal + "\"" + more + "}";
    commit.about = "{}";
    commit.is_whole = of.kind != change_kind::update;
    commit.written = of.written;
    return std::make_shared<const archived_commit>(std::move(commit));
}

/// Begins a conversation of a principal, with a text in its state.
void begin(
    store& in,
    const std::string& id,
    const std::string& principal,
    const std::string& text
) {
    auto first = creating(id, 1, {head_of(principal), {"i1", R"({"state":")" + text + "\"}"}});
    first.commit = commit_of(first, principal);
    in.save({&first, 1});
}

/// An event of a principal, which sets the text.
void send(store& in, const std::string& id, const std::string& principal, const std::string& text) {
    auto next = updating(id, 2, {{"i1", R"({"state":")" + text + "\"}"}});
    next.commit = commit_of(next, principal);
    in.save({&next, 1});
}

void end(store& in, const std::string& id) {
    const auto removal = removing(id);
    in.save({&removal, 1});
}

std::vector<std::string> stored_ids(const place& where) {
    std::vector<std::string> ids;
    where.open()->load_all([&](record&& each) { ids.push_back(each.id); });
    std::ranges::sort(ids);
    return ids;
}

void run_sql(const place& where, const char* text) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(where.path().c_str(), &handle) == SQLITE_OK);
    CHECK(sqlite3_exec(handle, text, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

}  // namespace

TEST_CASE("erasing a principal leaves nothing of their conversations in any file") {
    place where;
    {
        auto kept = where.open_and_load();
        begin(*kept, "live", "ada", "seed-1");
        send(*kept, "live", "ada", "seed-2");
        begin(*kept, "ended", "ada", "seed-3");
        end(*kept, "ended");
        begin(*kept, "bob", "bob", "tea");
        const auto tombstone = creating(
            "tombstone",
            1,
            {{"head", R"({"format":2,"owner":"session:ada","mount":"/","touched":1})"}},
            record_status::tombstone
        );
        kept->save({&tombstone, 1});
    }
    auto kept = where.open();

    const auto done = erase_principal(*kept, "ada", now);

    CHECK(done.is_complete());
    CHECK(done.counts.conversations == 2);
    CHECK(done.counts.archived == 2);
    CHECK(done.counts.heads == 3);
    CHECK(
        report_of(done) == "erased: 2 conversations, 2 archived ones, 3 heads\n"
                           "nothing of the name is left\n"
    );
    for (const char* text : {"ada", "seed-"})
        CHECK_FALSE(where.holds(text));
    kept.reset();
    CHECK(stored_ids(where) == std::vector<std::string>{"bob"});
    for (const char* text : {"ada", "seed-"})
        CHECK_FALSE(where.holds(text));
}

TEST_CASE("the archive of another user with events of the principal is erased as a whole") {
    place where;
    auto kept = where.open_and_load();
    begin(*kept, "bob", "bob", "tea");
    send(*kept, "bob", "ada", "milk");
    where.reopen(kept);

    const auto done = erase_principal(*kept, "ada", now);

    CHECK(done.is_complete());
    CHECK(done.histories == std::vector<std::string>{"bob"});
    CHECK(done.counts.conversations == 0);
    CHECK(done.counts.heads == 2);
    CHECK(archive_of(*kept)->heads("bob", 100, 100).empty());
    CHECK_FALSE(where.holds("ada"));
    auto next = updating("bob", 3, {{"i1", "{}"}});
    next.commit = commit_of(next, "bob");
    kept->save({&next, 1});
    CHECK(archive_of(*kept)->heads("bob", 100, 100).size() == 1);
    kept.reset();
    CHECK(stored_ids(where) == std::vector<std::string>{"bob"});
}

TEST_CASE("a name within a longer word is not reported") {
    place where;
    auto kept = where.open_and_load();
    begin(*kept, "live", "ada", "seed");
    begin(*kept, "bob", "bob", "badaed42 adamant Cicada");
    begin(*kept, "eve", "eve", "ada@example.com");
    where.reopen(kept);

    const auto done = erase_principal(*kept, "ada", now);

    using enum stored_text::place;
    CHECK(
        done.left == std::vector<principal_erasure::remainder>{{"eve", current}, {"eve", archive}}
    );
}

TEST_CASE("a name at the beginning of a line is reported") {
    for (const char* text : {R"(line\nada)", R"(line\u0007ada)"}) {
        place where;
        auto kept = where.open_and_load();
        begin(*kept, "bob", "bob", text);
        where.reopen(kept);
        CHECK(erase_principal(*kept, "ada", now).left.size() == 2);
    }
}

TEST_CASE("conversations and files that still contain the name are reported") {
    place where;
    auto kept = where.open_and_load();
    begin(*kept, "live", "ada", "seed");
    begin(*kept, "bob", "bob", R"(call \"ada\")");
    auto fork = creating("copy", 1, {head_of("eve"), {"i1", R"({"state":"seed"})"}});
    auto commit = *commit_of(fork, "eve");
    commit.origin = fork_origin{"live", 1};
    fork.commit = std::make_shared<const archived_commit>(commit);
    kept->save({&fork, 1});
    const std::string copy = where.path() + ".format-2.backup";
    std::ofstream(copy) << R"("principal":"ada")";
    where.reopen(kept);

    const auto done = erase_principal(*kept, "ada", now);

    CHECK_FALSE(done.is_complete());
    CHECK(done.copies == std::vector<std::string>{"copy"});
    using enum stored_text::place;
    CHECK(
        done.left == std::vector<principal_erasure::remainder>{{"bob", current}, {"bob", archive}}
    );
    CHECK(done.files == std::vector<std::string>{copy});
    CHECK(
        report_of(done) == "erased: 1 conversations, 1 archived ones, 1 heads\n"
                           "began as a copy of an erased conversation: conversation copy\n"
                           "still contains the name: conversation bob (current state)\n"
                           "still contains the name: conversation bob (archive)\n"
                           "still contains the name: file " +
                               copy + "\nsomething is left, and a person must decide\n"
    );
}

TEST_CASE("damaged rows and quarantined parts of a principal are erased") {
    place where;
    {
        auto kept = where.open_and_load();
        begin(*kept, "live", "ada", "seed-1");
        begin(*kept, "ended", "ada", "seed-2");
        send(*kept, "ended", "ada", "seed-3");
        end(*kept, "ended");
    }
    run_sql(
        where,
        "UPDATE part SET checksum = 1 WHERE conversation = 'live';"
        "UPDATE archive SET event = substr(event, 1, 34), parts = NULL WHERE head = 2;"
        "UPDATE ended SET archived = 7"
    );
    auto kept = where.open();

    const auto done = erase_principal(*kept, "ada", now);

    CHECK(done.is_complete());
    for (const char* text : {"ada", "seed-"})
        CHECK_FALSE(where.holds(text));
}

TEST_CASE("erasing a principal leaves nothing of them in the folder of a file store") {
    place where;
    const std::string folder = where.path() + "-files";
    const auto open = [&] { return file_store(folder); };
    {
        auto kept = open();
        kept->load_all([](record&&) {});
        for (const char* id : {"live", "damaged", "bob"}) {
            const std::string principal = std::string(id) == "bob" ? "bob" : "ada";
            const auto first = creating(
                id,
                1,
                {head_of(principal), {"i1", R"({"state":"seed-)" + principal + "\"}"}}
            );
            kept->save({&first, 1});
        }
    }
    std::ofstream(folder + "/damaged.json", std::ios::app) << " ";
    auto kept = open();

    const auto done = erase_principal(*kept, "ada", now);

    CHECK(done.is_complete());
    CHECK(done.counts.conversations == 1);
    CHECK_FALSE(where.holds("ada"));
    CHECK(where.holds("seed-bob"));
    kept.reset();
    std::size_t left = 0;
    const auto report = open()->load_all([&](record&&) { ++left; });
    CHECK(left == 1);
    CHECK(report.warnings.empty());
}

TEST_CASE("a name is compared as a whole and as JSON writes it") {
    place where;
    auto kept = where.open_and_load();
    begin(*kept, "1", R"(o\"neil)", "seed");  // o"neil
    begin(*kept, "2", "neil", "tea");
    const auto tombstone = creating(
        "3",
        1,
        {{"head", R"({"format":2,"owner":"session:x:o\"neil","mount":"/","touched":1})"}},
        record_status::tombstone
    );
    kept->save({&tombstone, 1});
    where.reopen(kept);

    const auto done = erase_principal(*kept, "o\"neil", now);

    CHECK(done.counts.conversations == 1);
    CHECK_FALSE(where.holds("seed"));
    CHECK(
        done.left == std::vector<principal_erasure::remainder>{{"3", stored_text::place::current}}
    );
    kept.reset();
    CHECK(stored_ids(where) == std::vector<std::string>{"2", "3"});
}

TEST_CASE("an erasure is recorded without the name and the check of the store shows it") {
    place where;
    auto kept = where.open_and_load();
    begin(*kept, "live", "ada", "seed");
    where.reopen(kept);
    erase_principal(*kept, "ada", now);
    where.reopen(kept);

    const auto found = check_store(*kept, {now}, check_depth::deep);

    REQUIRE(found.archive);
    CHECK(found.is_archive_intact());
    CHECK(
        report_of(found).find(
            "archive: conversations=0 heads=0 bodies=0 garbage=0 faults=0\n"
            "erased at 1970-01-02 00:00:00 UTC: 1 conversations, 1 archived, 1 heads\n"
        ) != std::string::npos
    );
}

TEST_CASE("the check of a store names the damaged heads of its archive") {
    place where;
    {
        auto kept = where.open_and_load();
        begin(*kept, "a", "ada", "tea");
        send(*kept, "a", "ada", "milk");
        end(*kept, "a");
    }
    run_sql(where, "UPDATE archive SET event = '{}' WHERE head = 2");

    CHECK(check_store(*where.open(), {now}).is_archive_intact());
    const auto deep = check_store(*where.open(), {now}, check_depth::deep);
    CHECK_FALSE(deep.is_archive_intact());
    CHECK(report_of(deep).find("damaged: conversation a head 2: ") != std::string::npos);
    CHECK(report_of(deep).ends_with("the archive is damaged\nall can continue\n"));
}

TEST_CASE("a store that cannot erase and an empty name are refused") {
    place where;
    CHECK_THROWS_AS(erase_principal(*where.open(), "", now), std::invalid_argument);
    CHECK_THROWS_AS(erase_principal(*memory_store(), "ada", now), store_refused);
}
