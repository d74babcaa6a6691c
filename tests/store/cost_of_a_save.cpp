// What a save costs: the SQLite store against bare SQLite that updates one row of the same size by
// its number, both with 64 conversations in a transaction, synchronous FULL, 1,000 conversations of
// two parts. Usage: cost_of_a_save [rounds]. Prints CPU (user and system) and wall time per save,
// without making the bodies.

#include <stube/store/sqlite_store.hpp>

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <time.h>

namespace {

constexpr std::size_t conversations = 1000;
constexpr std::size_t batch_size = 64;
constexpr int batches = 400;

struct cost {
    double cpu;
    double wall;
};

double cpu_microseconds() {
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

/// Makes batches with `next_batch` and counts what `save` of them costs, without the making.
template <class NextBatch, class Save>
cost measure(NextBatch next_batch, Save save) {
    double cpu = 0;
    std::chrono::duration<double, std::micro> wall{0};
    for (int i = 0; i < batches; ++i) {
        auto batch = next_batch();
        double cpu_before = cpu_microseconds();
        auto before = std::chrono::steady_clock::now();
        save(batch);
        wall += std::chrono::steady_clock::now() - before;
        cpu += cpu_microseconds() - cpu_before;
    }
    constexpr double saves = double(batches) * double(batch_size);
    return {cpu / saves, wall.count() / saves};
}

/// Not `"i" + std::to_string(n)`, of which g++ 12 warns without cause.
template <class Number>
std::string numbered(const char* text, Number number) {
    return std::string(text).append(std::to_string(number));
}

std::string body(std::size_t size, std::uint64_t revision) {
    std::string text = numbered("{\"revision\":", 1000000 + revision) + ",\"text\":\"";
    text.resize(size - 2, 'x');
    return text + "\"}";
}

/// Different conversations, as in a batch of events of many users.
std::vector<std::size_t> pick(std::mt19937& random) {
    std::vector<bool> taken(conversations);
    std::vector<std::size_t> picked;
    while (picked.size() < batch_size) {
        std::size_t one = random() % conversations;
        if (!taken[one]) picked.push_back(one);
        taken[one] = true;
    }
    return picked;
}

void run(sqlite3* on, const char* text) {
    if (sqlite3_exec(on, text, nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error(sqlite3_errmsg(on));
}

cost bare_sqlite(const std::filesystem::path& file, std::size_t size) {
    sqlite3* on = nullptr;
    sqlite3_open(file.c_str(), &on);
    run(on,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE kept(number INTEGER PRIMARY KEY, body TEXT)");
    sqlite3_stmt* insert = nullptr;
    sqlite3_stmt* update = nullptr;
    sqlite3_prepare_v2(on, "INSERT INTO kept(body) VALUES(?)", -1, &insert, nullptr);
    sqlite3_prepare_v2(on, "UPDATE kept SET body = ? WHERE number = ?", -1, &update, nullptr);
    auto step = [&](sqlite3_stmt* statement, const std::string& text) {
        sqlite3_bind_text(statement, 1, text.data(), int(text.size()), SQLITE_STATIC);
        sqlite3_step(statement);
        sqlite3_reset(statement);
    };
    run(on, "BEGIN");
    for (std::size_t i = 0; i < conversations; ++i)
        step(insert, body(size, 0));
    run(on, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");

    std::mt19937 random(1);
    std::uint64_t revision = 0;
    auto next_batch = [&] {
        ++revision;
        std::vector<std::pair<std::size_t, std::string>> batch;
        for (std::size_t one : pick(random))
            batch.emplace_back(one, body(size, revision));
        return batch;
    };
    cost result = measure(next_batch, [&](const auto& batch) {
        run(on, "BEGIN");
        for (const auto& [one, text] : batch) {
            sqlite3_bind_int64(update, 2, static_cast<sqlite3_int64>(one) + 1);
            step(update, text);
        }
        run(on, "COMMIT");
    });
    sqlite3_finalize(insert);
    sqlite3_finalize(update);
    sqlite3_close(on);
    return result;
}

/// `calls`: how many further parts each conversation got after it was made; the last one changes.
cost our_store(const std::filesystem::path& file, std::size_t head, std::size_t rest, int calls) {
    using stube::change;
    auto kept = stube::sqlite_store(file);
    kept->load_all([](stube::record&&) {});
    std::uint64_t revision = 0;
    std::string last = "i1";
    auto change_of = [&](std::size_t one, change::kind what) {
        return change{
            numbered("conversation-", 100000 + one),
            what,
            revision,
            stube::keeping::kept,
            {{"head", body(head, revision)}, {last, body(rest, revision)}},
            {}};
    };
    for (int call = 0; call <= calls; ++call, ++revision) {
        last = numbered("i", call + 1);
        std::vector<change> all;
        for (std::size_t i = 0; i < conversations; ++i)
            all.push_back(change_of(
                i * 7 % conversations,
                call == 0 ? change::kind::create : change::kind::update
            ));
        kept->save(all);
    }

    std::mt19937 random(1);
    auto next_batch = [&] {
        ++revision;
        std::vector<change> batch;
        for (std::size_t one : pick(random))
            batch.push_back(change_of(one, change::kind::update));
        return batch;
    };
    return measure(next_batch, [&](const auto& batch) { kept->save(batch); });
}

}  // namespace

int main(int count, char** words) {
    int rounds = count > 1 ? std::atoi(words[1]) : 3;
    std::string name = (std::filesystem::temp_directory_path() / "stube-cost-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return 1;
    std::filesystem::path folder(name);
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t head : {300u, 600u}) {
            std::size_t rest = head == 300 ? 724 : 1400;
            auto file = [&](const char* kind) {
                return folder / (std::to_string(round) + kind + std::to_string(head));
            };
            cost bare = bare_sqlite(file("bare"), head + rest);
            cost ours = our_store(file("ours"), head, rest, 0);
            cost called = our_store(file("called"), head, rest, 3);
            std::printf(
                "%zu bytes  bare: cpu %.1f wall %.1f us   store: cpu %.1f (%.2fx) wall %.1f us"
                "   store after 3 calls: cpu %.1f (%.2fx) wall %.1f us\n",
                head + rest,
                bare.cpu,
                bare.wall,
                ours.cpu,
                ours.cpu / bare.cpu,
                ours.wall,
                called.cpu,
                called.cpu / bare.cpu,
                called.wall
            );
        }
    }
    std::filesystem::remove_all(folder);
}
