#include "disk_log.hpp"
#include "history.hpp"

#include <exception>
#include <string>

// 2,000 images of what a power loss leaves, at every sync of a run and at random moments between.
// For runs by hand: STUBE_IMAGES (of each kind of store), STUBE_SEED.

using namespace store_test;

namespace {

/// The least that a save was promised to outlive.
enum class promise { acknowledged, prefix };

struct sqlite_full : sqlite_kind {
    static constexpr promise kept = promise::acknowledged;
    static constexpr unsigned images = 700;
    static constexpr history_options saves{1, 200, true, 2500};
    static constexpr std::size_t life = 40;  ///< saves from opening to ending
};

/// Its log grows long enough to be carried over meanwhile.
struct sqlite_in_one_life : sqlite_full {
    static constexpr unsigned images = 300;
    static constexpr history_options saves{2, 200, true, 9000};
    static constexpr std::size_t life = 200;
};

struct sqlite_process_crash : sqlite_in_one_life {
    static constexpr promise kept = promise::prefix;
    static constexpr std::size_t life = 100;

    static std::unique_ptr<stube::store> open(const fs::path& folder) {
        return stube::sqlite_store(folder / "kept.db", {stube::durability::survives_process_crash});
    }
};

struct files : file_kind {
    static constexpr promise kept = promise::acknowledged;
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

    unsigned look_at_images(unsigned about) {
        std::vector<std::size_t> moments = moments_for(about);
        simulated_disk disk;
        std::size_t applied = 0;
        unsigned images = 0;
        for (std::size_t moment : moments) {
            for (; applied < moment; ++applied)
                disk.apply(steps_[applied]);
            constexpr unsynced rests[] =
                {unsynced::lost, unsynced::kept, unsynced::some, unsynced::torn};
            look_at(disk.after_power_loss(rests[images++ % 4], random_), moment);
        }
        return images;
    }

private:
    fs::path live() const { return folder_.path() / "live"; }

    static history_options options(unsigned seed) {
        history_options some = Kind::saves;
        some.seed += seed;
        return some;
    }

    void record_run() {
        disk_log log(live());
        std::unique_ptr<stube::store> kept;
        for (std::size_t i = 0; i < all_.batches.size(); ++i) {
            if (i % Kind::life == 0) {
                kept.reset();
                kept = Kind::open(live());
                load(*kept);
            }
            begun_.push_back(log.steps().size());
            kept->save(all_.batches[i]);
            acknowledged_.push_back(log.steps().size());
        }
        kept.reset();
        steps_ = log.steps();
    }

    /// Each sync, just before it; then more around syncs, and some anywhere.
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
        std::sort(moments.begin(), moments.end());
        return moments;
    }

    void look_at(const disk_image& image, std::size_t moment) {
        auto count_up_to = [&](const std::vector<std::size_t>& of) {
            return static_cast<std::size_t>(
                std::upper_bound(of.begin(), of.end(), moment) - of.begin()
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
            found = load(*Kind::open(folder));
        } catch (const std::exception& error) {
            FAIL_CHECK(error.what());
            return;
        }
        if constexpr (Kind::kept == promise::prefix)
            CHECK(is_one_of(found, ended_before(begun), begun));
        else if constexpr (Kind::whole_batches)
            CHECK(is_one_of(found, acknowledged, begun));
        else
            CHECK(is_a_mixture(found, all_.states[acknowledged], all_.states[begun]));
        if (moment % 8 == 0) goes_on(folder, std::move(found));
    }

    /// What was saved before the store was opened the last time; ending has synced it.
    static std::size_t ended_before(std::size_t begun) {
        return begun == 0 ? 0 : (begun - 1) / Kind::life * Kind::life;
    }

    bool is_one_of(const contents& found, std::size_t first, std::size_t last) const {
        for (std::size_t i = first; i <= last; ++i)
            if (found == all_.states[i]) return true;
        return false;
    }

    static void goes_on(const fs::path& folder, contents found) {
        std::vector<change> more{creating("one-more", 1, {{"head", "1"}})};
        save(*open_and_load(opener{folder}), more);
        follow(found, more.front());
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
    std::vector<std::size_t> begun_;  ///< so many steps were done when the batch was
    std::vector<std::size_t> acknowledged_;
};

}  // namespace

TEST_CASE_TEMPLATE(
    "nothing acknowledged is lost or torn by a power loss",
    Kind,
    sqlite_full,
    sqlite_in_one_life,
    sqlite_process_crash,
    files
) {
    unsigned seed = from_environment("STUBE_SEED", std::random_device{}());
    power_loss<Kind> run(seed);
    unsigned images = run.look_at_images(from_environment("STUBE_IMAGES", Kind::images));
    MESSAGE(images, " images, seed ", seed);
}
