#include "kill_loop.hpp"

#include "archive_check.hpp"
#include "bench/process.hpp"
#include "booking_visitor.hpp"
#include "stored.hpp"

#include <algorithm>
#include <chrono>
#include <latch>
#include <memory>
#include <random>
#include <sstream>
#include <stop_token>
#include <thread>

namespace kill_test {

namespace {

namespace fs = std::filesystem;

class kill_loop {
public:
    explicit kill_loop(const kill_options& options);

    kill_report run();

private:
    using life_end = void (kill_loop::*)();

    void add_visitors();
    std::chrono::microseconds random_moment();
    void die_young();
    void live(life_end end);
    void kill();
    void stop();
    void compare_all();
    void change_store(int round);
    void go_back(int round);
    void play();
    void check_store();
    void check_log();
    std::vector<std::string> store_options() const;
    fs::path store_path() const { return folder_.path() / "store"; }
    fs::path database() const { return store_path() / "gallery.db"; }
    fs::path log_path() const { return folder_.path() / "log"; }

    kill_options options_;
    std::mt19937_64 random_;
    bench::scratch_folder folder_;
    bench::scratch_folder copies_;  ///< not on a disk, if possible: they need no syncs
    gallery gallery_;
    archive_check archive_;
    std::vector<std::unique_ptr<visitor>> visitors_;
    kill_report report_;
};

kill_loop::kill_loop(const kill_options& options)
    : options_(options),
      random_(options.seed),
      folder_(options.folder),
      copies_(fs::is_directory("/dev/shm") ? "/dev/shm" : options.folder),
      gallery_(options.program, store_options(), log_path()),
      archive_(database(), copies_.path()) {
    fs::create_directory(store_path());
    add_visitors();
}

std::vector<std::string> kill_loop::store_options() const {
    const auto sqlite = "sqlite:" + database().string();
    switch (options_.store) {
    case store_kind::memory:
        return {"--store", "memory"};
    case store_kind::file:
        return {"--store", "file:" + store_path().string()};
    case store_kind::sqlite:
        return {"--store", sqlite};
    case store_kind::archive:
        break;
    }
    return {"--store", sqlite, "--archive"};
}

void kill_loop::add_visitors() {
    const auto next = [&](int number, int listening) {
        habits of;
        of.seed = random_();
        of.repeats = number % 3 == 0;
        of.listens = number < listening;
        of.changes_ids = options_.what == fault::counts_twice;
        return of;
    };
    const int passing = (options_.visitors + 15) / 16;
    const int booking = (options_.visitors - passing) / 5;
    const int counting = options_.visitors - passing - booking;
    for (int i = 0; i < counting; ++i)
        visitors_.push_back(std::make_unique<counting_visitor>(next(i, 2)));
    for (int i = 0; i < booking; ++i)
        visitors_.push_back(std::make_unique<booking_visitor>(next(i, 0)));
    for (int i = 0; i < passing; ++i)
        visitors_.push_back(std::make_unique<passing_visitor>(next(i, 0)));
}

/// A random time from 10 ms to `longest_life`.
std::chrono::microseconds kill_loop::random_moment() {
    const auto range = static_cast<std::uint64_t>(options_.longest_life.count()) - 10'000;
    return std::chrono::microseconds(10'000 + random_() % range);
}

/// Kills the gallery before or while it reads its store.
void kill_loop::die_young() {
    gallery_.begin();
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 20'000));
    kill();
}

/// Starts the gallery with all visitors, and ends it at a random moment.
void kill_loop::live(life_end end) {
    if (random_() % 8 == 0) die_young();
    gallery_.start();
    std::latch compared(static_cast<std::ptrdiff_t>(visitors_.size()));
    {
        std::vector<std::jthread> threads;
        for (auto& each : visitors_) {
            threads.emplace_back([&, one = each.get()](const std::stop_token& until) {
                one->live(gallery_.port(), compared, until);
            });
        }
        // Sometimes it ends before all visitors have compared, so that the repetition of events is
        // interrupted too.
        if (random_() % 4 != 0) compared.wait();
        std::this_thread::sleep_for(random_moment());
        (this->*end)();
    }
    for (const auto& each : visitors_)
        if (!each->problem().empty()) report_.problems.push_back(each->problem());
}

void kill_loop::kill() {
    gallery_.kill();
    ++report_.kills;
}

void kill_loop::stop() {
    const auto begin = std::chrono::steady_clock::now();
    const int code = gallery_.stop();
    const auto taken =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    report_.longest_stop = std::max(report_.longest_stop, taken);
    ++report_.stops;
    if (code != 0) report_.problems.push_back("exit code " + std::to_string(code) + " at SIGTERM");
}

/// The last life: all visitors compare and none sends new events.
void kill_loop::compare_all() {
    gallery_.start();
    for (const auto& each : visitors_) {
        each->compare_all(gallery_.port());
        if (!each->problem().empty()) report_.problems.push_back(each->problem());
    }
    stop();
}

void kill_loop::change_store(int round) {
    switch (options_.what) {
    case fault::goes_back:
        return go_back(round);
    case fault::tears_archive:
        return run_sql(
            database(),
            "UPDATE archive SET body = '{}' WHERE number ="
            " (SELECT max(number) FROM archive WHERE body IS NOT NULL)"
        );
    case fault::loses_index:
        return run_sql(
            database().string() + ".index",
            "DELETE FROM conversation WHERE number = (SELECT min(number) FROM conversation)"
        );
    case fault::none:
    case fault::counts_twice:
        return;
    }
}

void kill_loop::go_back(int round) {
    const auto copy = folder_.path() / "copy";
    if (round % 2 == 0) {
        fs::copy(store_path(), copy, fs::copy_options::recursive);
    } else {
        fs::remove_all(store_path());
        fs::rename(copy, store_path());
    }
}

void kill_loop::check_store() {
    auto stored = stored_conversations(options_.store, store_path(), report_.problems);
    report_.stored = stored.size();
    std::uint64_t known = 0;
    std::uint64_t unknown = 0;  // a GET without a response may have created one
    for (const auto& visitor : visitors_) {
        unknown += visitor->counts().maybe_minted;
        for (const auto& each : visitor->conversations()) {
            ++known;
            if (!stored.contains(each)) report_.problems.push_back("not in the store: " + each);
        }
    }
    if (stored.size() > known + unknown) {
        report_.problems.push_back(
            std::to_string(stored.size()) + " conversations are stored, at most " +
            std::to_string(known + unknown) + " were begun"
        );
    }
}

void kill_loop::check_log() {
    std::istringstream log(contents(log_path()));
    std::string line;
    while (std::getline(log, line)) {
        for (const auto* bad : {"[error]", "[critical]", "Sanitizer", "runtime error"}) {
            if (line.find(bad) == std::string::npos) continue;
            report_.problems.push_back("in the log: " + line);
            break;
        }
    }
}

void kill_loop::play() {
    for (int round = 0; round < options_.rounds && report_.problems.empty(); ++round) {
        const bool is_stop = (round + 1) % options_.stop_every == 0;
        live(is_stop ? &kill_loop::stop : &kill_loop::kill);
        change_store(round);
        if (options_.store == store_kind::archive) archive_.after_kill(report_.problems);
    }
    if (report_.problems.empty()) compare_all();
    if (report_.problems.empty()) check_store();
    if (options_.store != store_kind::archive) return;
    if (report_.problems.empty()) archive_.at_end(report_.problems);
    report_.commits = archive_.commits();
}

kill_report kill_loop::run() {
    try {
        play();
    } catch (const std::exception& error) {
        report_.problems.push_back(error.what());
    }
    for (const auto& each : visitors_)
        report_.counts += each->counts();
    check_log();
    return std::move(report_);
}

}  // namespace

kill_report kill_again_and_again(const kill_options& options) {
    return kill_loop(options).run();
}

}  // namespace kill_test
