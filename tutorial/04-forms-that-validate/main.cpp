#include "standup.hpp"

#include <cstdlib>

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
    stube::app site;
    site.mount<standup::board>("/", {.title = "Stand-up"});
    return site.start(port, stube::sqlite_store("standup.db"));
}
