// A program that is only `app::start`, for tests that need its exit code: <port> <how its store is,
// or the path of an SQLite store>
#include "http/fixture.hpp"

#include <stube/store/sqlite_store.hpp>

int main(int count, char** words) {
    using namespace testing;
    if (count != 3) return 2;
    const std::string_view mood = words[2];
    server_options options;
    options.port = static_cast<std::uint16_t>(std::stoi(words[1]));
    options.threads = 1;
    options.live.logger = quiet();
    if (mood == "slow to stop") options.drain_delay = std::chrono::minutes(10);
    if (mood.starts_with('/')) return served::make_site().start(options, sqlite_store(mood));
    auto where = std::make_shared<disk>();
    if (mood == "dead") where->now = disk::mood::dead;
    return served::make_site().start(options, store_on(where));
}
