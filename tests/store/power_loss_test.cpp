#include "disk_log.hpp"
#include "history.hpp"
#include "part_index.hpp"

#include <exception>
#include <optional>
#include <string>

// Opens 2,000 images of a disk after a power loss, at every sync of a run and at random moments
// between the syncs. For runs by hand: STUBE_IMAGES (the number for each kind of store),
// STUBE_SEED.

using namespace store_test;

namespace {

/// The state that must survive a power loss: every acknowledged save, or any prefix of the saves
/// that contains all earlier lives of the store.
enum class guarantee { acknowledged, prefix };

struct sqlite_full : sqlite_kind {
    static constexpr guarantee kept = guarantee::acknowledged;
    static constexpr unsigned images = 700;
    static constexpr history_options saves{1, 200, true, 2500};
    static constexpr std::size_t life = 40;  ///< the number of saves from opening to closing
};

/// Its log grows long enough for checkpoints during the run.
struct sqlite_in_one_life : sqlite_full {
    static constexpr unsigned images = 300;
    static constexpr history_options saves{2, 200, true, 9000};
    static constexpr std::size_t life = 200;
};

struct sqlite_process_crash : sqlite_in_one_life {
    static constexpr guarantee kept = guarantee::prefix;
    static constexpr std::size_t life = 100;

    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(folder / "kept.db", {stube::durability::survives_process_crash});
    }
};

/// All of these with the archive.
struct archive_full : archive_kind {
    static constexpr guarantee kept = guarantee::acknowledged;
    static constexpr unsigned images = 300;
    static constexpr history_options saves{4, 200, true, 2500};
    static constexpr std::size_t life = 40;
};

struct archive_in_one_life : archive_full {
    static constexpr unsigned images = 200;
    static constexpr history_options saves{5, 200, true, 9000};
    static constexpr std::size_t life = 200;
};

/// Beside it, an index follows the commits and the trims.
struct archive_and_index : archive_full {
    static constexpr unsigned images = 200;
    static constexpr history_options saves{6, 60, true, 1500};
    static constexpr std::size_t life = 15;
    static constexpr bool is_indexed = true;
};

template <class Kind>
constexpr bool has_index = requires { Kind::is_indexed; };

struct archive_process_crash : archive_in_one_life {
    static constexpr guarantee kept = guarantee::prefix;
    static constexpr std::size_t life = 100;

    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(
            folder / "kept.db",
            {.acknowledged = stube::durability::survives_process_crash, .archive = true}
        );
    }
};

struct files : file_kind {
    static constexpr guarantee kept = guarantee::acknowledged;
    static constexpr unsigned images = 700;
    static constexpr history_options saves{3, 200, false, 2000};
    static constexpr std::size_t life = 40;
};

template <class Kind>
class power_loss {
public:
    explicit power_loss(unsigned seed)
        : seed_(seed), random_(seed), all_(make_history(options(seed))) {
        fs::create_directory(live());
        record_run();
    }

    /// Tries about `about` images. Returns the exact number.
    unsigned try_images(unsigned about) {
        std::vector<std::size_t> moments = moments_for(about);
        simulated_disk disk;
        std::size_t applied = 0;
        unsigned images = 0;
        for (std::size_t moment : moments) {
            for (; applied < moment; ++applied)
                disk.apply(steps_[applied]);
            constexpr unsynced rests[] =
                {unsynced::lost, unsynced::kept, unsynced::some, unsynced::torn};
            check_image(disk.after_power_loss(rests[images++ % 4], random_), moment);
        }
        return images;
    }

private:
    fs::path live() const { return folder_.path() / "live"; }

    static history_options options(unsigned seed) {
        history_options options = Kind::saves;
        options.seed += seed;
        options.with_commits = Kind::keeps_archive;
        return options;
    }

    void record_run() {
        disk_log log(live());
        std::unique_ptr<stube::store> kept;
        std::optional<part_index> index;
        for (std::size_t i = 0; i < all_.batches.size(); ++i) {
            if (i % Kind::life == 0) {
                index.reset();
                kept.reset();
                kept = Kind::open(live());
                load(*kept);
                if (has_index<Kind>) index.emplace(database_in(live()), *archive_of(*kept));
            }
            if (index) index->begin_deletions(all_.batches[i]);
            begun_.push_back(log.steps().size());
            save(*kept, with_positions(*kept, all_.batches[i]));
            acknowledged_.push_back(log.steps().size());
            if (index) index->end_deletions(all_.batches[i]);
            if (index && random_() % 2 == 0) index->catch_up(1 + random_() % 4);
        }
        index.reset();
        kept.reset();
        steps_ = log.steps();
    }

    /// Numbers of steps in ascending order: just before each sync, more around random syncs, and
    /// some anywhere.
    std::vector<std::size_t> moments_for(unsigned about) {
        std::vector<std::size_t> syncs;
        for (std::size_t i = 0; i < steps_.size(); ++i)
            if (steps_[i].what == disk_step::kind::sync ||
                steps_[i].what == disk_step::kind::sync_folder)
                syncs.push_back(i);
        std::vector<std::size_t> moments = syncs;
        while (moments.size() < about)
            moments.push_back(
                random_() % 4 == 0 ? random_() % (steps_.size() + 1)
                                   : syncs[random_() % syncs.size()] + random_() % 2
            );
        std::ranges::sort(moments);
        return moments;
    }

    void check_image(const disk_image& image, std::size_t moment) {
        const auto count_up_to = [&](const std::vector<std::size_t>& steps) {
            return static_cast<std::size_t>(
                std::ranges::upper_bound(steps, moment) - steps.begin()
            );
        };
        std::size_t acknowledged = count_up_to(acknowledged_);
        std::size_t begun = count_up_to(begun_);
        CAPTURE(seed_);
        CAPTURE(moment);
        CAPTURE(acknowledged);
        fs::path folder = folder_.path() / "image";
        write_image(image, folder);
        contents found;
        try {
            auto kept = Kind::open(folder);
            found = load(*kept);
            if (Kind::keeps_archive) check_archive(*kept, archive_at(found, begun));
            if (has_index<Kind>) check_index(folder, *archive_of(*kept));
        } catch (const std::exception& error) {
            FAIL_CHECK(error.what());
            return;
        }
        if constexpr (Kind::kept == guarantee::prefix)
            CHECK(is_one_of(found, saves_before_last_opening(begun), begun));
        else if constexpr (Kind::whole_batches)
            CHECK(is_one_of(found, acknowledged, begun));
        else
            CHECK(is_a_mixture(found, all_.states[acknowledged], all_.states[begun]));
        if (moment % 8 == 0) save_more(folder, std::move(found));
    }

    /// The index catches up, and then equals a rebuild.
    static void check_index(const fs::path& folder, archive& from) {
        {
            part_index index(database_in(folder), from);
            index.catch_up(100);
        }
        const auto fresh = folder / "fresh";
        part_index(fresh, from).catch_up(100);
        for (const auto& each : differences(fresh, database_in(folder)))
            FAIL_CHECK("the index differs from a rebuild: ", each);
    }

    static fs::path database_in(const fs::path& folder) { return folder / "kept.db"; }

    /// The archive of the state that was found, which is one of the first `begun`.
    archive_contents archive_at(const contents& found, std::size_t begun) const {
        std::size_t state = begun;
        while (state > 0 && found != all_.states[state])
            --state;
        return archive_after(all_, state);
    }

    /// The number of saves before the store was last opened. Closing has synced them.
    static std::size_t saves_before_last_opening(std::size_t begun) {
        return begun == 0 ? 0 : (begun - 1) / Kind::life * Kind::life;
    }

    bool is_one_of(const contents& found, std::size_t first, std::size_t last) const {
        for (std::size_t i = first; i <= last; ++i)
            if (found == all_.states[i]) return true;
        return false;
    }

    static void save_more(const fs::path& folder, contents found) {
        std::vector<change> more{creating("one-more", 1, {{"head", "1"}})};
        save(*open_and_load(opener{folder}), more);
        apply_change(found, more.front());
        CHECK(stored_in(opener{folder}) == found);
    }

    struct opener {
        fs::path folder;
        std::unique_ptr<stube::store> open() const { return Kind::open(folder); }
    };

    unsigned seed_;
    std::mt19937 random_;
    history all_;
    quick_folder folder_;
    std::vector<disk_step> steps_;
    std::vector<std::size_t> begun_;         ///< the number of steps before each save
    std::vector<std::size_t> acknowledged_;  ///< the number of steps after each save
};

}  // namespace

TEST_CASE_TEMPLATE(
    "nothing acknowledged is lost or torn by a power loss",
    Kind,
    sqlite_full,
    sqlite_in_one_life,
    sqlite_process_crash,
    archive_full,
    archive_in_one_life,
    archive_and_index,
    archive_process_crash,
    files
) {
    unsigned seed = from_environment("STUBE_SEED", std::random_device{}());
    power_loss<Kind> run(seed);
    unsigned images = run.try_images(from_environment("STUBE_IMAGES", Kind::images));
    MESSAGE(images, " images, seed ", seed);
}
