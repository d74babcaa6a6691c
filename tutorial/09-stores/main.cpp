#include "board.hpp"
#include "one_file_store.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

using namespace stube;

std::unique_ptr<store> open_store(std::string_view what) {
    if (what == "memory") return memory_store();
    if (what == "file") return file_store("standup");
    if (what == "one-file") return one_file_store("standup.jsonl");
    return sqlite_store("standup.db");
}

int main(int argc, char** argv) {
    try {
        const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
        app site;
        site.mount<board>("/", {.title = "Stand-up"});
        return site.start(port, open_store(argc > 2 ? argv[2] : "sqlite"));
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "standup: %s\n", problem.what());
        return 1;
    }
}
