#include "http/site/metrics.hpp"

#include <boost/mp11/algorithm.hpp>

#include <chrono>
#include <string_view>

namespace stube::http {

namespace {

void append_line(
    std::string& out,
    std::string_view name,
    std::string_view labels,
    std::int64_t value
) {
    out.append(name).append(labels).append(" ").append(std::to_string(value)).append("\n");
}

void append_type(
    std::string& out,
    std::string_view name,
    std::string_view type,
    std::string_view help
) {
    out.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_background(std::string& out, const live::conversation_counts& of) {
    const auto line = [&](std::string_view name, std::string_view labels, std::size_t value) {
        append_line(out, name, labels, static_cast<std::int64_t>(value));
    };
    append_type(out, "stube_timers", "gauge", "Conversations that wait for a timer.");
    line("stube_timers", {}, of.timers);
    append_type(out, "stube_timers_fired_total", "counter", "Turns made by timers.");
    line("stube_timers_fired_total", {}, of.timers_fired);
    append_type(out, "stube_topics", "gauge", "Topics that someone is subscribed to.");
    line("stube_topics", {}, of.topics);
    append_type(out, "stube_messages_total", "counter", "Messages, by their outcome.");
    line("stube_messages_total", "{result=\"delivered\"}", of.messages_delivered);
    line("stube_messages_total", "{result=\"lost\"}", of.messages_lost);
    append_type(out, "stube_work", "gauge", "Background work under way.");
    line("stube_work", "{state=\"running\"}", of.work_running);
    line("stube_work", "{state=\"waiting\"}", of.work_waiting);
    append_type(out, "stube_work_total", "counter", "Background work, by how it went.");
    line("stube_work_total", "{result=\"done\"}", of.work_done);
    line("stube_work_total", "{result=\"failed\"}", of.work_failed);
    line("stube_work_total", "{result=\"refused\"}", of.work_refused);
    append_type(
        out,
        "stube_rolled_back_total",
        "counter",
        "Conversations that a page claims to have seen in a later state than the store has."
    );
    line("stube_rolled_back_total", {}, of.rolled_back);
    append_type(
        out,
        "stube_deleted_total",
        "counter",
        "Conversations that were deleted: nobody used them, or there were too many."
    );
    line("stube_deleted_total", "{reason=\"idle\"}", of.expired);
    line("stube_deleted_total", "{reason=\"too_many\"}", of.evicted);
}

/// The numbers of the archive: its index, the deletion of old history, and failed turns.
void append_archive(std::string& out, const live::conversation_counts& of) {
    const auto line = [&](std::string_view name, std::string_view labels, std::size_t value) {
        append_line(out, name, labels, static_cast<std::int64_t>(value));
    };
    if (of.index_behind) {
        append_type(
            out,
            "stube_index_behind_seconds",
            "gauge",
            "Time since the query index last had all commits of the archive."
        );
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*of.index_behind);
        append_line(out, "stube_index_behind_seconds", {}, seconds.count());
    }
    append_type(
        out,
        "stube_history_trims_total",
        "counter",
        "Deletions of old history of a conversation, by their outcome."
    );
    line("stube_history_trims_total", "{result=\"done\"}", of.trims_done);
    line("stube_history_trims_total", "{result=\"failed\"}", of.trims_failed);
    append_type(
        out,
        "stube_archived_failures_total",
        "counter",
        "Failed turns for the archive, by whether the archive has recorded them."
    );
    line("stube_archived_failures_total", "{result=\"recorded\"}", of.failures_archived);
    line("stube_archived_failures_total", "{result=\"lost\"}", of.failures_lost);
}

}  // namespace

std::string metrics::text(const totals& now, const live::conversation_counts& background) const {
    const auto sum = [this](auto member) {
        std::int64_t total = 0;
        for (const auto& each : threads_)
            total += member(each).get();
        return total;
    };
    std::string out;
    using text_view = std::string_view;
    const auto one = [&](text_view name, text_view type, text_view help, std::int64_t value) {
        append_type(out, name, type, help);
        append_line(out, name, {}, value);
    };
    one("stube_conversations",
        "gauge",
        "Conversations in memory.",
        static_cast<std::int64_t>(now.conversations));
    one("stube_unsent_bytes",
        "gauge",
        "Bytes that wait for clients to read.",
        static_cast<std::int64_t>(now.unsent));
    one("stube_log_lines_lost_total",
        "counter",
        "Lines of the log that were suppressed, or lost because they were not read in time.",
        now.log_lost);
    one("stube_connections", "gauge", "Open connections.", sum([](const auto& t) -> auto& {
            return t.connections;
        }));
    one("stube_streams", "gauge", "Open event streams.", sum([](const auto& t) -> auto& {
            return t.streams;
        }));
    one("stube_requests_total", "counter", "Requests answered.", sum([](const auto& t) -> auto& {
            return t.requests;
        }));
    one("stube_request_failures_total",
        "counter",
        "Requests answered with a 5xx status.",
        sum([](const auto& t) -> auto& { return t.failures; }));
    append_type(out, "stube_events_total", "counter", "Events, by their outcome.");
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<live::status>>([&](auto status) {
        constexpr auto at = static_cast<std::size_t>(decltype(status)::value);
        const auto labels = std::string("{status=\"") + status.name + "\"}";
        append_line(out, "stube_events_total", labels, sum([](const auto& t) -> auto& {
                        return t.events[at];
                    }));
    });
    append_background(out, background);
    append_archive(out, background);
    return out;
}

}  // namespace stube::http
