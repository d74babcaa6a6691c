#include "disk_log.hpp"
#include "history.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

// 1,000 damaged copies of what stores keep. Damage is told (refused, set aside, rolled back), or
// what is loaded is the truth, and stays it in the saves that follow. For runs by hand:
// STUBE_IMAGES (of each kind of store), STUBE_SEED.

using namespace store_test;
using stube::store_refused;
using stube::store_unknown;

namespace {

disk_image read_image(const fs::path& folder) {
    disk_image image;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        if (!each.is_regular_file()) continue;
        std::ifstream file(each.path(), std::ios::binary);
        image[fs::relative(each.path(), folder).string()] = {
            std::istreambuf_iterator<char>(file),
            {}
        };
    }
    return image;
}

/// A folder as it was left, and what must be found in it.
struct remains {
    disk_image image;
    disk_image older;          ///< as it was some time before
    std::size_t at = 0;        ///< the state that was saved last
    std::size_t at_least = 0;  ///< what came later may be gone without a word: the mark is no newer
};

constexpr std::size_t saved = 120;  ///< batches; the rest is for going on

template <class Kind>
class damages {
public:
    explicit damages(unsigned seed)
        : seed_(seed), random_(seed), all_(make_history(options(seed))) {
        ended_ = leave(0, saved, true);
        killed_ = leave(100, saved, false);
    }

    void look_at(unsigned images) {
        for (unsigned i = 0; i < images; ++i) {
            CAPTURE(seed_);
            CAPTURE(i);
            const remains& of = random_() % 3 == 0 ? ended_ : killed_;
            disk_image image = of.image;
            std::string what = damage(image, of);
            CAPTURE(what);
            write_image(image, folder());
            if (auto found = open(of)) go_on(*found);
        }
        MESSAGE(
            images,
            " images: ",
            refused_,
            " refused, ",
            set_aside_,
            " set aside, ",
            earlier_,
            " as before the last moments, ",
            whole_,
            " unharmed, ",
            told_later_,
            " told later, seed ",
            seed_
        );
    }

private:
    static history_options options(unsigned seed) {
        return {seed, saved + 20, std::is_same_v<Kind, sqlite_kind>, 1200, 12};
    }

    fs::path folder() const { return folder_.path() / "damaged"; }

    /// Saves and leaves: reopened once in the middle, ended properly or not.
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
            kept->save(all_.batches[i]);
        }
        if (properly) kept.reset();
        copy_as_killed(live, copy);
        left.image = read_image(copy);
        left.at = end;
        left.at_least = properly ? end : reopened;
        return left;
    }

    std::string& pick(disk_image& image, std::string& name) {
        auto at = image.begin();
        std::advance(at, static_cast<std::ptrdiff_t>(random_() % image.size()));
        name = at->first;
        return at->second;
    }

    /// Does one thing to one file, and says what.
    std::string damage(disk_image& image, const remains& of) {
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
            if (!of.older.contains(name)) break;
            put_back(image, of, name);
            return "older copy: " + name;
        case 5:
            // Who takes away the file of a whole conversation has ended it.
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

    /// A file as it was some time before. Of a folder all of them: that one file was put back
    /// cannot be told.
    static void put_back(disk_image& image, const remains& of, const std::string& name) {
        if (!name.ends_with(".json")) {
            image[name] = of.older.at(name);
            return;
        }
        std::erase_if(image, [](const auto& each) { return each.first.ends_with(".json"); });
        for (const auto& each : of.older)
            if (each.first.ends_with(".json")) image.insert(each);
    }

    /// Which state is found; nothing if the damage was told.
    std::optional<std::size_t> open(const remains& of) {
        contents found;
        stube::load_report report;
        try {
            auto kept = Kind::open(folder());
            report = kept->load_all([&](record&& one) {
                std::string id = one.id;
                CHECK(found.emplace(id, in_order(std::move(one))).second);
            });
        } catch (const store_refused&) {
            ++refused_;
            return std::nullopt;
        }
        if (!report.quarantined.empty()) {
            ++set_aside_;
            rest_is_true(found, of);
            return std::nullopt;
        }
        std::optional<std::size_t> state;
        for (std::size_t i = of.at_least; i <= of.at; ++i)
            if (found == all_.states[i]) state = i;
        CHECK((state || !report.warnings.empty()));  // else a wrong state is served
        if (state) ++(*state == of.at ? whole_ : earlier_);
        return state;
    }

    /// What was not set aside is as it was at one time that the mark allows. Others may be missing
    /// without being named, with a page that held all they had: that there is damage was told.
    void rest_is_true(const contents& found, const remains& of) const {
        bool fits = false;
        for (std::size_t i = of.at_least; i <= of.at && !fits; ++i) {
            const contents& truth = all_.states[i];
            fits = std::all_of(found.begin(), found.end(), [&](const auto& each) {
                auto at = truth.find(each.first);
                return at != truth.end() && at->second == each.second;
            });
        }
        CHECK(fits);
    }

    /// What was not told must not turn up later: in an index, say.
    void go_on(std::size_t state) {
        std::size_t at = state;
        try {
            auto kept = Kind::open(folder());
            kept->load_all([](record&&) {});
            for (; at < state + 20; ++at)
                kept->save(all_.batches[at]);
        } catch (const store_refused&) {
            ++told_later_;
            return;
        } catch (const store_unknown&) {
            ++told_later_;
            return;
        }
        contents found;
        try {
            auto report = Kind::open(folder())->load_all([&](record&& one) {
                std::string id = one.id;
                found.emplace(id, in_order(std::move(one)));
            });
            if (report.quarantined.empty())
                CHECK(found == all_.states[at]);
            else
                ++told_later_;
        } catch (const store_refused&) {
            ++told_later_;
        }
    }

    unsigned seed_;
    std::mt19937 random_;
    history all_;
    quick_folder folder_;
    remains ended_;
    remains killed_;
    unsigned refused_ = 0;
    unsigned set_aside_ = 0;
    unsigned earlier_ = 0;
    unsigned whole_ = 0;
    unsigned told_later_ = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("a damaged store is told or serves the truth", Kind, sqlite_kind, file_kind) {
    unsigned seed = from_environment("STUBE_SEED", std::random_device{}());
    unsigned images = std::is_same_v<Kind, sqlite_kind> ? 700 : 300;
    damages<Kind>(seed).look_at(from_environment("STUBE_IMAGES", images));
}
