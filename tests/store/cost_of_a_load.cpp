// What loading costs: each store against a bare loop that reads the same rows of the same database,
// or the same files. Usage: cost_of_a_load [rounds [conversations]]. Prints wall time and CPU; the
// files are in the system's cache.

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <time.h>

namespace {

struct cost {
    double wall = 0;  ///< milliseconds
    double cpu = 0;
    std::uint64_t bytes = 0;
};

double cpu_milliseconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

/// `read` answers how many bytes there were.
template <class Read>
cost measure(Read read) {
    double cpu = cpu_milliseconds();
    auto before = std::chrono::steady_clock::now();
    std::uint64_t bytes = read();
    std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - before;
    return {wall.count(), cpu_milliseconds() - cpu, bytes};
}

/// 22 characters, as those of the runtime.
std::string id_of(std::size_t number) {
    std::string text = std::to_string(number * 2654435761u % 4294967296u);
    return text + std::string(22 - text.size(), 'x');
}

/// About 1 KiB in two parts.
stube::change one_of(std::size_t number) {
    std::string head = "{\"owner\":\"" + std::to_string(number) + "\",\"text\":\"";
    head.resize(298, 'x');
    std::string rest = "{\"state\":\"";
    rest.resize(722, 'y');
    return {
        id_of(number),
        stube::change::kind::create,
        1,
        stube::keeping::kept,
        {{"head", head + "\"}"}, {"i1_2", rest + "\"}"}},
        {}};
}

void fill(stube::store& kept, std::size_t conversations) {
    kept.load_all([](stube::record&&) {});
    std::vector<stube::change> batch;
    for (std::size_t i = 0; i < conversations; ++i) {
        batch.push_back(one_of(i));
        if (batch.size() < 1000 && i + 1 < conversations) continue;
        kept.save(batch);
        batch.clear();
    }
}

enum class then { keep, drop };

/// The live map keeps the records: then the system's giving of memory counts, too.
std::uint64_t load(stube::store& kept, then what) {
    std::uint64_t bytes = 0;
    std::vector<stube::record> all;
    kept.load_all([&](stube::record&& one) {
        for (const stube::part& each : one.parts)
            bytes += each.body.size();
        if (what == then::keep) all.push_back(std::move(one));
    });
    return bytes;
}

std::uint64_t bare_rows(const std::filesystem::path& file) {
    sqlite3* on = nullptr;
    sqlite3_open_v2(file.c_str(), &on, SQLITE_OPEN_READONLY, nullptr);
    sqlite3_stmt* rows = nullptr;
    sqlite3_prepare_v2(on, "SELECT * FROM part", -1, &rows, nullptr);
    int columns = sqlite3_column_count(rows);
    std::uint64_t bytes = 0;
    while (sqlite3_step(rows) == SQLITE_ROW)
        if (sqlite3_column_text(rows, columns - 1))
            bytes += static_cast<std::uint64_t>(sqlite3_column_bytes(rows, columns - 1));
    sqlite3_finalize(rows);
    sqlite3_close(on);
    return bytes;
}

std::uint64_t bare_files(const std::filesystem::path& folder) {
    std::uint64_t bytes = 0;
    std::vector<char> text(1 << 20);
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
        std::FILE* file = std::fopen(each.path().c_str(), "rb");
        if (!file) continue;
        bytes += std::fread(text.data(), 1, text.size(), file);
        std::fclose(file);
    }
    return bytes;
}

void print(const char* what, const cost& bare, const cost& ours) {
    std::printf(
        "%s  bare: %.0f ms (cpu %.0f, %.1f MB)   store: %.0f ms (cpu %.0f, %.1f MB)   %.2fx\n",
        what,
        bare.wall,
        bare.cpu,
        static_cast<double>(bare.bytes) / 1e6,
        ours.wall,
        ours.cpu,
        static_cast<double>(ours.bytes) / 1e6,
        ours.wall / bare.wall
    );
}

}  // namespace

int main(int count, char** words) {
    int rounds = count > 1 ? std::atoi(words[1]) : 3;
    auto conversations = static_cast<std::size_t>(count > 2 ? std::atoi(words[2]) : 100000);
    std::string name = (std::filesystem::temp_directory_path() / "stube-cost-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return 1;
    std::filesystem::path folder(name);
    auto database = folder / "kept.db";
    auto files = folder / "kept";
    fill(*stube::sqlite_store(database), conversations);
    // Files are synced one by one, so that fewer of them must do.
    fill(*stube::file_store(files), conversations / 20);
    for (int round = 0; round < rounds; ++round) {
        cost bare = measure([&] { return bare_rows(database); });
        cost dropped = measure([&] { return load(*stube::sqlite_store(database), then::drop); });
        cost ours = measure([&] { return load(*stube::sqlite_store(database), then::keep); });
        std::filesystem::remove(database.string() + ".mark");
        cost checked = measure([&] { return load(*stube::sqlite_store(database), then::drop); });
        std::printf("%zu conversations\n", conversations);
        print("  database, records dropped     ", bare, dropped);
        print("  database, records kept        ", bare, ours);
        print("  database, dropped, no mark    ", bare, checked);
        cost bare_folder = measure([&] { return bare_files(files); });
        cost our_folder = measure([&] { return load(*stube::file_store(files), then::keep); });
        std::printf("%zu conversations\n", conversations / 20);
        print("  files                         ", bare_folder, our_folder);
    }
    std::filesystem::remove_all(folder);
}
