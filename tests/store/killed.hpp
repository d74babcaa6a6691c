#pragma once

#include "contract.hpp"

#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

/// Processes that save and are killed, and what lies in files afterwards.
namespace store_test {

inline std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

/// A process that does something with a store and is killed before it ends it.
template <class Doing>
void in_a_process_that_is_killed(Doing doing) {
    pid_t child = ::fork();
    if (child == 0) {
        doing();
        ::_exit(0);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
}

template <class Place>
void save_all_and_be_killed(const Place& place, const std::vector<std::vector<change>>& batches) {
    in_a_process_that_is_killed([&] {
        auto kept = place.open();
        kept->load_all([](record&&) {});
        for (const auto& batch : batches)
            kept->save(batch);
        new std::unique_ptr<stube::store>(std::move(kept));
    });
}

template <class Place>
void save_and_be_killed(const Place& place, const std::vector<change>& batch) {
    save_all_and_be_killed(place, {batch});
}

}  // namespace store_test
