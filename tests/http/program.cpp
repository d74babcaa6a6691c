// A program that is only `app::start`, for tests that need its exit code: <port> <mode>. The mode
// selects its store, its log or its stop: "working", "failed", "slow to stop", "sqlite:" and the
// path of its store, "files:" and the path of its store, or "logs:" and the target of its log
// ("stdout", "stderr" or a path), without a limit per second.
#include "http/fixture.hpp"

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

namespace {

using namespace testing;

std::shared_ptr<spdlog::logger> log_to(const std::string& where) {
    auto log = where == "stdout"   ? spdlog::stdout_color_mt("test")
               : where == "stderr" ? spdlog::stderr_color_mt("test")
                                   : spdlog::basic_logger_mt("test", where);
    log->flush_on(spdlog::level::trace);
    return log;
}

bool takes_prefix(std::string_view& text, std::string_view prefix) {
    const bool has = text.starts_with(prefix);
    if (has) text.remove_prefix(prefix.size());
    return has;
}

}  // namespace

int main(int count, char** words) {
    if (count != 3) return 2;
    std::string_view mode = words[2];
    server_options options;
    options.port = static_cast<std::uint16_t>(std::stoi(words[1]));
    options.threads = 1;
    options.hosts = {"a.test"};
    options.conversations.logger = quiet();
    if (mode == "slow to stop") options.drain_delay = std::chrono::minutes(10);
    if (takes_prefix(mode, "logs:")) {
        options.conversations.logger = log_to(std::string(mode));
        options.limits.max_log_rate = 1'000'000;
    }
    if (takes_prefix(mode, "files:"))
        return served::make_site().start(options, file_store(std::string(mode)));
    if (takes_prefix(mode, "sqlite:"))
        return served::make_site().start(options, sqlite_store(std::string(mode)));
    auto where = std::make_shared<disk>();
    if (mode == "failed") where->now = disk::condition::failed;
    return served::make_site().start(options, store_on(where));
}
