#include "login.hpp"
#include "standup.hpp"
#include "team.hpp"

#include <cstdlib>

int main(int argc, char** argv) {
    const int port = argc > 1 ? std::atoi(argv[1]) : 8080;
    standup::team team("team.json");
    stube::login_sessions logins;
    stube::app site;
    site.provide(team);
    standup::add_login(site, logins, team);
    site.mount<standup::board>("/", standup::board::from, {.title = "Stand-up", .login = "/login"});
    return site.start(port, stube::sqlite_store("standup.db"));
}
