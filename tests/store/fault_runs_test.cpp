#include "failing_vfs.hpp"
#include "faults.hpp"
#include "history.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <functional>
#include <memory>

// A run of 200 saves in which every call fails once: the save is tried again and again, each time
// with the fault one call later, until it is not reached any more.

using namespace store_test;
using stube::store_refused;
using stube::store_unknown;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool is_sanitized = true;
#elif defined(__has_feature)
constexpr bool is_sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool is_sanitized = false;
#endif

/// Sanitizers make it slow, and the same calls come again and again.
constexpr std::size_t saves = is_sanitized ? 40 : 200;

enum class how { once, half_way };

struct failure {
    std::string name;
    fault kind;
    int error;
    how much = how::once;
};

const failure system_failures[] = {
    {"write error", fault::write, EIO},
    {"disk full at a write", fault::write, ENOSPC},
    {"short write, then disk full", fault::write, ENOSPC, how::half_way},
    {"short write, then an error", fault::write, EIO, how::half_way},
    {"sync error", fault::sync, EIO},
    {"disk full at a sync", fault::sync, ENOSPC},
    {"truncate error", fault::truncate, EIO},
    {"open error", fault::open, EIO},
    {"too many open files", fault::open, EMFILE},
    {"disk full at an open", fault::open, ENOSPC},
    {"rename error", fault::rename, EIO},
    {"disk full at a rename", fault::rename, ENOSPC},
    {"remove error", fault::remove, EIO},
};

// A sync never says "disk full" here: SQLite's own layer makes an I/O error of whatever fsync says.
const failure vfs_failures[] = {
    {"write error", fault::vfs_write, SQLITE_IOERR_WRITE},
    {"disk full at a write", fault::vfs_write, SQLITE_FULL},
    {"short write, disk full", fault::vfs_write, SQLITE_FULL, how::half_way},
    {"short write, error", fault::vfs_write, SQLITE_IOERR_WRITE, how::half_way},
    {"sync error", fault::vfs_sync, SQLITE_IOERR_FSYNC},
    {"truncate error", fault::vfs_truncate, SQLITE_IOERR_TRUNCATE},
    {"open error", fault::vfs_open, SQLITE_CANTOPEN},
    {"remove error", fault::vfs_remove, SQLITE_IOERR_DELETE},
};

void arm(const failure& what, int nth) {
    if (what.much == how::once)
        fail_once(what.kind, nth, what.error);
    else
        fail_half_way(what.kind, nth, what.error);
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

/// How often a call failed, and what became of the save.
struct tally {
    int refused = 0;
    int unknown = 0;
    int saved = 0;  ///< although a call failed
};

template <class Kind>
class run {
public:
    explicit run(const failure& what)
        : what_(what), all_(make_history({7, saves, true, 1500})), kept_(Kind::open(live())) {
        load(*kept_);
        if (!kept_->saves_parts()) all_ = make_history({7, saves, false, 1500});
    }

    tally play() {
        for (at_ = 0; at_ < all_.batches.size(); ++at_)
            save_with_every_fault();
        restart();
        CHECK(now_ == all_.states.back());
        return counted_;
    }

private:
    fs::path live() const { return folder_.path() / "live"; }

    const contents& next() const { return all_.states[at_ + 1]; }

    void save_with_every_fault() {
        CAPTURE(at_);
        std::vector<change> left = all_.batches[at_];
        for (int nth = 1; !left.empty(); ++nth) {
            CAPTURE(nth);
            REQUIRE(nth < 1000);
            arm(what_, nth);
            outcome got = try_save(*kept_, left);
            bool tripped = end_of_faults();
            if (got == outcome::refused) {
                REQUIRE(tripped);
                nothing_changed();
            } else if (got == outcome::unknown) {
                ++counted_.unknown;
                nothing_more_is_taken(left);
                restart();
                std::size_t before = left.size();
                left = not_yet_in(now_, left);
                if (left.size() < before) nth = 0;
            } else {
                counted_.saved += tripped;
                now_ = next();
                left.clear();
                if (tripped) restart();  // it may have stopped all the same
            }
        }
    }

    /// What a reader of the folder sees is looked at now and then only, because it takes long.
    void nothing_changed() {
        if (++counted_.refused % 16 != 1) return;
        fs::path copy = folder_.path() / "copy";
        copy_as_killed(live(), copy);
        CHECK(load(*Kind::open(copy)) == now_);
    }

    void nothing_more_is_taken(const std::vector<change>& left) {
        CHECK(try_save(*kept_, left) == outcome::unknown);
        CHECK(try_save(*kept_, {removing("another")}) == outcome::unknown);
    }

    /// The restart reads what is really there.
    void restart() {
        kept_.reset();
        kept_ = Kind::open(live());
        contents found = load(*kept_);
        bool at_end = at_ == all_.batches.size();
        const contents& other = at_end ? all_.states.back() : next();
        if (Kind::whole_batches)
            CHECK((found == now_ || found == other));
        else
            CHECK(is_a_mixture(found, now_, other));
        now_ = std::move(found);
    }

    failure what_;
    history all_;
    quick_folder folder_;
    [[maybe_unused]] bool made_ = fs::create_directory(live());
    std::unique_ptr<stube::store> kept_;
    contents now_;  ///< what is stored, as far as it was acknowledged or read
    std::size_t at_ = 0;
    tally counted_;
};

void tell(const failure& what, const tally& counted) {
    MESSAGE(
        what.name,
        ": ",
        counted.refused,
        " refused, ",
        counted.unknown,
        " unknown, ",
        counted.saved,
        " saved all the same"
    );
}

/// A life of a store from its opening to its end, with a save so large that SQLite's log is carried
/// over into the database, with the fault at the `nth` call. False if that was not reached.
template <class Kind>
bool live_with_a_fault(const failure& what, int nth, const fs::path& folder, contents old) {
    std::vector<change> large{
        creating("large", 1, {{"head", '"' + std::string(5 << 20, 'x') + '"'}})
    };
    outcome got = outcome::refused;

    arm(what, nth);
    try {
        auto kept = Kind::open(folder);
        contents found;
        auto report = kept->load_all([&](record&& one) {
            std::string id = one.id;
            found.emplace(id, in_order(std::move(one)));
        });
        // A file that cannot be opened is not lost: it is set aside, and told.
        for (const stube::unreadable& each : report.quarantined)
            CHECK(old.erase(each.id) == 1);
        CHECK(found == old);
        got = try_save(*kept, large);
    } catch (const store_refused&) {  // by the opening or the loading
    }
    bool tripped = end_of_faults();

    contents next = old;
    follow(next, large.front());
    if (!tripped) CHECK(got == outcome::saved);
    contents found = load(*Kind::open(folder));
    if (got == outcome::saved)
        CHECK(found == next);
    else if (got == outcome::refused)
        CHECK(found == old);
    else
        CHECK((found == old || found == next));
    return tripped;
}

template <class Kind>
void every_call_of_a_life_fails_once(const failure& what) {
    quick_folder folder;
    fs::path first = folder.path() / "first";
    fs::path copy = folder.path() / "copy";
    fs::path live = folder.path() / "live";
    fs::create_directory(first);
    contents old;
    {
        auto kept = Kind::open(first);
        load(*kept);
        history all = make_history({3, 20, kept->saves_parts(), 800});
        for (const auto& batch : all.batches)
            kept->save(batch);
        old = all.states.back();
        copy_as_killed(first, copy);
    }
    int nth = 1;
    for (;; ++nth) {
        CAPTURE(nth);
        copy_as_killed(copy, live);
        if (!live_with_a_fault<Kind>(what, nth, live, old)) break;
        // The pages of the large body are all alike.
        if (nth > 40) nth += 200;
    }
    MESSAGE(what.name, ": ", nth - 1, " calls");
}

}  // namespace

TEST_CASE_TEMPLATE(
    "200 saves keep their promises whichever call to the system fails",
    Kind,
    file_kind,
    sqlite_kind
) {
    for (const failure& each : system_failures) {
        CAPTURE(each.name);
        tally counted = run<Kind>(each).play();
        tell(each, counted);
    }
}

TEST_CASE("200 saves keep their promises whichever call of the SQLite file layer fails") {
    failing_vfs layer;
    for (const failure& each : vfs_failures) {
        CAPTURE(each.name);
        tally counted = run<sqlite_kind>(each).play();
        tell(each, counted);
    }
}

TEST_CASE_TEMPLATE(
    "whichever call to the system fails while a store opens and ends nothing is lost",
    Kind,
    file_kind,
    sqlite_kind
) {
    for (const failure& each : system_failures) {
        CAPTURE(each.name);
        every_call_of_a_life_fails_once<Kind>(each);
    }
}

TEST_CASE(
    "whichever call of the SQLite file layer fails while a store opens and ends nothing is lost"
) {
    failing_vfs layer;
    for (const failure& each : vfs_failures) {
        CAPTURE(each.name);
        every_call_of_a_life_fails_once<sqlite_kind>(each);
    }
}
