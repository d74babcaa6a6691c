#pragma once

#include "support.hpp"

#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

/// Processes that are killed while they have a store open.
namespace store_test {

inline std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

/// Calls `run` in a process that ends without destructors, as after a kill.
template <class Function>
void in_a_process_that_is_killed(Function run) {
    pid_t child = ::fork();
    if (child == 0) {
        run();
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
        new std::unique_ptr<stube::store>(std::move(kept));  // leaked, so that it is not closed
    });
}

template <class Place>
void save_and_be_killed(const Place& place, const std::vector<change>& batch) {
    save_all_and_be_killed(place, {batch});
}

}  // namespace store_test
