// The figures of a benchmark, as a table and as JSON.
#pragma once

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// One server under one load, once.
struct sample {
    std::size_t events = 0;
    double events_per_second = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double server_cpu_us = 0;  // per event
    double client_cpu_us = 0;  // per event, of the load client
    double ratio = 1;          // of server_cpu_us to the floor's, measured just before
};

struct load_figures {
    std::string server;
    std::size_t clients = 0;
    std::vector<sample> rounds;

    sample median() const;
};

struct memory_figures {
    std::string server;
    std::size_t conversations = 0;
    std::size_t streams = 0;
    double bytes_per_conversation = 0;
    double bytes_per_stream = 0;
};

struct report {
    std::vector<load_figures> loads;
    std::vector<memory_figures> memory;
};

std::string as_text(const report& figures);
boost::json::value as_json(const report& figures);

}  // namespace bench
