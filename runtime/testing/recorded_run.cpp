#include "runtime/testing/recorded_run.hpp"

#include <algorithm>
#include <istream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace stube {

using namespace kernel;

replay_mismatch::replay_mismatch(std::uint64_t head, const std::string& difference)
    : std::runtime_error("head " + std::to_string(head) + ": " + difference), head_(head) {}

namespace {

time_point to_time(std::int64_t since_1970) {
    return time_point(std::chrono::milliseconds(since_1970));
}

/// Adds a turn to the report. Throws replay_mismatch if it differs from its record.
void report_turn(const replayed_turn& turn, replay_report& to) {
    if (turn.match == match::differs) throw replay_mismatch(turn.head, turn.difference);
    if (turn.match == match::same)
        ++to.compared;
    else
        to.not_compared.push_back("head " + std::to_string(turn.head) + ": " + turn.difference);
}

recording read_recording(std::istream& document) {
    const std::string text(std::istreambuf_iterator<char>(document), {});
    if (!document) throw decode_error("the export cannot be read");
    return parse_recording(text);
}

}  // namespace

recorded_run::recorded_run(std::istream& document, std::uint64_t head)
    : recorded_(read_recording(document)) {
    const auto& heads = recorded_.heads;
    const auto number_of = [](const recorded_head& each) { return each.head.number; };
    const auto found = head == 0 ? heads.begin() : std::ranges::find(heads, head, number_of);
    if (found == heads.end())
        throw std::invalid_argument("the export has no head " + std::to_string(head));
    at_ = static_cast<std::size_t>(found - heads.begin());
}

void recorded_run::begin(const environment& env, const show& to) const {
    const auto time = to_time(recorded_.heads[at_].head.time);
    if (at_ > 0) {
        auto at_head = env;
        at_head.now = time;
        return to(shown(conversation_at(recorded_, at_), at_head), time);
    }
    const auto turn = replay_head(recorded_, 0, {}, env);
    replay_report report;
    report_turn(turn, report);
    to(turn.result, time);
}

replay_report recorded_run::replay(
    conversation from,
    std::uint64_t until,
    const environment& env,
    const show& to
) {
    replay_report report;
    const replay_range range{.first = at_ + 1, .until = until};
    replay_all(recorded_, range, std::move(from), env, [&](const replayed_turn& turn) {
        report_turn(turn, report);
        if (!turn.is_failure) ++at_;
        // A turn that failed in part has a head too, which comes next.
        if (!turn.is_failure || turn.result.verdict == verdict::failed)
            to(turn.result, to_time(turn.time));
    });
    return report;
}

}  // namespace stube
