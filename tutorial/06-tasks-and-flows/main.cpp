#include "standup.hpp"
#include "team.hpp"

#include <cstdlib>

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
    standup::team team("team.json");
    stube::app site;
    site.provide(team);
    site.mount<standup::board>("/", {.title = "Stand-up"});
    return site.start(port, stube::sqlite_store("standup.db"));
}
