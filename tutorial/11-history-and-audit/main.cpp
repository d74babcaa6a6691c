#include "audit.hpp"
#include "claim.hpp"
#include "inbox.hpp"
#include "login.hpp"

#include <stube/runtime/conversation_history.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>

using namespace expenses;

bool may_use(const access_request& wanted) {
    if (wanted.who.is_anonymous()) return false;
    if (wanted.who.name == wanted.owner.name) return true;
    if (wanted.purpose == access_purpose::fork) return false;
    const bool is_claim = wanted.mount == "/" || wanted.mount == "/again";
    return is_claim && wanted.who.has_role("approver");
}

/// The claim as it was when its claimant last confirmed it.
storage::fork_origin
confirmed(const live::conversation_history& history, const std::string& number) {
    const auto id = history.find_alias(number);
    if (!id) throw std::invalid_argument("no such claim");
    const auto events = history.event_view(*id);
    for (const auto& each : events | std::views::reverse)
        if (each.member == "review" && each.is_on_current_branch) return {*id, each.head};
    throw std::invalid_argument("this claim was never confirmed");
}

std::unique_ptr<store> open_store(bool read_only = false) {
    return sqlite_store("expenses.db", {.read_only = read_only, .archive = true});
}

int main(int argc, char** argv) {
    try {
        const std::string option = argc > 1 ? argv[1] : "8080";
        if (option == "--export" && argc == 4) {
            live::stored_history(open_store(true))->export_to(argv[2], argv[3]);
            return 0;
        }
        login_sessions logins;
        app site;
        office all{.limits = {{kind::travel, 5000}, {kind::hotel, 800}, {kind::meals, 60}}};
        site.provide(all);
        add_login(site, logins);
        site.access(may_use);
        site.mount<claim>("/", {.title = "Expenses", .login = "/login"});
        site.mount<inbox>("/inbox", {.title = "Inbox", .login = "/login"});
        site.mount<audit>("/audit/{claim}", audit::from, {.title = "History", .login = "/login"});
        site.fork(
            "/again",
            [&](const request_info& from) {
                return confirmed(
                    site.history(logins.user_of(from)),
                    from.query("claim").value_or("")
                );
            },
            {.title = "Expenses", .login = "/login"}
        );
        if (option == "--erase-principal" && argc == 3)
            return site.erase_principal(open_store(), argv[2], std::cout);
        if (option.find_first_not_of("0123456789") != option.npos)
            throw std::invalid_argument("takes a port, --export ID FILE or --erase-principal NAME");
        return site.start(std::atoi(option.c_str()), open_store());
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "expenses: %s\n", problem.what());
        return 1;
    }
}
