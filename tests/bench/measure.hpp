// Tools of the benchmarks of the store.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>
#include <time.h>
#include <vector>

namespace bench {

/// The cost of one save or event.
struct cost {
    double cpu_us = 0;  ///< user and system
    double wall_us = 0;
    double bytes = 0;  ///< given to the system to be written
};

/// Bytes that this process has given to the system to be written.
inline double bytes_written() {
    std::ifstream from("/proc/self/io");
    std::string name;
    double number = 0;
    while (from >> name >> number)
        if (name == "wchar:") return number;
    return 0;
}

/// Adds up the costs between `start` and `stop`.
class meter {
public:
    void start() {
        cpu_ -= cpu_now();
        wall_ -= wall_now();
    }

    void stop() {
        wall_ += wall_now();
        cpu_ += cpu_now();
    }

    cost per(double count) const { return {cpu_ / count, wall_ / count, 0}; }

private:
    static double cpu_now() {
        timespec used{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
        return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
    }

    static double wall_now() {
        std::chrono::duration<double, std::micro> now =
            std::chrono::steady_clock::now().time_since_epoch();
        return now.count();
    }

    double cpu_ = 0;
    double wall_ = 0;
};

inline double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    const auto half = of.size() / 2;
    if (of.empty()) return 0;
    return of.size() % 2 == 1 ? of[half] : (of[half - 1] + of[half]) / 2;
}

template <class Member>
double median_of(const std::vector<cost>& rounds, Member member) {
    std::vector<double> all;
    for (const auto& each : rounds)
        all.push_back(each.*member);
    return median(std::move(all));
}

inline cost median(const std::vector<cost>& rounds) {
    return {
        median_of(rounds, &cost::cpu_us),
        median_of(rounds, &cost::wall_us),
        median_of(rounds, &cost::bytes)
    };
}

/// The median of the rounds' ratios of CPU: each round is compared with its own neighbour.
inline double ratio(const std::vector<cost>& of, const std::vector<cost>& to) {
    std::vector<double> all;
    for (std::size_t i = 0; i < of.size() && i < to.size(); ++i)
        all.push_back(of[i].cpu_us / to[i].cpu_us);
    return median(std::move(all));
}

}  // namespace bench
