// Searches of the query index, next to plain SQL on the same file, and how far the index is behind
// a map that saves as fast as it can.
#include "measure.hpp"
#include "store_bench.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/conversation_history.hpp>
#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/html.hpp>
#include <stube/store/query_index.hpp>
#include <stube/store/sqlite_store.hpp>

#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <cstdio>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

struct measured_claim {
    static constexpr std::string_view component = "bench/claim";
    int amount = 0;
    std::string status = "open";

    static constexpr std::tuple indexed{&measured_claim::amount, &measured_claim::status};

    void raise(int by) { amount += by; }

    stube::markup render() const {
        using namespace stube;
        return html::p(html::button(on<"click", &measured_claim::raise>(1), amount));
    }
};
BOOST_DESCRIBE_STRUCT(measured_claim, (), (amount, status, raise))

}  // namespace

namespace bench {
namespace {

using namespace stube::storage;
namespace fs = std::filesystem;
using milliseconds = std::chrono::duration<double, std::milli>;

const index_schema schema = {{"bench/claim", 1, {"amount", "status"}}};

/// A third of the claims wait for an approver, and one in a hundred for one of 50 users.
void fill_index(query_index& index, std::size_t count) {
    constexpr std::size_t at_once = 1'000;
    std::mt19937 random(1);
    index_batch batch;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string id = "claim-" + std::to_string(i);
        const auto at = std::int64_t(1'767'225'600'000) + static_cast<std::int64_t>(i) * 1'000;
        std::vector<std::string> awaited;
        if (i % 3 == 0) awaited.emplace_back("role:approver");
        if (i % 100 == 1) awaited.push_back("user:u" + std::to_string(random() % 50));
        batch.rows.push_back(
            {id,
             "u" + std::to_string(i % 5'000),
             "/claims",
             "bench/claim",
             1,
             2,
             at,
             at,
             at,
             false,
             std::move(awaited)}
        );
        const std::string status = i % 20 == 0 ? "rejected" : "open";
        batch.facts.push_back(
            {id,
             2,
             true,
             {{"bench/claim", "", 1, index_value(std::int64_t(1))},
              {"bench/claim", "amount", 1, index_value(std::int64_t(random() % 100'000))},
              {"bench/claim", "status", 1, index_value(status)}}}
        );
        if (batch.rows.size() < at_once && i + 1 < count) continue;
        batch.watermark.position = i + 1;
        index.apply(batch);
        batch = {};
    }
}

struct measured_query {
    const char* name;
    index_query query;
    const char* plain;  ///< hand-written SQL that reads the same columns
};

std::vector<measured_query> queries() {
    index_query inbox;
    inbox.awaited_by = {"role:approver"};
    inbox.order = index_column::since;
    index_query rich;
    rich.component = "bench/claim";
    rich.awaited_by = {"role:approver"};
    rich.conditions = {{"amount", comparison::greater, std::int64_t(1'000)}};
    rich.order = "amount";
    rich.is_descending = true;
    rich.members = {"amount", "status"};
    index_query mine = rich;
    mine.awaited_by = {"user:u7"};
    index_query of_user;
    of_user.conditions = {{index_column::principal, comparison::equal, std::string("u77")}};
    of_user.order = index_column::touched;
    of_user.is_descending = true;
    index_query exact;
    exact.component = "bench/claim";
    exact.conditions = {
        {"status", comparison::equal, std::string("rejected")},
        {"amount", comparison::less, std::int64_t(2'000)}
    };
    exact.members = {"amount"};
    return {
        {"inbox of a role, by waiting time",
         inbox,
         "SELECT c.* FROM awaited w JOIN conversation c ON c.number = w.conversation"
         " WHERE w.who = 'role:approver' AND c.ended = 0 ORDER BY w.since LIMIT 51"},
        {"inbox of a role, by amount",
         rich,
         "SELECT c.*, f.value, s.value FROM fact f CROSS JOIN conversation c ON c.number = "
         "f.conversation JOIN fact s ON s.conversation = c.number AND s.member = 3 AND s.instance ="
         " f.instance WHERE f.member = 2 AND f.value > 1000 AND c.ended = 0 AND EXISTS (SELECT 1"
         " FROM awaited a WHERE a.who = 'role:approver' AND a.since = c.since AND a.conversation ="
         " c.number) ORDER BY f.value DESC LIMIT 51"},
        {"inbox of a user, by amount",
         mine,
         "SELECT c.*, f.value, s.value FROM awaited w CROSS JOIN conversation c ON c.number = "
         "w.conversation CROSS JOIN fact f ON f.conversation = c.number AND f.member = 2 AND "
         "+f.value > 1000 CROSS JOIN fact s ON s.conversation = c.number AND s.member = 3 AND "
         "s.instance = f.instance WHERE w.who = 'user:u7' AND c.ended = 0"
         " ORDER BY f.value DESC LIMIT 51"},
        {"conversations of a user",
         of_user,
         "SELECT * FROM conversation WHERE principal = 'u77' AND ended = 0"
         " ORDER BY touched DESC LIMIT 51"},
        {"two conditions on members",
         exact,
         "SELECT c.*, f.value FROM fact f CROSS JOIN conversation c ON c.number = f.conversation"
         " WHERE f.member = 2 AND f.value < 2000 AND c.ended = 0 AND EXISTS (SELECT 1 FROM fact s"
         " WHERE s.conversation = f.conversation AND s.member = 3 AND s.instance = f.instance AND"
         " s.value = 'rejected') ORDER BY c.number LIMIT 51"},
    };
}

template <class Work>
double time_ms(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return milliseconds(std::chrono::steady_clock::now() - begin).count();
}

double percentile_99(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    return times[times.size() * 99 / 100];
}

/// Reads all columns of all rows with one prepared statement.
class plain_sql {
public:
    plain_sql(const fs::path& file, const char* sql) {
        sqlite3* opened = nullptr;
        const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
        connection_.reset(opened);
        sqlite3_stmt* made = nullptr;
        if (code != SQLITE_OK || sqlite3_prepare_v2(opened, sql, -1, &made, nullptr) != SQLITE_OK)
            throw std::runtime_error(sqlite3_errmsg(opened));
        statement_.reset(made);
    }

    std::size_t run() {
        std::size_t rows = 0;
        std::vector<std::string> columns;
        while (sqlite3_step(statement_.get()) == SQLITE_ROW) {
            ++rows;
            for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i) {
                const auto* text = sqlite3_column_text(statement_.get(), i);
                columns.emplace_back(text ? reinterpret_cast<const char*>(text) : "");
            }
        }
        sqlite3_reset(statement_.get());
        return rows;
    }

private:
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> connection_{nullptr, sqlite3_close};
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_{nullptr, sqlite3_finalize};
};

boost::json::array measure_finds(const store_options& options) {
    const fs::path file = options.folder / "find.index";
    query_index index(file.string(), schema);
    const std::size_t count = 100'000 / options.part;
    const double filled = time_ms([&] { fill_index(index, count); });
    std::printf("\nquery index of %zu conversations, filled in %.0f ms\n", count, filled);
    std::printf("%-36s %8s %8s %8s %6s\n", "find", "p50 ms", "p99 ms", "plain", "ratio");
    boost::json::array all;
    for (const auto& each : queries()) {
        plain_sql plain(file, each.plain);
        std::vector<double> ours;
        std::vector<double> theirs;
        std::size_t hits = 0;
        std::size_t rows = 0;
        for (std::size_t i = 0; i < 100 * options.rounds; ++i) {
            theirs.push_back(time_ms([&] { rows = plain.run(); }));
            ours.push_back(time_ms([&] { hits = index.find(each.query).hits.size(); }));
        }
        if (hits != std::min<std::size_t>(rows, 50))
            throw std::runtime_error(std::string(each.name) + ": plain SQL has other hits");
        const double p99 = percentile_99(ours);
        const double ratio = median(ours) / median(theirs);
        std::printf(
            "%-36s %8.3f %8.3f %8.3f %6.2f\n",
            each.name,
            median(ours),
            p99,
            percentile_99(theirs),
            ratio
        );
        all.push_back(
            {{"name", each.name},
             {"p50_ms", median(ours)},
             {"p99_ms", p99},
             {"plain_p50_ms", median(theirs)},
             {"plain_p99_ms", percentile_99(theirs)},
             {"ratio", ratio}}
        );
    }
    return all;
}

/// Runs posted functions on the thread of the benchmark.
class posted_work final : public stube::live::executor {
public:
    void post(std::function<void()> work) override {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        posted_.notify_one();
    }

    void run_one() {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [&] { return !waiting_.empty(); });
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next();
    }

    void run_all() {
        for (;;) {
            std::unique_lock lock(mutex_);
            if (waiting_.empty()) return;
            lock.unlock();
            run_one();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;
};

stube::time_point now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// Sends events to many conversations at once, and samples the lag of the index.
boost::json::object measure_lag(const store_options& options) {
    const std::size_t conversations = std::max<std::size_t>(64, 5'000 / options.part);
    const std::size_t events = 50'000 / options.part;
    posted_work thread;
    stube::conversation_options settings;
    settings.logger =
        std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
    stube::live::conversation_map map(
        stube::sqlite_store((options.folder / "lag").string(), {.archive = true}),
        std::move(settings)
    );
    map.use({&thread});
    map.load();
    std::vector<std::string> ids;
    const auto minted = [&](stube::live::reply&& got) {
        if (!got.value) throw std::runtime_error("a conversation was not begun");
        ids.push_back(got.value->id);
    };
    for (std::size_t i = 0; i < conversations; ++i)
        map.mint(
            "/claims",
            stube::call<measured_claim>().release(),
            "owner-" + std::to_string(i),
            {"ada"},
            thread,
            minted
        );
    while (ids.size() < conversations)
        thread.run_one();

    const auto history = map.history();
    double highest = 0;
    std::size_t done = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < events; ++i) {
        const auto one = i % conversations;
        map.send(
            ids[one],
            "owner-" + std::to_string(one),
            {i / conversations + 1, 1, "raise", "[1]", {}},
            thread,
            [&](stube::live::reply&& got) {
                if (got.result != stube::live::status::ok)
                    throw std::runtime_error("an event was not applied");
                ++done;
            }
        );
        while (i + 1 - done >= std::min<std::size_t>(64, conversations))
            thread.run_one();
        if (i % 100 != 0) continue;
        if (const auto since = history.index_behind_since())
            highest = std::max(highest, milliseconds(now() - *since).count());
    }
    while (done < events)
        thread.run_one();
    const double saved = milliseconds(std::chrono::steady_clock::now() - begin).count();
    while (history.index_behind_since())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const double caught_up = milliseconds(std::chrono::steady_clock::now() - begin).count() - saved;
    map.stop();
    thread.run_all();
    const double rate = static_cast<double>(events) / saved * 1'000;
    std::printf(
        "index lag at %.0f events a second: at most %.0f ms; complete %.0f ms after the last one\n",
        rate,
        highest,
        caught_up
    );
    return {{"events_per_second", rate}, {"highest_ms", highest}, {"complete_ms", caught_up}};
}

}  // namespace

boost::json::object measure_index(const store_options& options) {
    boost::json::object all;
    all["finds"] = measure_finds(options);
    all["lag"] = measure_lag(options);
    return all;
}

}  // namespace bench
