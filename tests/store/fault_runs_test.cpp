#include "failing_vfs.hpp"
#include "faults.hpp"
#include "history.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <functional>
#include <memory>

// A run of 200 saves in which every call fails once. Each save is repeated, each time with the
// fault one call later, until the save no longer reaches the fault.

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

/// Fewer with a sanitizer, which is slow. The calls of later saves are the same.
constexpr std::size_t saves = is_sanitized ? 40 : 200;

enum class extent { whole, half };

struct failure {
    std::string name;
    fault kind;
    int error;
    extent part = extent::whole;
};

const failure system_failures[] = {
    {"write error", fault::write, EIO},
    {"disk full at a write", fault::write, ENOSPC},
    {"short write, then disk full", fault::write, ENOSPC, extent::half},
    {"short write, then an error", fault::write, EIO, extent::half},
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

// A sync does not fail with "disk full" here: SQLite's own layer turns every error of fsync into an
// I/O error.
const failure vfs_failures[] = {
    {"write error", fault::vfs_write, SQLITE_IOERR_WRITE},
    {"disk full at a write", fault::vfs_write, SQLITE_FULL},
    {"short write, disk full", fault::vfs_write, SQLITE_FULL, extent::half},
    {"short write, error", fault::vfs_write, SQLITE_IOERR_WRITE, extent::half},
    {"sync error", fault::vfs_sync, SQLITE_IOERR_FSYNC},
    {"truncate error", fault::vfs_truncate, SQLITE_IOERR_TRUNCATE},
    {"open error", fault::vfs_open, SQLITE_CANTOPEN},
    {"remove error", fault::vfs_remove, SQLITE_IOERR_DELETE},
};

void arm(const failure& failure, int nth) {
    if (failure.part == extent::whole)
        fail_once(failure.kind, nth, failure.error);
    else
        fail_half_way(failure.kind, nth, failure.error);
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

/// Counts the saves with a fault by their outcome.
struct tally {
    int refused = 0;
    int unknown = 0;
    int saved = 0;  ///< although a call failed
};

template <class Kind>
class run {
public:
    explicit run(const failure& failure) : failure_(failure), kept_(Kind::open(live())) {
        load(*kept_);
        all_ = make_history({7, saves, kept_->saves_parts(), 1500, 12, Kind::keeps_archive});
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
            left = with_positions(*kept_, std::move(left));
            CAPTURE(nth);
            REQUIRE(nth < 1000);
            arm(failure_, nth);
            const outcome result = try_save(*kept_, left);
            const bool tripped = end_faults();
            if (result == outcome::refused) {
                REQUIRE(tripped);
                check_unchanged();
            } else if (result == outcome::unknown) {
                ++counted_.unknown;
                check_stopped(left);
                restart();
                std::size_t before = left.size();
                left = not_yet_in(now_, left);
                if (left.size() < before) nth = 0;
            } else {
                counted_.saved += tripped;
                now_ = next();
                left.clear();
                if (tripped) restart();  // the store may have stopped after this save
            }
        }
    }

    /// Loads a copy of the files. Only for one refusal in 16, because that is slow.
    void check_unchanged() {
        if (++counted_.refused % 16 != 1) return;
        fs::path copy = folder_.path() / "copy";
        copy_as_killed(live(), copy);
        auto kept = Kind::open(copy);
        CHECK(load(*kept) == now_);
        if (Kind::keeps_archive) check_archive(*kept, archive_after(all_, at_));
    }

    void check_stopped(const std::vector<change>& left) {
        CHECK(try_save(*kept_, left) == outcome::unknown);
        CHECK(try_save(*kept_, {removing("another")}) == outcome::unknown);
    }

    /// Reads the state from the disk.
    void restart() {
        kept_.reset();
        kept_ = Kind::open(live());
        contents found = load(*kept_);
        const bool is_at_end = at_ == all_.batches.size();
        const contents& other = is_at_end ? all_.states.back() : next();
        if (Kind::whole_batches)
            CHECK((found == now_ || found == other));
        else
            CHECK(is_a_mixture(found, now_, other));
        now_ = std::move(found);
        check_archive_sometimes();
    }

    /// Only after one restart in 16, because that is slow.
    void check_archive_sometimes() {
        if (!Kind::keeps_archive || ++restarts_ % 16 != 1) return;
        const bool is_saved = at_ < all_.batches.size() && now_ == next();
        check_archive(*kept_, archive_after(all_, at_ + is_saved));
    }

    failure failure_;
    history all_;
    quick_folder folder_;
    [[maybe_unused]] bool made_ = fs::create_directory(live());
    std::unique_ptr<stube::store> kept_;
    contents now_;  ///< the state that was last acknowledged or loaded
    std::size_t at_ = 0;
    int restarts_ = 0;
    tally counted_;
};

void print(const failure& failure, const tally& counted) {
    MESSAGE(
        failure.name,
        ": ",
        counted.refused,
        " refused, ",
        counted.unknown,
        " unknown, ",
        counted.saved,
        " saved in spite of it"
    );
}

/// Opens a store, saves and closes it, with a fault at the `nth` call. The save is so large that it
/// causes a checkpoint. Returns false if no call reached the fault.
template <class Kind>
bool live_with_a_fault(const failure& failure, int nth, const fs::path& folder, contents old) {
    std::vector<change> large{
        creating("large", 1, {{"head", '"' + std::string(5 << 20, 'x') + '"'}})
    };
    outcome result = outcome::refused;

    arm(failure, nth);
    try {
        auto kept = Kind::open(folder);
        contents found;
        auto report = kept->load_all([&](record&& loaded) {
            std::string id = loaded.id;
            found.emplace(id, in_order(std::move(loaded)));
        });
        // A file that cannot be opened is not lost: it is quarantined and reported.
        for (const auto& bad : report.quarantined)
            CHECK(old.erase(bad.id) == 1);
        CHECK(found == old);
        result = try_save(*kept, large);
    } catch (const store_refused&) {  // from opening or loading
    }
    const bool tripped = end_faults();

    contents next = old;
    apply_change(next, large.front());
    if (!tripped) CHECK(result == outcome::saved);
    contents found = load(*Kind::open(folder));
    if (result == outcome::saved)
        CHECK(found == next);
    else if (result == outcome::refused)
        CHECK(found == old);
    else
        CHECK((found == old || found == next));
    return tripped;
}

template <class Kind>
void every_call_of_a_life_fails_once(const failure& failure) {
    quick_folder folder;
    fs::path first = folder.path() / "first";
    fs::path copy = folder.path() / "copy";
    fs::path live = folder.path() / "live";
    fs::create_directory(first);
    contents old;
    {
        auto kept = Kind::open(first);
        load(*kept);
        history all = make_history({3, 20, kept->saves_parts(), 800, 12, Kind::keeps_archive});
        for (const auto& batch : all.batches)
            save(*kept, with_positions(*kept, batch));
        old = all.states.back();
        copy_as_killed(first, copy);
    }
    int nth = 1;
    for (;; ++nth) {
        CAPTURE(nth);
        copy_as_killed(copy, live);
        if (!live_with_a_fault<Kind>(failure, nth, live, old)) break;
        // Skip most pages of the large body, which are all written alike.
        if (nth > 40) nth += 200;
    }
    MESSAGE(failure.name, ": ", nth - 1, " calls");
}

}  // namespace

TEST_CASE_TEMPLATE(
    "200 saves keep their guarantees whichever system call fails",
    Kind,
    file_kind,
    sqlite_kind,
    archive_kind
) {
    for (const auto& failure : system_failures) {
        CAPTURE(failure.name);
        const tally counted = run<Kind>(failure).play();
        print(failure, counted);
    }
}

TEST_CASE_TEMPLATE(
    "200 saves keep their guarantees whichever call of the SQLite file layer fails",
    Kind,
    sqlite_kind,
    archive_kind
) {
    failing_vfs layer;
    for (const auto& failure : vfs_failures) {
        CAPTURE(failure.name);
        const tally counted = run<Kind>(failure).play();
        print(failure, counted);
    }
}

TEST_CASE_TEMPLATE(
    "nothing is lost whichever system call fails while a store opens and closes",
    Kind,
    file_kind,
    sqlite_kind,
    archive_kind
) {
    for (const auto& failure : system_failures) {
        CAPTURE(failure.name);
        every_call_of_a_life_fails_once<Kind>(failure);
    }
}

TEST_CASE(
    "nothing is lost whichever call of the SQLite file layer fails while a store opens and closes"
) {
    failing_vfs layer;
    for (const auto& failure : vfs_failures) {
        CAPTURE(failure.name);
        every_call_of_a_life_fails_once<sqlite_kind>(failure);
    }
}
