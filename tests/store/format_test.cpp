#include "store/sqlite_format.hpp"
#include "support.hpp"

#include <sys/stat.h>

// Upgrades from one format to the next. The tests add steps to those of this release.

using namespace store_test;
using stube::store_refused;
using stube::storage::format_step;
using stube::storage::sqlite_connection;

namespace {

/// The steps of this release and then `more`.
std::vector<format_step> followed_by(const std::vector<format_step>& more) {
    const auto known = stube::storage::format_steps();
    std::vector<format_step> out(known.begin(), known.end());
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

void add_table(sqlite_connection& database) {
    database.run("CREATE TABLE second(x); INSERT INTO second VALUES(2)");
}

void add_column(sqlite_connection& database) {
    database.run("ALTER TABLE second ADD COLUMN y; UPDATE second SET y = 3");
}

void fail_half_way(sqlite_connection& database) {
    database.run("DROP TABLE second; CREATE TABLE third(x)");
    throw std::runtime_error("half way");
}

fs::path backup_of(const sqlite_place& place) {
    return place.path().string() + ".format-2.backup";
}

}  // namespace

TEST_CASE("an older database is backed up and upgraded step by step") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    const auto steps = followed_by({add_table, add_column});
    sqlite_connection database(place.path());

    CHECK_FALSE(stube::storage::is_empty_database(database, place.path(), steps));
    CHECK(stube::storage::last_transaction(database) == 1);
    stube::storage::upgrade(database, place.path(), steps);

    CHECK(database.number("PRAGMA user_version") == 4);
    CHECK(database.number("SELECT x * 10 + y FROM second") == 23);
    sqlite_connection backup(backup_of(place));
    CHECK(backup.number("PRAGMA user_version") == 2);
    CHECK(backup.number("SELECT count(*) FROM part") == 1);
    CHECK(backup.text("PRAGMA quick_check") == "ok");
    struct stat status{};
    REQUIRE(::stat(backup_of(place).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);

    SUBCASE("once") {
        stube::storage::upgrade(database, place.path(), steps);
        CHECK_FALSE(fs::exists(backup_of(place).string() + ".1"));
    }
    SUBCASE("and this release leaves it unchanged") {
        CHECK_THROWS_AS(open_and_load(place), store_refused);
        CHECK(database.number("PRAGMA user_version") == 4);
    }
    SUBCASE("and the copy is a usable store") {
        fs::copy_file(backup_of(place), place.folder.path() / "back.db");
        CHECK(load(*stube::sqlite_store(place.folder.path() / "back.db")).size() == 1);
    }
}

TEST_CASE("a failed step leaves the database in the format before it") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    const auto steps = followed_by({add_table, fail_half_way});
    sqlite_connection database(place.path());

    CHECK_THROWS_WITH(stube::storage::upgrade(database, place.path(), steps), "half way");

    CHECK(database.number("PRAGMA user_version") == 3);
    CHECK(database.number("SELECT x FROM second") == 2);
    const auto repaired = followed_by({add_table, add_column});
    stube::storage::upgrade(database, place.path(), repaired);
    CHECK(database.number("PRAGMA user_version") == 4);
    CHECK(fs::exists(backup_of(place)));
}

TEST_CASE("an upgrade needs its backup and replaces no older backup") {
    sqlite_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    const auto steps = followed_by({add_table});
    sqlite_connection database(place.path());

    SUBCASE("no room") {
        fs::create_directory(backup_of(place).string() + ".tmp");
        CHECK_THROWS_AS(stube::storage::upgrade(database, place.path(), steps), store_refused);
        CHECK(database.number("PRAGMA user_version") == 2);
        CHECK(database.number("SELECT count(*) FROM part") == 1);
    }
    SUBCASE("an older backup exists") {
        fs::create_directory(backup_of(place));
        stube::storage::upgrade(database, place.path(), steps);
        CHECK(fs::is_regular_file(backup_of(place).string() + ".1"));
    }
}
