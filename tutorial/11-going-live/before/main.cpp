#include "board.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

using namespace stube;

int main(int argc, char** argv) {
    try {
        app site;
        site.mount<board>("/", {.title = "Stand-up"});

        server_options options;  // listens on 127.0.0.1 only: the proxy is on the same machine
        options.port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 8080);
        options.behind_tls = true;
        options.live.idle_timeout = std::chrono::hours(24 * 7);

        const char* folder = std::getenv("STATE_DIRECTORY");  // set by systemd
        return site.start(
            options,
            sqlite_store(std::string(folder ? folder : ".") + "/standup.db")
        );
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "standup: %s\n", problem.what());
        return 1;
    }
}
