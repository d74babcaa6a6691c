#include "faults.hpp"
#include "support.hpp"

#include <cerrno>
#include <csignal>
#include <optional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace store_test;
using stube::store_refused;
using stube::store_unknown;

namespace {

const std::vector<change> first_batch{
    creating("a", 1, {{"head", "1"}, {"i1", "1"}}),
    creating("b", 1, {{"head", "1"}, {"i1", "1"}}),
    creating("gone", 1, {{"head", "1"}, {"i1", "1"}})
};

std::vector<change> next_batch() {
    std::string body = '"' + std::string(9000, 'x') + '"';
    return {
        replacing("a", 2, {{"head", "2"}, {"i1", body}}),
        creating("new", 1, {{"head", body}}),
        removing("gone"),
        replacing("b", 2, {{"head", "2"}, {"i2", body}})
    };
}

enum class outcome { saved, refused, unknown };

outcome try_save(stube::store& kept, const std::vector<change>& batch) {
    try {
        kept.save(batch);
        return outcome::saved;
    } catch (const store_refused&) {
        return outcome::refused;
    } catch (const store_unknown&) {
        return outcome::unknown;
    }
}

contents model_of(const std::vector<std::vector<change>>& batches) {
    contents model;
    for (const auto& batch : batches)
        for (const auto& change : batch)
            apply_change(model, change);
    return model;
}

/// True if each conversation is as in `before` or as in `after`.
bool is_a_mixture(const contents& found, const contents& before, const contents& after) {
    const auto look_up = [](const contents& all, const std::string& id) {
        const auto stored = all.find(id);
        return stored == all.end() ? std::optional<record>() : stored->second;
    };
    for (const char* id : {"a", "b", "new", "gone"}) {
        const auto stored = look_up(found, id);
        if (stored != look_up(before, id) && stored != look_up(after, id)) return false;
    }
    return true;
}

/// Saves a batch with a fault at the `nth` call. Returns true if the save reached the fault.
template <class Place>
bool save_with_a_fault(fault kind, int nth, int error, bool is_lasting) {
    Place place;
    auto kept = open_and_load(place);
    kept->save(first_batch);
    auto batch = next_batch();

    if (is_lasting)
        fail_from(kind, nth, error);
    else
        fail_once(kind, nth, error);
    outcome first = try_save(*kept, batch);
    bool tripped = end_faults();
    outcome second = first == outcome::saved ? outcome::saved : try_save(*kept, batch);
    kept.reset();
    contents found = stored_in(place);

    contents old_model = model_of({first_batch});
    contents new_model = model_of({first_batch, batch});
    CAPTURE(static_cast<int>(first));
    if (!tripped) CHECK(first == outcome::saved);
    if (first == outcome::refused)
        CHECK(second == outcome::saved);  // nothing was changed, and the store remains usable
    if (first == outcome::unknown) CHECK(second == outcome::unknown);
    if (second == outcome::saved)
        CHECK(found == new_model);
    else if (Place::whole_batches_survive_a_crash)
        CHECK((found == old_model || found == new_model));
    else
        CHECK(is_a_mixture(found, old_model, new_model));
    return tripped;
}

/// Appends failures with a fault at the `nth` call, and then saves. Returns true if a call failed.
bool append_with_a_fault(fault kind, int nth, int error) {
    archive_place place;
    auto kept = open_and_load(place);
    auto made = creating("a", 1, {{"head", "1"}});
    archived_commit commit;
    commit.written = made.written;
    made.commit = std::make_shared<const archived_commit>(commit);
    kept->save(std::vector{made});
    auto& archived = dynamic_cast<archive&>(*kept);
    const archived_failure failed{"a", 1, 1, "{}", std::string(9000, 'x')};

    fail_once(kind, nth, error);
    outcome first = outcome::saved;
    try {
        archived.append_failures(std::vector{failed});
    } catch (const store_refused&) {
        first = outcome::refused;
    } catch (const store_unknown&) {
        first = outcome::unknown;
    }
    const bool tripped = end_faults();
    const outcome second = try_save(*kept, {replacing("a", 2, {{"head", "2"}})});
    CHECK(second == (first == outcome::unknown ? outcome::unknown : outcome::saved));
    kept.reset();
    kept = open_and_load(place);
    const auto found = dynamic_cast<archive&>(*kept).failures("a");
    if (first == outcome::saved) CHECK(found == std::vector{failed});
    if (first == outcome::refused) CHECK(found.empty());
    return tripped;
}

}  // namespace

TEST_CASE("appended failures are whole or absent whichever system call fails") {
    for (const auto& [kind, error] :
         {std::pair(fault::write, ENOSPC), std::pair(fault::write, EIO), std::pair(fault::sync, EIO)
         }) {
        int nth = 1;
        while (nth < 100 && append_with_a_fault(kind, nth, error))
            ++nth;
        CHECK(nth > 1);
        CHECK(nth < 100);
    }
}

TEST_CASE_TEMPLATE(
    "a save keeps its guarantee whichever system call fails",
    Place,
    file_place,
    sqlite_place
) {
    struct row {
        std::string name;
        fault kind;
        int error;
        bool is_lasting;
    };
    const row rows[] = {
        {"disk full at a write", fault::write, ENOSPC, true},
        {"disk full for a moment", fault::write, ENOSPC, false},
        {"quota reached at a write", fault::write, EDQUOT, true},
        {"write error", fault::write, EIO, false},
        {"sync error", fault::sync, EIO, false},
        {"lasting sync error", fault::sync, EIO, true},
        {"disk full at a sync", fault::sync, ENOSPC, false},
        {"rename error", fault::rename, EIO, false},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        int nth = 1;
        while (nth < 100 && save_with_a_fault<Place>(row.kind, nth, row.error, row.is_lasting))
            ++nth;
        CHECK(nth < 100);
    }
}

TEST_CASE_TEMPLATE(
    "a full disk is a refusal and a failed sync is not",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    auto kept = open_and_load(place);
    kept->save(first_batch);

    fail_from(fault::write, 1, ENOSPC);
    CHECK(try_save(*kept, next_batch()) == outcome::refused);
    end_faults();
    fail_once(fault::sync, 1, EIO);
    CHECK(try_save(*kept, next_batch()) == outcome::unknown);
    end_faults();

    CHECK_THROWS_AS(save(*kept, {removing("a")}), store_unknown);
    CHECK_THROWS_AS(save(*kept, {removing("a")}), store_unknown);
}

TEST_CASE("a failed checkpoint loses nothing acknowledged and stops the store") {
    int outcomes_seen = 0;
    for (int nth = 2; nth < 6; ++nth) {  // the first sync belongs to the commit
        CAPTURE(nth);
        sqlite_place place;
        auto kept = open_and_load(place);
        std::vector<change> large{
            creating("a", 1, {{"head", '"' + std::string(5 << 20, 'x') + '"'}})
        };

        fail_from(fault::sync, nth, EIO);
        outcome first = try_save(*kept, large);
        bool tripped = end_faults();
        outcome second = try_save(*kept, {creating("b", 1, {{"head", "1"}})});
        kept.reset();

        CHECK(first == outcome::saved);
        CHECK(second == (tripped ? outcome::unknown : outcome::saved));
        CHECK(stored_in(place).size() == (tripped ? 1 : 2));
        outcomes_seen |= tripped ? 1 : 2;
    }
    CHECK(outcomes_seen == 3);
}

TEST_CASE("a batch costs SQLite one sync when it has to survive power loss") {
    struct row {
        stube::durability acknowledged;
        long syncs;
    };
    for (const auto& expected :
         {row{stube::durability::survives_power_loss, 10},
          row{stube::durability::survives_process_crash, 0}}) {
        sqlite_place place;
        auto kept = stube::sqlite_store(place.path(), {expected.acknowledged});
        load(*kept);
        kept->save(first_batch);

        long start = calls_of(fault::sync);
        for (std::uint64_t revision = 2; revision < 12; ++revision)
            save(
                *kept,
                {updating("a", revision, {{"head", "2"}}), updating("b", revision, {{"i1", "2"}})}
            );

        CHECK(calls_of(fault::sync) - start == expected.syncs);
    }
}

TEST_CASE_TEMPLATE(
    "a limit on the size of files loses nothing that was acknowledged",
    Place,
    file_place,
    sqlite_place
) {
    Place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    int ends[2];
    REQUIRE(::pipe(ends) == 0);

    pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{256 << 10, 256 << 10};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        auto kept = place.open();
        kept->load_all([](record&&) {});
        std::uint64_t acknowledged = 1;
        for (std::uint64_t revision = 2; revision < 60; ++revision) {
            std::string body = '"' + std::string(revision * 10000, 'x') + '"';
            if (try_save(*kept, {replacing("a", revision, {{"head", body}})}) != outcome::saved)
                break;
            acknowledged = revision;
        }
        ssize_t sent = ::write(ends[1], &acknowledged, sizeof acknowledged);
        ::_exit(sent == sizeof acknowledged ? 0 : 1);
    }
    ::close(ends[1]);
    std::uint64_t acknowledged = 0;
    CHECK(::read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged);
    ::close(ends[0]);
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);

    auto found = stored_in(place);
    REQUIRE(found.size() == 1);
    CHECK(acknowledged > 1);
    CHECK(acknowledged < 59);
    CHECK(found["a"].revision >= acknowledged);
    CHECK(found["a"].revision <= acknowledged + 1);
    CHECK(found["a"].parts.front().body.size() == found["a"].revision * 10000 + 2);
}
