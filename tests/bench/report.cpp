#include "report.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string_view>

namespace bench {

namespace {

namespace json = boost::json;

// The goals of the design. Those for an event apply to 64 clients.
constexpr std::size_t goal_clients = 64;
constexpr double goal_ratio_memory = 1.25;
constexpr double goal_ratio_sqlite = 2;
constexpr double goal_p99_ms_sqlite = 10;
constexpr double goal_conversation_bytes = 2048;
constexpr double goal_stream_bytes = 1024;

template <class... Values>
std::string formatted(const char* format, Values... values) {
    std::array<char, 256> text;
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string verdict(bool met, const std::string& goal) {
    return goal + (met ? "  met" : "  MISSED");
}

/// Empty when the design sets no goal for this load.
std::optional<bool> goal_met(const load_figures& figures) {
    if (figures.clients != goal_clients) return {};
    const auto middle = figures.median();
    if (figures.server == "memory") return middle.ratio <= goal_ratio_memory;
    if (figures.server != "sqlite") return {};
    return middle.ratio <= goal_ratio_sqlite && middle.p99_ms <= goal_p99_ms_sqlite;
}

std::string goal_text(const load_figures& figures) {
    const auto met = goal_met(figures);
    if (!met) return {};
    if (figures.server == "memory") return verdict(*met, formatted("<= %.2f x", goal_ratio_memory));
    return verdict(
        *met,
        formatted("<= %.0f x, p99 <= %.0f ms", goal_ratio_sqlite, goal_p99_ms_sqlite)
    );
}

std::string line(const load_figures& figures) {
    const auto middle = figures.median();
    return formatted(
               "%-9s %7zu %10.0f %8.3f %8.3f %14.2f %14.2f %8.2f  ",
               figures.server.c_str(),
               figures.clients,
               middle.events_per_second,
               middle.p50_ms,
               middle.p99_ms,
               middle.server_cpu_us,
               middle.client_cpu_us,
               middle.ratio
           ) +
           goal_text(figures);
}

std::string line(const memory_figures& figures) {
    std::string goal;
    if (figures.server == "memory") {
        goal = verdict(
            figures.bytes_per_conversation <= goal_conversation_bytes &&
                figures.bytes_per_stream <= goal_stream_bytes,
            formatted("<= %.0f and <= %.0f", goal_conversation_bytes, goal_stream_bytes)
        );
    }
    return formatted(
               "%-9s %21.0f %15.0f  ",
               figures.server.c_str(),
               figures.bytes_per_conversation,
               figures.bytes_per_stream
           ) +
           goal;
}

std::string without_trailing_spaces(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
}

json::object as_object(const sample& taken) {
    return {
        {"events", taken.events},
        {"events_per_second", taken.events_per_second},
        {"p50_ms", taken.p50_ms},
        {"p99_ms", taken.p99_ms},
        {"server_cpu_us_per_event", taken.server_cpu_us},
        {"client_cpu_us_per_event", taken.client_cpu_us},
        {"cpu_ratio_to_floor", taken.ratio}
    };
}

json::object as_object(const load_figures& figures) {
    json::array rounds;
    for (const auto& taken : figures.rounds)
        rounds.push_back(as_object(taken));
    json::object result{
        {"server", figures.server},
        {"clients", figures.clients},
        {"median", as_object(figures.median())},
        {"rounds", std::move(rounds)}
    };
    if (const auto met = goal_met(figures)) {
        result["goal"] = goal_text(figures).substr(0, goal_text(figures).rfind("  "));
        result["goal_met"] = *met;
    }
    return result;
}

json::object as_object(const memory_figures& figures) {
    return {
        {"server", figures.server},
        {"conversations", figures.conversations},
        {"streams", figures.streams},
        {"bytes_per_conversation", figures.bytes_per_conversation},
        {"bytes_per_stream", figures.bytes_per_stream}
    };
}

template <class Member>
double median_of(std::vector<sample> rounds, Member member) {
    const auto middle = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
    const auto less = [&](const sample& a, const sample& b) { return a.*member < b.*member; };
    std::nth_element(rounds.begin(), middle, rounds.end(), less);
    const double upper = *middle.*member;
    if (rounds.size() % 2 == 1) return upper;
    return (upper + *std::max_element(rounds.begin(), middle, less).*member) / 2;
}

}  // namespace

sample load_figures::median() const {
    if (rounds.empty()) return {};
    sample middle;
    for (const auto& taken : rounds)
        middle.events += taken.events;
    middle.events /= rounds.size();
    for (const auto member :
         {&sample::events_per_second,
          &sample::p50_ms,
          &sample::p99_ms,
          &sample::server_cpu_us,
          &sample::client_cpu_us,
          &sample::ratio}) {
        middle.*member = median_of(rounds, member);
    }
    return middle;
}

std::string as_text(const report& figures) {
    std::string text =
        "server    clients   events/s   p50 ms   p99 ms  server us/ev.  client us/ev."
        "  x floor  goal\n";
    for (const auto& each : figures.loads)
        text += without_trailing_spaces(line(each));
    if (!figures.memory.empty()) {
        text += "\nserver     bytes/conversation    bytes/stream  goal\n";
        for (const auto& each : figures.memory)
            text += without_trailing_spaces(line(each));
    }
    return text;
}

json::value as_json(const report& figures) {
    json::array loads;
    json::array memory;
    for (const auto& each : figures.loads)
        loads.push_back(as_object(each));
    for (const auto& each : figures.memory)
        memory.push_back(as_object(each));
    return json::object{{"loads", std::move(loads)}, {"memory", std::move(memory)}};
}

}  // namespace bench
