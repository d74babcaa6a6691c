#include "http/site/server_log.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

using stube::server_limits;
using stube::http::server_log;

namespace {

/// A log that can block.
class slow_sink final : public spdlog::sinks::sink {
public:
    void log(const spdlog::details::log_msg& message) override {
        std::unique_lock lock(mutex_);
        ++arrived_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return is_open_; });
        lines_.emplace_back(message.payload.data(), message.payload.size());
    }

    void flush() override {}

    void set_pattern(const std::string&) override {}

    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

    void stand_still() {
        std::lock_guard lock(mutex_);
        is_open_ = false;
    }

    void go_on() {
        std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }

    /// Waits until a line is being written.
    void wait_for_line() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return arrived_ > 0; });
    }

    std::vector<std::string> lines() {
        std::lock_guard lock(mutex_);
        return lines_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = true;
    int arrived_ = 0;
    std::vector<std::string> lines_;
};

struct logging {
    std::shared_ptr<slow_sink> sink = std::make_shared<slow_sink>();
    std::shared_ptr<spdlog::logger> to = std::make_shared<spdlog::logger>("test", sink);
    server_limits limits = {};
};

int count_of(const std::vector<std::string>& lines, std::string_view beginning) {
    return static_cast<int>(std::ranges::count_if(lines, [&](const auto& each) {
        return each.starts_with(beginning);
    }));
}

/// The number behind "count=" in the first line with this beginning.
int number_in(const std::vector<std::string>& lines, std::string_view beginning) {
    for (const auto& each : lines) {
        if (each.starts_with(beginning)) return std::stoi(each.substr(each.find("count=") + 6));
    }
    return 0;
}

}  // namespace

TEST_CASE("lines reach the logger in their order and with their level") {
    logging with;
    with.to->set_level(spdlog::level::warn);
    server_log log(with.to, with.limits);
    log.logger()->warn("one a={}", 1);
    log.logger()->info("two");
    log.logger()->error("three");
    log.finish();

    CHECK(with.sink->lines() == std::vector<std::string>{"one a=1", "three"});
    CHECK_FALSE(log.is_stuck());
    CHECK(log.lost() == 0);
}

TEST_CASE("a blocked log loses the oldest lines and contains their number") {
    logging with;
    with.limits.max_log_queue = 2000;
    with.limits.max_log_rate = 1000;
    with.sink->stand_still();
    server_log log(with.to, with.limits);
    log.logger()->info("first");
    with.sink->wait_for_line();
    for (int at = 0; at < 500; ++at)
        log.logger()->info("line number={}", at);
    with.sink->go_on();
    log.finish();

    const auto lines = with.sink->lines();
    CHECK(lines[0] == "first");
    CHECK(lines[1].starts_with("log lines lost count="));
    CHECK(lines.back() == "line number=499");
    const auto kept = count_of(lines, "line number=");
    CHECK(kept > 5);
    CHECK(kept < 30);
    CHECK(number_in(lines, "log lines lost") == 500 - kept);
    CHECK(log.lost() == 500 - kept);
}

TEST_CASE("lines of one kind are limited per second and counted") {
    logging with;
    with.limits.max_log_rate = 10;
    server_log log(with.to, with.limits);
    for (int at = 0; at < 200; ++at)
        log.logger()->error("failed conversation={} why=\"a=b\"", at);
    log.logger()->warn("not saved conversation=x");
    log.finish();

    const auto lines = with.sink->lines();
    const auto written = count_of(lines, "failed conversation=");
    CHECK(written >= 10);
    CHECK(written < 200);
    CHECK(number_in(lines, "log lines suppressed kind=\"failed conversation\"") > 0);
    CHECK(written + log.lost() == 200);
    CHECK(count_of(lines, "not saved") == 1);
}

TEST_CASE("suppressed lines are counted in the log even if nothing else is logged") {
    logging with;
    with.limits.max_log_rate = 1;
    server_log log(with.to, with.limits);
    log.logger()->error("failed a=1");
    log.logger()->error("failed a=2");
    while (count_of(with.sink->lines(), "log lines suppressed kind=\"failed a\" count=1") == 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(count_of(with.sink->lines(), "failed a=") == 1);
}

TEST_CASE("critical lines are never suppressed") {
    logging with;
    with.limits.max_log_rate = 1;
    server_log log(with.to, with.limits);
    for (int at = 0; at < 20; ++at)
        log.logger()->critical("the store is not usable any more why={}", at);
    log.finish();

    CHECK(with.sink->lines().size() == 20);
}

TEST_CASE("a line that is too long is cut") {
    logging with;
    with.limits.max_log_line = 10;
    server_log log(with.to, with.limits);
    log.logger()->info("0123456789");
    log.logger()->info("0123456789a");
    log.finish();

    CHECK(with.sink->lines() == std::vector<std::string>{"0123456789", "0123456789..."});
}

TEST_CASE("a log that is still blocked at the end is abandoned") {
    logging with;
    with.sink->stand_still();
    {
        server_log log(with.to, with.limits);
        log.logger()->info("one");
        log.finish();
        CHECK(log.is_stuck());
        log.logger()->info("two");
    }
    // For the abandoned thread, which must not be the one that destroys these objects: libspdlog
    // counts their owners, which ThreadSanitizer does not see.
    static std::vector<std::shared_ptr<void>> kept;
    kept.insert(kept.end(), {with.sink, with.to});
    with.sink->go_on();
}
