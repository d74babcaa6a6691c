#include "disk_log.hpp"
#include "history.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

// Opens 1,000 damaged copies of stores. The store must report the damage (refused, quarantined,
// rolled back), or load a true state and keep it true through the following saves. For runs by
// hand: STUBE_IMAGES (the number for each kind of store), STUBE_SEED.

using namespace store_test;
using stube::store_refused;
using stube::store_unknown;

namespace {

disk_image read_image(const fs::path& folder) {
    disk_image image;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        image[fs::relative(entry.path(), folder).string()] = {
            std::istreambuf_iterator<char>(file),
            {}
        };
    }
    return image;
}

/// The files that a store left, and the states that may be loaded from them.
struct remains {
    disk_image image;
    disk_image older;            ///< the same files some time before
    std::size_t last_state = 0;  ///< the number of the last saved state
    /// The loss of a later state may go unnoticed, because the high-water mark may be older.
    std::size_t first_state = 0;
};

constexpr std::size_t saved = 120;  ///< batches in the images; the later ones continue from them

template <class Kind>
class damages {
public:
    explicit damages(unsigned seed)
        : seed_(seed), random_(seed), all_(make_history(options(seed))) {
        ended_ = leave(0, saved, true);
        killed_ = leave(100, saved, false);
    }

    void try_images(unsigned images) {
        for (unsigned i = 0; i < images; ++i) {
            CAPTURE(seed_);
            CAPTURE(i);
            const remains& left = random_() % 3 == 0 ? ended_ : killed_;
            disk_image image = left.image;
            std::string damaged = damage(image, left);
            CAPTURE(damaged);
            write_image(image, folder());
            if (auto found = open(left)) save_more(*found);
        }
        MESSAGE(
            images,
            " images: ",
            refused_,
            " refused, ",
            quarantined_,
            " quarantined, ",
            earlier_,
            " in an earlier state, ",
            whole_,
            " unharmed, ",
            reported_later_,
            " reported later, ",
            intact_archives_,
            " archives intact, ",
            damaged_archives_,
            " damaged, seed ",
            seed_
        );
    }

private:
    static history_options options(unsigned seed) {
        return {
            seed,
            saved + 20,
            std::is_base_of_v<sqlite_kind, Kind>,
            1200,
            12,
            Kind::keeps_archive
        };
    }

    fs::path folder() const { return folder_.path() / "damaged"; }

    /// Saves `end` batches and copies the files. Reopens the store before batch `reopened`. If
    /// `properly`, the store is closed before the copy; otherwise the copy is as after a kill.
    remains leave(std::size_t reopened, std::size_t end, bool properly) {
        fs::path live = folder_.path() / "live";
        fs::path copy = folder_.path() / "copy";
        fs::remove_all(live);
        fs::create_directory(live);
        remains left;
        auto kept = Kind::open(live);
        load(*kept);
        for (std::size_t i = 0; i < end; ++i) {
            if (i == reopened && i > 0) {
                kept.reset();
                kept = Kind::open(live);
                load(*kept);
            }
            if (i == end / 2) {
                copy_as_killed(live, copy);
                left.older = read_image(copy);
            }
            save(*kept, with_positions(*kept, all_.batches[i]));
        }
        if (properly) kept.reset();
        copy_as_killed(live, copy);
        left.image = read_image(copy);
        left.last_state = end;
        left.first_state = properly ? end : reopened;
        return left;
    }

    std::string& pick(disk_image& image, std::string& name) {
        auto picked = image.begin();
        std::advance(picked, static_cast<std::ptrdiff_t>(random_() % image.size()));
        name = picked->first;
        return picked->second;
    }

    /// Damages one file in one way. Returns a description.
    std::string damage(disk_image& image, const remains& left) {
        std::string name;
        std::string& content = pick(image, name);
        constexpr std::size_t page = 4096;
        const std::size_t size = std::max<std::size_t>(content.size(), 1);
        const std::size_t at = random_() % size;
        const bool is_log = name.ends_with("-wal");
        const std::size_t frame = is_log ? page + 24 : page;
        const std::size_t begin = is_log ? 32 : 0;
        const std::size_t pages = content.size() < begin ? 0 : (content.size() - begin) / frame;
        const std::string where = name + " at " + std::to_string(at);
        switch (random_() % 8) {
        case 0:
            content.resize(at);
            return "cut: " + where;
        case 1:
            if (pages < 2) break;
            {
                const std::size_t one = begin + random_() % pages * frame;
                const std::size_t two = begin + random_() % pages * frame;
                const std::string first = content.substr(one, frame);
                content.replace(one, frame, content.substr(two, frame));
                if (random_() % 2 == 0) content.replace(two, frame, first);
                return "pages of " + name + ": " + std::to_string((one - begin) / frame) + " and " +
                       std::to_string((two - begin) / frame);
            }
        case 2: {
            const std::size_t sector = at / 512 * 512;
            const std::size_t length = std::min<std::size_t>(512, content.size() - sector);
            content.replace(sector, length, std::string(length, '\0'));
            return "emptied: " + where;
        }
        case 3:
            for (std::size_t i = 0; i < 16 && at + i < content.size(); ++i)
                content[at + i] = static_cast<char>(random_());
            return "garbage: " + where;
        case 4:
            if (!left.older.contains(name)) break;
            put_back(image, left, name);
            return "older copy: " + name;
        case 5:
            // Without its file a conversation has ended, which is not damage.
            if (name.ends_with(".json")) break;
            image.erase(name);
            return "gone: " + name;
        default:
            break;
        }
        if (content.empty()) return "nothing: " + name;
        const auto bit = static_cast<unsigned>(random_() % 8);
        content[at] = static_cast<char>(static_cast<unsigned char>(content[at]) ^ (1u << bit));
        return "bit " + std::to_string(bit) + ": " + where;
    }

    /// Replaces a file by its older content. For a file store it replaces all conversations,
    /// because a file store cannot detect that a single file was put back.
    static void put_back(disk_image& image, const remains& left, const std::string& name) {
        if (!name.ends_with(".json")) {
            image[name] = left.older.at(name);
            return;
        }
        std::erase_if(image, [](const auto& file) { return file.first.ends_with(".json"); });
        for (const auto& file : left.older)
            if (file.first.ends_with(".json")) image.insert(file);
    }

    /// The number of the loaded state; nothing if the store reported the damage.
    std::optional<std::size_t> open(const remains& left) {
        contents found;
        stube::storage::load_report report;
        std::unique_ptr<stube::store> kept;
        try {
            kept = Kind::open(folder());
            report = kept->load_all([&](record&& loaded) {
                std::string id = loaded.id;
                CHECK(found.emplace(id, in_order(std::move(loaded))).second);
            });
        } catch (const store_refused&) {
            ++refused_;
            return std::nullopt;
        }
        if (!report.quarantined.empty()) {
            ++quarantined_;
            check_rest(found, left);
            return std::nullopt;
        }
        std::optional<std::size_t> state;
        for (std::size_t i = left.first_state; i <= left.last_state; ++i)
            if (found == all_.states[i]) state = i;
        CHECK((state || !report.warnings.empty()));  // else the store serves a wrong state
        if (state) ++(*state == left.last_state ? whole_ : earlier_);
        if (state && Kind::keeps_archive) check_archive_is_true(*kept, *state);
        return state;
    }

    /// Each head of a stored conversation has its true state, or the archive refuses to read it.
    void check_archive_is_true(stube::store& kept, std::size_t state) {
        auto& from = dynamic_cast<stube::storage::archive&>(kept);
        bool is_intact = true;
        for (const auto& [id, archived] : archive_after(all_, state)) {
            if (!all_.states[state].contains(id)) continue;
            CAPTURE(id);
            for (const auto& each : archived.heads)
                is_intact = has_true_state(from, id, each) && is_intact;
        }
        ++(is_intact ? intact_archives_ : damaged_archives_);
    }

    static bool has_true_state(
        stube::storage::archive& from,
        const std::string& id,
        const stube::storage::archived_state& expected
    ) {
        try {
            auto found = from.state(id, expected.head.number);
            REQUIRE(found);
            std::ranges::sort(found->parts, {}, &part::name);
            CHECK(found->parts == expected.parts);
            CHECK(found->head.event == expected.head.event);
            CHECK(found->head.about == expected.head.about);
            return true;
        } catch (const store_refused&) {
            return false;
        }
    }

    /// The conversations that were not quarantined all belong to one state that the high-water mark
    /// allows. A conversation may be missing from the report if a damaged page had all of its rows.
    void check_rest(const contents& found, const remains& left) const {
        bool fits = false;
        for (std::size_t i = left.first_state; i <= left.last_state && !fits; ++i) {
            const contents& state = all_.states[i];
            fits = std::ranges::all_of(found, [&](const auto& stored) {
                auto expected = state.find(stored.first);
                return expected != state.end() && expected->second == stored.second;
            });
        }
        CHECK(fits);
    }

    /// Damage that was not reported must not show later, for example in an index.
    void save_more(std::size_t state) {
        std::size_t next = state;
        try {
            auto kept = Kind::open(folder());
            kept->load_all([](record&&) {});
            for (; next < state + 20; ++next)
                save(*kept, with_positions(*kept, all_.batches[next]));
        } catch (const store_refused&) {
            ++reported_later_;
            return;
        } catch (const store_unknown&) {
            ++reported_later_;
            return;
        }
        contents found;
        try {
            auto report = Kind::open(folder())->load_all([&](record&& loaded) {
                std::string id = loaded.id;
                found.emplace(id, in_order(std::move(loaded)));
            });
            if (report.quarantined.empty())
                CHECK(found == all_.states[next]);
            else
                ++reported_later_;
        } catch (const store_refused&) {
            ++reported_later_;
        }
    }

    unsigned seed_;
    std::mt19937 random_;
    history all_;
    quick_folder folder_;
    remains ended_;
    remains killed_;
    unsigned refused_ = 0;
    unsigned quarantined_ = 0;
    unsigned earlier_ = 0;
    unsigned whole_ = 0;
    unsigned reported_later_ = 0;
    unsigned intact_archives_ = 0;
    unsigned damaged_archives_ = 0;
};

}  // namespace

TEST_CASE_TEMPLATE(
    "a damaged store reports the damage or serves a true state",
    Kind,
    sqlite_kind,
    archive_kind,
    file_kind
) {
    unsigned seed = from_environment("STUBE_SEED", std::random_device{}());
    unsigned images = std::is_same_v<Kind, sqlite_kind> ? 700 : 300;
    damages<Kind>(seed).try_images(from_environment("STUBE_IMAGES", images));
}
