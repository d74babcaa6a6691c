#include "board.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

using namespace stube;

int main(int argc, char** argv) {
    try {
        app site;
        site.mount<board>("/", {.title = "Stand-up"});

        const char* folder = std::getenv("STATE_DIRECTORY");  // set by systemd
        const auto file = std::string(folder ? folder : ".") + "/standup.db";
        const std::string_view argument = argc > 1 ? argv[1] : "8080";
        if (argument == "--check-store")
            return site.check_store(sqlite_store(file, {.read_only = true}), std::cout);

        server_options options;  // listens on 127.0.0.1 only: the proxy is on the same machine
        options.port = static_cast<std::uint16_t>(std::atoi(argument.data()));
        options.behind_tls = true;
        options.hosts = {"standup.example.org"};
        options.conversations.idle_timeout = std::chrono::hours(24 * 7);
        return site.start(options, sqlite_store(file));
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "standup: %s\n", problem.what());
        return 1;
    }
}
