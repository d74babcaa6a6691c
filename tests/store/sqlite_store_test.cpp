#include "support.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sys/stat.h>

using namespace store_test;
using stube::store_refused;

namespace {

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

std::string refusal(const std::function<void()>& run) {
    try {
        run();
    } catch (const store_refused& refused) {
        return refused.what();
    }
    return "not refused";
}

}  // namespace

TEST_CASE("an update writes some parts and leaves the rest") {
    sqlite_place place;
    auto kept = open_and_load(place);
    CHECK(kept->saves_parts());
    contents model;
    const std::vector<change> steps{
        creating("a", 1, {{"head", "1"}, {"i1", "1"}}),
        updating("a", 2, {{"head", "2"}, {"i1", "2"}}),
        updating("a", 3, {{"head", "3"}, {"i2", "3"}, {"i3", "3"}}),
        updating("a", 4, {{"head", "4"}, {"i3", "4"}}, {"i1", "never_there"}),
        updating("a", 5, {{"i4", "5"}}),
        updating("a", 6, {}, {"i4"}),
        updating("a", 7, {{"head", "7"}, {"i1", "7"}}, {"i2", "i3"}),
        updating("a", 8, {}),
        updating("a", 9, {{"i1", "9"}}),
        updating("a", 10, {{"i1", "10"}}),
        updating("a", 11, {{"i5", "11"}, {"i6", "11"}}),
        updating("a", 12, {{"i5", "12"}, {"i1", "12"}}),
        updating("a", 13, {{"i6", "13"}}),
        updating("a", 14, {{"head", "14"}}),
        updating("a", 15, {{"i6", "15"}}, {"i5"}),
    };

    for (const change& step : steps) {
        CAPTURE(step.revision);
        save(*kept, {step});
        apply_change(model, step);
        kept.reset();
        kept = place.open();
        CHECK(load(*kept) == model);
    }
}

TEST_CASE("an update can turn a conversation into a tombstone and back") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(
        *kept,
        {creating("a", 1, {}, record_status::tombstone), creating("b", 1, {{"head", "1"}})}
    );
    change tombstone = updating("b", 2, {{"head", "2"}});
    tombstone.status = record_status::tombstone;

    save(*kept, {updating("a", 2, {{"head", "2"}}), tombstone});
    kept.reset();

    contents expected;
    apply_change(expected, replacing("a", 2, {{"head", "2"}}));
    apply_change(expected, replacing("b", 2, {{"head", "2"}}, record_status::tombstone));
    CHECK(stored_in(place) == expected);
}

TEST_CASE("an update of a conversation that is not stored is refused and leaves no parts") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("a", 1, {{"head", "1"}})});
    save(*kept, {creating("gone", 1, {{"head", "1"}}), removing("never_there")});
    save(*kept, {removing("gone")});

    for (const char* id : {"never_there", "gone"})
        CHECK_THROWS_AS(
            save(*kept, {updating("a", 2, {{"head", "2"}}), updating(id, 9, {{"head", "2"}})}),
            store_refused
        );
    CHECK_NOTHROW(save(*kept, {updating("a", 2, {{"head", "3"}})}));
    kept.reset();

    contents expected;
    apply_change(expected, replacing("a", 2, {{"head", "3"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE("only the owner can read the database") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("a", 1, {{"head", "1"}})});

    for (const char* end : {"", "-wal", "-shm", ".lock", ".mark"}) {
        CAPTURE(end);
        CHECK(mode_of(place.path().string() + end) == 0600);
    }
}

TEST_CASE("another program can read a database in use") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(
        *kept,
        {creating("a", 1, {{"head", R"({"n":41})"}}), creating("m", 1, {}, record_status::tombstone)
        }
    );
    save(*kept, {updating("a", 2, {{"head", R"({"n":42})"}})});

    auto file = place.path();
    CHECK(run_sql(file, "PRAGMA journal_mode") == "wal");
    CHECK(run_sql(file, "PRAGMA integrity_check") == "ok");
    CHECK(run_sql(file, "PRAGMA user_version") == "2");
    CHECK(
        run_sql(
            file,
            "SELECT group_concat(id || ' ' || revision || ' ' || status, '/') FROM conversation"
        ) == "a 2 kept/m 1 not_kept"
    );
    CHECK(
        run_sql(
            file,
            "SELECT revision || (body ->> 'n') FROM part"
            " WHERE conversation = 'a' AND name = 'head'"
        ) == "242"
    );
}

TEST_CASE("the log stays small and is gone after an orderly end") {
    sqlite_place place;
    auto kept = open_and_load(place);
    std::string body = '"' + std::string(100000, 'x') + '"';
    std::uintmax_t largest = 0;
    save(*kept, {creating("a", 0, {{"head", body}})});
    for (std::uint64_t revision = 1; revision <= 200; ++revision) {
        save(*kept, {replacing("a", revision, {{"head", body}})});
        largest = std::max(largest, fs::file_size(place.path().string() + "-wal"));
    }
    kept.reset();

    CHECK(largest > (3u << 20));
    CHECK(largest < (5u << 20));
    CHECK_FALSE(fs::exists(place.path().string() + "-wal"));
    CHECK(stored_in(place).at("a").revision == 200);
}

TEST_CASE("unreadable conversations are quarantined and block no other conversation") {
    struct row {
        std::string name;
        const char* damage;
        const char* id;
    };
    const row rows[] = {
        {"another body", "UPDATE part SET body = '\"bed\"' WHERE body = '\"bad\"'", "bad"},
        {"empty body", "UPDATE part SET body = '' WHERE body = '\"bad\"'", "bad"},
        {"no body", "UPDATE part SET body = NULL WHERE body = '\"bad\"'", "bad"},
        {"bytes", "UPDATE part SET body = CAST(body AS BLOB) WHERE body = '\"bad\"'", "bad"},
        {"not UTF-8", "UPDATE part SET body = CAST(x'22ff22' AS TEXT) WHERE body = '\"bad\"'", "bad"
        },
        {"no head", "DELETE FROM part WHERE conversation = 'bad' AND name = 'head'", "bad"},
        {"head without body",
         "UPDATE part SET body = NULL WHERE conversation = 'bad' AND name = 'head'",
         "bad"},
        {"two heads",
         "INSERT INTO part SELECT 99, conversation, name, revision, saved, checksum, status, 3,"
         " checksum_of_all, body FROM part WHERE conversation = 'bad' AND name = 'head';"
         "UPDATE part SET parts = 3 WHERE conversation = 'bad' AND name = 'head'",
         "bad"},
        {"lost part", "DELETE FROM part WHERE body = '\"bad\"'", "bad"},
        {"lost part and a smaller number of parts",
         "DELETE FROM part WHERE body = '\"bad\"';"
         "UPDATE part SET parts = 1 WHERE conversation = 'bad'",
         "bad"},
        {"revision", "UPDATE part SET revision = 9 WHERE conversation = 'bad'", "bad"},
        {"revision of one part", "UPDATE part SET revision = 9 WHERE body = '\"bad\"'", "bad"},
        {"revision is text", "UPDATE part SET revision = 'x' WHERE conversation = 'bad'", "bad"},
        {"number", "UPDATE part SET saved = saved + 1 WHERE conversation = 'bad'", "bad"},
        {"checksum", "UPDATE part SET checksum = checksum + 1 WHERE conversation = 'bad'", "bad"},
        {"checksum of all", "UPDATE part SET checksum_of_all = 0 WHERE conversation = 'bad'", "bad"
        },
        {"name of a part", "UPDATE part SET name = 'I 1' WHERE body = '\"bad\"'", "bad"},
        {"name is bytes",
         "UPDATE part SET name = CAST(name AS BLOB) WHERE conversation = 'bad'",
         "bad"},
        {"status", "UPDATE part SET status = '?' WHERE conversation = 'bad'", "bad"},
        {"other status", "UPDATE part SET status = 'not_kept' WHERE conversation = 'bad'", "bad"},
        {"id", "UPDATE part SET conversation = '../bad' WHERE conversation = 'bad'", ""},
        {"other id", "UPDATE part SET conversation = 'bed' WHERE conversation = 'bad'", "bed"},
        {"id is bytes",
         "UPDATE part SET conversation = CAST(conversation AS BLOB) WHERE conversation = 'bad'",
         ""},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        sqlite_place place;
        save(
            *open_and_load(place),
            {creating("good", 1, {{"head", "1"}, {"i1", "1"}}),
             creating("bad", 1, {{"head", "1"}, {"i1", "\"bad\""}}),
             creating("last", 1, {{"head", "1"}, {"i1", "1"}})}
        );
        run_sql(place.path(), row.damage);
        std::string rows_before = run_sql(place.path(), "SELECT count(*) FROM part");

        auto kept = place.open();
        contents found;
        auto report = kept->load_all([&](record&& loaded) { found[loaded.id] = loaded; });

        CHECK(report.loaded == 2);
        CHECK(found.size() == 2);
        REQUIRE(report.quarantined.size() == 1);
        CHECK(report.quarantined[0].id == row.id);
        CHECK_FALSE(report.quarantined[0].why.empty());
        CHECK(report.quarantined[0].where.find("quarantine") != std::string::npos);
        std::string rows_now =
            run_sql(place.path(), "SELECT (SELECT count(*) FROM part) + count(*) FROM quarantine");
        CHECK(rows_now == rows_before);
        CHECK(run_sql(place.path(), "SELECT count(*) FROM part") == "4");
        CHECK_NOTHROW(save(*kept, {creating("bad", 1, {{"head", "2"}})}));
        kept.reset();
        CHECK(stored_in(place).size() == 3);
    }
}

TEST_CASE("rows that were put back or moved or duplicated are detected") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(
        *kept,
        {creating("a", 1, {{"head", "1"}, {"i1", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    auto file = place.path();
    run_sql(file, "CREATE TABLE old AS SELECT * FROM part");
    save(*kept, {updating("a", 2, {{"head", "2"}, {"i1", "2"}})});
    kept.reset();
    struct row {
        std::string name;
        const char* damage;
        std::vector<std::string> quarantined;
    };
    const row rows[] = {
        {"an older part", "INSERT OR REPLACE INTO part SELECT * FROM old WHERE name = 'i1'", {"a"}},
        {"an older head",
         "INSERT OR REPLACE INTO part SELECT * FROM old WHERE name = 'head' AND conversation = 'a'",
         {"a"}},
        {"a part of another conversation",
         "UPDATE part SET conversation = 'b' WHERE name = 'i1'",
         {"a", "b"}},
        {"a part twice",
         "INSERT INTO part SELECT 99, conversation, name, revision, saved, checksum, status, parts,"
         " checksum_of_all, body FROM part WHERE name = 'i1'",
         {"a"}},
        {"a conversation twice",
         "INSERT INTO part SELECT 99 + number, conversation, name, revision, saved, checksum,"
         " status, parts, checksum_of_all, body FROM part WHERE conversation = 'b'",
         {"b"}},
    };
    fs::path intact = place.folder.path() / "intact.db";
    fs::copy_file(file, intact);

    for (const auto& row : rows) {
        CAPTURE(row.name);
        fs::copy_file(intact, file, fs::copy_options::overwrite_existing);
        run_sql(file, row.damage);
        contents found;
        auto report = place.open()->load_all([&](record&& loaded) { found[loaded.id] = loaded; });
        std::vector<std::string> ids;
        for (const auto& bad : report.quarantined)
            ids.push_back(bad.id);
        std::ranges::sort(ids);
        CHECK(ids == row.quarantined);
        for (const auto& [id, loaded] : found)
            CHECK(loaded.revision == (id == "a" ? 2 : 1));
    }
}

TEST_CASE("an update of one part writes one row") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("a", 1, {{"head", "1"}, {"i1", "1"}, {"i2", "1"}})});

    save(*kept, {updating("a", 2, {{"i2", "2"}})});
    save(*kept, {updating("a", 3, {{"i1", "3"}})});

    CHECK(
        run_sql(
            place.path(),
            "SELECT group_concat(name || ' ' || revision, '/') FROM"
            " (SELECT name, revision FROM part ORDER BY name)"
        ) == "head 1/i1 3/i2 2"
    );
}

TEST_CASE("a single row that was put back is reported after an orderly end") {
    sqlite_place place;
    auto kept = open_and_load(place);
    save(
        *kept,
        {creating("a", 1, {{"head", "1"}, {"i1", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    run_sql(place.path(), "CREATE TABLE old AS SELECT * FROM part");
    save(*kept, {updating("a", 2, {{"i1", "2"}})});
    std::string puts_back = "INSERT OR REPLACE INTO part SELECT * FROM old WHERE name = 'i1'";

    SUBCASE("as a rollback if nothing was written after it") {
        kept.reset();
        run_sql(place.path(), puts_back.c_str());
        std::string why = refusal([&] { place.open()->load_all([](record&&) {}); });
        CHECK(why.find("is older than its high-water mark") != std::string::npos);
    }
    SUBCASE("as a loss if something was written after it") {
        save(*kept, {updating("b", 2, {{"head", "2"}})});
        kept.reset();
        run_sql(place.path(), puts_back.c_str());
        auto report = place.open()->load_all([](record&&) {});
        REQUIRE(report.warnings.size() == 1);
        CHECK(report.warnings[0].find("some were lost") != std::string::npos);
    }
}

TEST_CASE("a lost conversation is reported after an orderly end") {
    sqlite_place place;
    save(
        *open_and_load(place),
        {creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})}
    );
    run_sql(place.path(), "DELETE FROM part WHERE conversation = 'b'");

    auto report = place.open()->load_all([](record&&) {});

    CHECK(report.loaded == 1);
    CHECK(report.quarantined.empty());
    REQUIRE(report.warnings.size() == 1);
    CHECK(report.warnings[0].find("some were lost") != std::string::npos);
}

TEST_CASE("a database of a newer release or another program is refused and left as it is") {
    struct row {
        std::string name;
        const char* change;
        const char* text;
    };
    const row rows[] = {
        {"newer", "PRAGMA user_version = 4", "newer release"},
        {"no format", "PRAGMA user_version = 0", "is not known"},
        {"other program", "PRAGMA application_id = 1", "another program"},
        {"no application id", "PRAGMA application_id = 0", "another program"},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        sqlite_place place;
        save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
        run_sql(place.path(), row.change);

        std::string text = refusal([&] { open_and_load(place); });

        CAPTURE(text);
        CHECK(text.find(row.text) != std::string::npos);
        CHECK(text.find(place.path().string()) != std::string::npos);
        CHECK(run_sql(place.path(), "SELECT count(*) FROM part") == "1");
    }

    sqlite_place place;
    run_sql(place.path(), "CREATE TABLE theirs(x); INSERT INTO theirs VALUES(1)");
    CHECK(refusal([&] { open_and_load(place); }).find("another program") != std::string::npos);
    CHECK(run_sql(place.path(), "PRAGMA journal_mode") == "delete");
    CHECK(run_sql(place.path(), "SELECT count(*) FROM theirs") == "1");
}

TEST_CASE("a file that is not a valid database is refused with a clear message") {
    sqlite_place place;

    SUBCASE("text") {
        std::ofstream(place.path()) << std::string(5000, 'x');
        CHECK(refusal([&] {
                  open_and_load(place);
              }).find("not an SQLite database") != std::string::npos);
    }
    SUBCASE("short text") {
        std::ofstream(place.path()) << "hello";
        CHECK(refusal([&] {
                  open_and_load(place);
              }).find("not an SQLite database") != std::string::npos);
    }
    SUBCASE("cut off anywhere") {
        auto kept = open_and_load(place);
        std::string body = '"' + std::string(100000, 'x') + '"';
        save(*kept, {creating("a", 1, {{"head", body}}), creating("b", 1, {{"head", body}})});
        kept.reset();
        std::uintmax_t whole = fs::file_size(place.path());
        for (std::uintmax_t size :
             {whole - 4096, whole / 2, std::uintmax_t(4096), std::uintmax_t(100)}) {
            CAPTURE(size);
            fs::resize_file(place.path(), size);
            std::string text = refusal([&] { open_and_load(place); });
            CAPTURE(text);
            CHECK(text.find(place.path().string()) != std::string::npos);
            CHECK(fs::file_size(place.path()) == size);
        }
    }
    SUBCASE("damaged inside") {
        auto kept = open_and_load(place);
        std::string body = '"' + std::string(3000, 'x') + '"';
        std::vector<change> batch;
        batch.reserve(50);
        for (int i = 0; i < 50; ++i)
            batch.push_back(creating(numbered("c", i), 1, {{"head", body}}));
        kept->save(batch);
        kept.reset();
        std::fstream file(place.path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(122880);  // page 31 of 4096 bytes
        file << std::string(4096, '\xff');
        file.close();
        std::string text = refusal([&] { place.open()->load_all([](record&&) {}); });
        CAPTURE(text);
        CHECK(text.find("damaged") != std::string::npos);
        CHECK(text.find(".recover") != std::string::npos);
    }
}

TEST_CASE("an empty file becomes a database") {
    sqlite_place place;
    std::ofstream(place.path()).close();

    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});

    CHECK(stored_in(place).size() == 1);
}

TEST_CASE("an unusable database is refused with a clear message") {
    temporary_folder folder;
    std::ofstream(folder.path() / "file") << "text";
    fs::create_directory(folder.path() / "folder");
    struct row {
        fs::path path;
        const char* text;
    };
    const row rows[] = {
        {"", "it has no name"},
        {folder.path() / "folder", "it is a folder"},
        {folder.path() / "file/kept.db", "is not a folder"},
        {folder.path() / "missing/kept.db", "does not exist"},
        {"/proc/kept.db", "cannot open"},
    };

    for (const auto& row : rows) {
        CAPTURE(row.path);
        std::string text =
            refusal([&] { stube::sqlite_store(row.path)->load_all([](record&&) {}); });
        CAPTURE(text);
        CHECK(text.find(row.text) != std::string::npos);
        CHECK(text.find('"' + row.path.string() + '"') != std::string::npos);
    }
}

TEST_CASE("two names of one database have one owner") {
    sqlite_place place;
    auto kept = open_and_load(place);
    fs::create_symlink("kept.db", place.folder.path() / "other.db");

    std::string text = refusal([&] {
        stube::sqlite_store(place.folder.path() / "other.db")->load_all([](record&&) {});
    });

    CHECK(text.find("another server is using it") != std::string::npos);
}

TEST_CASE("quarantined parts can be extracted with the sqlite3 tool") {
    if (std::system("sqlite3 -version > /dev/null 2>&1") != 0) {
        MESSAGE("skipped: sqlite3 is missing");
        return;
    }
    sqlite_place place;
    save(*open_and_load(place), {creating("bad", 1, {{"head", "1"}, {"i1", R"({"n":1})"}})});
    run_sql(place.path(), "UPDATE part SET revision = 9");
    place.open()->load_all([](record&&) {});

    // The command in sqlite_store.hpp.
    const std::string command =
        "cd '" + place.folder.path().string() +
        "' && sqlite3 kept.db \"SELECT writefile(conversation || '.' || name || '.json', body)"
        " FROM quarantine\" > /dev/null";
    CHECK(std::system(command.c_str()) == 0);

    std::ifstream taken(place.folder.path() / "bad.i1.json");
    std::string text;
    std::getline(taken, text);
    CHECK(text == R"({"n":1})");
}
