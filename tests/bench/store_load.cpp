// Measures loading, from a bare read of the rows to a map of conversations that can be served. The
// map keeps a conversation as bytes until its first use.
#include "measure.hpp"
#include "store_bench.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/store/sqlite_store.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {
namespace {

namespace fs = std::filesystem;

void fill(const fs::path& file, std::size_t count) {
    constexpr std::size_t at_once = 1000;
    const auto kept = stube::sqlite_store(file);
    kept->load_all([](stube::storage::record&&) {});
    std::vector<stube::storage::change> batch;
    for (std::size_t i = 0; i < count; ++i) {
        batch.push_back(begun_conversation(i));
        if (batch.size() < at_once && i + 1 < count) continue;
        kept->save(batch);
        batch.clear();
    }
}

/// Reads every column of every row out of SQLite, and drops it.
void read_bare(const fs::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open(file.c_str(), &opened);
    const std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection(opened, sqlite3_close);
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errstr(code));
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(opened, "SELECT * FROM part", -1, &made, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(opened));
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> rows(made, sqlite3_finalize);
    std::string copy;
    while (sqlite3_step(made) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(made); ++i) {
            const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(made, i));
            copy.assign(text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(made, i)));
        }
    }
}

std::size_t read_by_store(const fs::path& file) {
    std::size_t loaded = 0;
    stube::sqlite_store(file)->load_all([&](stube::storage::record&&) { ++loaded; });
    return loaded;
}

/// The map as `start` makes it before it listens.
class ready_map {
public:
    explicit ready_map(const fs::path& file) : map_(stube::sqlite_store(file), options()) {
        loaded_ = map_.load().loaded;
    }

    std::size_t loaded() const { return loaded_; }

private:
    static stube::conversation_options options() {
        stube::conversation_options out;
        out.watch_clock = false;
        out.logger = std::make_shared<spdlog::logger>(
            "bench",
            std::make_shared<spdlog::sinks::null_sink_mt>()
        );
        return out;
    }

    stube::live::conversation_map map_;
    std::size_t loaded_ = 0;
};

cost measured(const std::function<void()>& doing) {
    meter of;
    of.start();
    doing();
    of.stop();
    return of.per(1);
}

}  // namespace

boost::json::object measure_load(const store_options& options) {
    const std::size_t count = 100'000 / options.part;
    const auto file = options.folder / "load.db";
    fill(file, count);
    const auto check = [&](std::size_t loaded) {
        if (loaded != count)
            throw std::runtime_error(
                "only " + std::to_string(loaded) + " conversations were loaded"
            );
    };
    std::vector<cost> bare, by_store, ready, after_crash;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        bare.push_back(measured([&] { read_bare(file); }));
        by_store.push_back(measured([&] { check(read_by_store(file)); }));
        std::unique_ptr<ready_map> map;  // its destruction does not count
        ready.push_back(measured([&] { map = std::make_unique<ready_map>(file); }));
        check(map->loaded());
        map.reset();
        fs::remove(file.string() + ".mark");  // then the store also checks the pages
        after_crash.push_back(measured([&] { map = std::make_unique<ready_map>(file); }));
        check(map->loaded());
    }
    std::printf(
        "\nload of %zu conversations (%.0f MB)   wall ms   CPU ms   x bare wall\n",
        count,
        static_cast<double>(fs::file_size(file)) / 1e6
    );
    boost::json::object figures{{"conversations", count}};
    const auto show = [&](const char* what, const char* name, const std::vector<cost>& of) {
        const auto one = median(of);
        const double times = one.wall_us / median(bare).wall_us;
        std::printf(
            "%-38s %7.0f %8.0f %13.2f\n",
            what,
            one.wall_us / 1000,
            one.cpu_us / 1000,
            times
        );
        figures[name] = {{"wall_ms", one.wall_us / 1000}, {"cpu_ms", one.cpu_us / 1000}};
        return times;
    };
    show("a bare loop over the same rows", "bare", bare);
    show("the store, records dropped", "store", by_store);
    const double times = show("ready to be served", "ready", ready);
    show("the same after a crash", "after_crash", after_crash);
    std::puts(times <= 3 ? "<= 3 met" : "<= 3 MISSED");
    figures["ratio"] = times;
    return figures;
}

}  // namespace bench
