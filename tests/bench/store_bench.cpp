// Measures saves, next to bare SQLite and as conversations grow, and a load. One process, no
// network. Rounds are interleaved and medians are shown: a machine that is slower for a while is
// slower for all.
#include "store_bench.hpp"

#include "process.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bench;
namespace fs = std::filesystem;

constexpr std::string_view help =
    R"(usage: bench_store [options]
Measures the SQLite store and how conversations grow.

  --rounds N       rounds, of which the medians are shown (5)
  --only LIST      of saves, children, history, pages, load, archive, index
  --quick          a fifth of everything
  --smoke          values only: one round of a fiftieth, no figures worth reading
  --folder PATH    where databases are made and removed (beside this program)
  --json PATH      where the figures go (build/bench-store.json; with --smoke nowhere)
)";

struct arguments {
    store_options options;
    std::set<std::string, std::less<>> only;
    fs::path json = "build/bench-store.json";
    bool help = false;
};

void set(arguments& chosen, std::string_view name, std::string_view value) {
    if (name == "--rounds") {
        const auto* end = value.data() + value.size();
        if (std::from_chars(value.data(), end, chosen.options.rounds).ptr != end ||
            chosen.options.rounds == 0)
            throw std::invalid_argument("not a number above zero: " + std::string(value));
    } else if (name == "--only") {
        for (std::size_t at = 0; at <= value.size();) {
            const auto comma = std::min(value.find(',', at), value.size());
            chosen.only.emplace(value.substr(at, comma - at));
            at = comma + 1;
        }
    } else if (name == "--folder") {
        chosen.options.folder = value;
    } else if (name == "--json") {
        chosen.json = value;
    } else {
        throw std::invalid_argument("unknown option: " + std::string(name));
    }
}

arguments read_arguments(const std::vector<std::string>& words) {
    arguments chosen;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--help") {
            chosen.help = true;
        } else if (words[i] == "--quick") {
            chosen.options.part = 5;
        } else if (words[i] == "--smoke") {
            chosen.options.part = 50;
            chosen.options.rounds = 1;
            chosen.json.clear();
        } else if (i + 1 == words.size()) {
            throw std::invalid_argument("unknown option, or no value for it: " + words[i]);
        } else {
            set(chosen, words[i], words[i + 1]);
            ++i;
        }
    }
    if (chosen.only.empty())
        chosen.only = {"saves", "children", "history", "pages", "load", "archive", "index"};
    return chosen;
}

int run(const std::vector<std::string>& words) {
    auto chosen = read_arguments(words);
    if (chosen.help) {
        std::fputs(help.data(), stdout);
        return 0;
    }
    auto& options = chosen.options;
    if (options.folder.empty()) options.folder = fs::read_symlink("/proc/self/exe").parent_path();
    const scratch_folder scratch(options.folder);
    options.folder = scratch.path();

    boost::json::object figures;
    if (chosen.only.contains("saves")) figures["saves"] = measure_saves(options);
    if (chosen.only.contains("children")) figures["children"] = measure_children(options);
    if (chosen.only.contains("history")) figures["history"] = measure_history(options);
    if (chosen.only.contains("pages")) figures["pages"] = measure_pages(options);
    if (chosen.only.contains("load")) figures["load"] = measure_load(options);
    if (chosen.only.contains("archive")) figures["archive"] = measure_archive(options);
    if (chosen.only.contains("index")) figures["index"] = measure_index(options);
    if (chosen.json.empty()) return 0;
    if (chosen.json.has_parent_path()) fs::create_directories(chosen.json.parent_path());
    std::ofstream file(chosen.json);
    file << boost::json::serialize(figures) << '\n';
    if (!file.flush()) throw std::runtime_error("cannot write " + chosen.json.string());
    return 0;
}

}  // namespace

int main(int count, char** words) try {
    return run({words + 1, words + count});
} catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench_store: %s\n%s", error.what(), help.data());
    return 2;
} catch (const std::exception& error) {
    std::fprintf(stderr, "bench_store: %s\n", error.what());
    return 1;
}
