// Measures the cost of an event: the gallery's /counter against the floor, over loopback, with the
// requests of a browser.
//
// Each client has a conversation, an open stream and a connection for its events. It sends an
// event, waits for the response and for the patch with the right value, and sends the next event.
// The floor is measured again before each subject, and the ratio is taken within such a pair: a
// machine that is slower for a while is slower for both.
#include "load.hpp"
#include "process.hpp"
#include "report.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <thread>
#include <time.h>
#include <vector>

namespace {

using namespace bench;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::string_view help =
    R"(usage: bench [options]
Measures the gallery's /counter against a bare Beast server.

  --clients 1,64,500   numbers of clients
  --rounds N           rounds, of which the medians are shown (3)
  --only LIST          of floor, two-sends, memory, sqlite; the floor is always measured; two-sends
                       is a floor that sends each patch on the stream
  --events N           events per run (20000 for one client, 100000 for more)
  --quick              a tenth of the events, one round
  --smoke              values only: a few events, no figures worth reading; no gallery is no error
  --gallery PATH       the gallery's program (../../examples/gallery beside this program)
  --floor PATH         the floor's program (beside this program)
  --fault N            the floor makes its Nth patch wrong, which must be noticed
  --json PATH          where the figures go (build/bench.json; with --smoke nowhere)
)";

constexpr auto longest_run = 8s;

const std::set<std::string, std::less<>> known_servers{"floor", "two-sends", "memory", "sqlite"};

struct options {
    std::vector<std::size_t> clients;
    std::size_t rounds = 0;
    std::size_t events = 0;
    std::set<std::string, std::less<>> only;
    bool quick = false;
    bool smoke = false;
    bool help = false;
    std::string fault;
    fs::path gallery;
    fs::path floor;
    fs::path json;
};

struct server_kind {
    std::string name;
    std::vector<std::string> command;
    patch_place place = patch_place::in_response;
};

std::size_t number(std::string_view text) {
    std::size_t value = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value == 0) {
        throw std::invalid_argument("not a number above zero: " + std::string(text));
    }
    return value;
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const auto comma = list.find(',');
        parts.emplace_back(list.substr(0, comma));
        if (comma == list.npos) return parts;
        list.remove_prefix(comma + 1);
    }
}

void set_option(options& chosen, std::string_view name, std::string_view value) {
    if (name == "--clients") {
        for (const auto& part : split(value))
            chosen.clients.push_back(number(part));
    } else if (name == "--rounds") {
        chosen.rounds = number(value);
    } else if (name == "--events") {
        chosen.events = number(value);
    } else if (name == "--only") {
        for (const auto& part : split(value)) {
            if (!known_servers.contains(part)) {
                throw std::invalid_argument("unknown server: " + part);
            }
            chosen.only.insert(part);
        }
    } else if (name == "--gallery") {
        chosen.gallery = value;
    } else if (name == "--floor") {
        chosen.floor = value;
    } else if (name == "--fault") {
        chosen.fault = value;
    } else if (name == "--json") {
        chosen.json = value;
    } else {
        throw std::invalid_argument("unknown option: " + std::string(name));
    }
}

options read_options(const std::vector<std::string>& words, const fs::path& folder) {
    options chosen;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--quick") {
            chosen.quick = true;
        } else if (words[i] == "--smoke") {
            chosen.smoke = true;
        } else if (words[i] == "--help") {
            chosen.help = true;
        } else if (i + 1 == words.size()) {
            throw std::invalid_argument("unknown option, or no value for it: " + words[i]);
        } else {
            set_option(chosen, words[i], words[i + 1]);
            ++i;
        }
    }
    if (chosen.clients.empty()) {
        chosen.clients =
            chosen.smoke ? std::vector<std::size_t>{1, 16} : std::vector<std::size_t>{1, 64, 500};
    }
    if (chosen.only.empty()) chosen.only = known_servers;
    if (chosen.rounds == 0) chosen.rounds = chosen.quick || chosen.smoke ? 1 : 3;
    if (chosen.gallery.empty()) chosen.gallery = folder / "../../examples/gallery";
    if (chosen.floor.empty()) chosen.floor = folder / "floor";
    if (chosen.json.empty() && !chosen.smoke) chosen.json = "build/bench.json";
    return chosen;
}

std::chrono::nanoseconds own_cpu_time() {
    timespec spent{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

double microseconds_per_event(std::chrono::nanoseconds spent, std::size_t events) {
    return static_cast<double>(spent.count()) / 1000 / static_cast<double>(events);
}

double percentile_ms(std::vector<std::uint32_t>& latencies, double part) {
    const auto index = static_cast<double>(latencies.size() - 1) * part;
    const auto at = latencies.begin() + static_cast<std::ptrdiff_t>(index);
    std::nth_element(latencies.begin(), at, latencies.end());
    return *at / 1e6;
}

class benchmark {
public:
    benchmark(options chosen, const fs::path& folder)
        : options_(std::move(chosen)), scratch_(folder), processors_(choose_processors()) {
        run_on(processors_.client);
        if (processors_.server == processors_.client) {
            std::puts("one processor: the servers and the load share it");
        }
        floor_ = {"floor", {options_.floor.string()}};
        if (!options_.fault.empty()) {
            floor_.command.insert(floor_.command.end(), {"--fault", options_.fault});
        }
        if (options_.only.contains("two-sends")) {
            auto command = floor_.command;
            command.push_back("--on-stream");
            subjects_.push_back({"two-sends", std::move(command), patch_place::on_stream});
        }
        if (options_.smoke && !fs::exists(options_.gallery)) {
            std::puts("the gallery is not built: only the floor is tried");
            return;
        }
        add_subject("memory", "memory");
        add_subject("sqlite", "sqlite:" + (scratch_.path() / "gallery.db").string());
    }

    report run() {
        report figures;
        for (const auto clients : options_.clients)
            measure_loads(clients, figures);
        if (options_.smoke) return figures;
        figures.memory.push_back(measure_memory(floor_));
        for (const auto& subject : subjects_)
            figures.memory.push_back(measure_memory(subject));
        return figures;
    }

private:
    void add_subject(const std::string& name, const std::string& store) {
        if (!options_.only.contains(name)) return;
        if (!fs::exists(options_.gallery)) {
            throw std::runtime_error("no gallery at " + options_.gallery.string());
        }
        auto command = split("--port,0,--bind,127.0.0.1,--threads,1,--store");
        command.insert(command.begin(), options_.gallery.string());
        command.push_back(store);
        subjects_.push_back({name, std::move(command)});
    }

    void measure_loads(std::size_t clients, report& figures) {
        load_figures floor{floor_.name, clients, {}};
        std::vector<load_figures> others;
        for (const auto& subject : subjects_)
            others.push_back({subject.name, clients, {}});
        for (std::size_t round = 0; round < options_.rounds; ++round) {
            if (subjects_.empty()) floor.rounds.push_back(measure(floor_, clients));
            for (std::size_t i = 0; i < subjects_.size(); ++i) {
                floor.rounds.push_back(measure(floor_, clients));
                auto taken = measure(subjects_[i], clients);
                taken.ratio = taken.server_cpu_us / floor.rounds.back().server_cpu_us;
                others[i].rounds.push_back(taken);
            }
        }
        figures.loads.push_back(std::move(floor));
        for (auto& other : others)
            figures.loads.push_back(std::move(other));
    }

    sample measure(const server_kind& kind, std::size_t clients) try {
        const auto server = start(kind);
        load clicks(server.port(), clients, kind.place);
        const auto events = events_for(clients);
        clicks.run({std::max(events / 10, clients * 2), longest_run / 4});
        const auto server_before = server.cpu_time();
        const auto client_before = own_cpu_time();
        auto result = clicks.run({events, longest_run});
        const auto client_spent = own_cpu_time() - client_before;
        const auto server_spent = server.cpu_time() - server_before;
        sample taken;
        taken.events = result.events;
        taken.events_per_second =
            static_cast<double>(result.events) * 1e9 / static_cast<double>(result.time.count());
        taken.p50_ms = percentile_ms(result.latencies, 0.5);
        taken.p99_ms = percentile_ms(result.latencies, 0.99);
        taken.server_cpu_us = microseconds_per_event(server_spent, result.events);
        taken.client_cpu_us = microseconds_per_event(client_spent, result.events);
        return taken;
    } catch (const std::exception& error) {
        throw std::runtime_error(
            kind.name + ", " + std::to_string(clients) + " clients: " + error.what()
        );
    }

    memory_figures measure_memory(const server_kind& kind) try {
        memory_figures figures{kind.name, 2000, 500, 0, 0};
        const auto server = start(kind);
        const socket_handle minter(server.port());
        for (int i = 0; i < 100; ++i)
            mint(minter, server.port());  // the first conversations set up shared state
        const auto empty = settled(server);
        std::vector<page> pages;
        for (std::size_t i = 0; i < figures.conversations; ++i) {
            pages.push_back(mint(minter, server.port()));
        }
        const auto minted = settled(server);
        std::vector<socket_handle> streams;
        for (std::size_t i = 0; i < figures.streams; ++i) {
            streams.emplace_back(server.port());
            attach(streams.back(), pages[i], i + 1, server.port());
        }
        const auto open = settled(server);
        figures.bytes_per_conversation = (minted - empty) / static_cast<double>(pages.size());
        figures.bytes_per_stream = (open - minted) / static_cast<double>(streams.size());
        return figures;
    } catch (const std::exception& error) {
        throw std::runtime_error(kind.name + ", memory: " + error.what());
    }

    /// Resident bytes, after the server had time to finish its work.
    static double settled(const server_process& server) {
        std::this_thread::sleep_for(300ms);
        return static_cast<double>(server.resident_bytes());
    }

    server_process start(const server_kind& kind) const {
        for (const auto* file :
             {"gallery.db", "gallery.db-wal", "gallery.db-shm", "gallery.db.mark"}) {
            fs::remove(scratch_.path() / file);
        }
        return {kind.command, processors_.server, scratch_.path() / "server.log"};
    }

    std::size_t events_for(std::size_t clients) const {
        if (options_.events > 0) return options_.events;
        if (options_.smoke) return clients * 20;
        return (clients == 1 ? 20'000u : 100'000u) / (options_.quick ? 10u : 1u);
    }

    options options_;
    scratch_folder scratch_;
    processors processors_;
    server_kind floor_;
    std::vector<server_kind> subjects_;
};

void allow_many_sockets() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void write_json(const fs::path& path, const report& figures) {
    if (path.has_parent_path()) fs::create_directories(path.parent_path());
    std::ofstream file(path);
    file << boost::json::serialize(as_json(figures)) << '\n';
    if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

int run(const std::vector<std::string>& words) {
    const auto folder = fs::read_symlink("/proc/self/exe").parent_path();
    const auto chosen = read_options(words, folder);
    if (chosen.help) {
        std::fputs(help.data(), stdout);
        return 0;
    }
    std::signal(SIGINT, [](int) { stop_all_loads(); });
    std::signal(SIGTERM, [](int) { stop_all_loads(); });
    allow_many_sockets();
    benchmark all(chosen, folder);
    const auto figures = all.run();
    std::fputs(as_text(figures).c_str(), stdout);
    if (!chosen.json.empty()) write_json(chosen.json, figures);
    return 0;
}

}  // namespace

int main(int count, char** words) try {
    return run({words + 1, words + count});
} catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench: %s\n%s", error.what(), help.data());
    return 2;
} catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
}
