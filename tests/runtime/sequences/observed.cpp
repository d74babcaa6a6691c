#include "observed.hpp"

#include "components.hpp"

#include <stube/runtime/conversation_query.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <variant>

namespace sequences {

using namespace stube::kernel;

namespace {

template <class Component>
const Component& state_of(const conversation& in, instance_id id) {
    return *static_cast<const Component*>(in.instances.at(id).state.get());
}

/// The questions that cover an instance, the shown one last.
std::vector<model_question> questions_on(const conversation& in, instance_id covered) {
    std::vector<model_question> out;
    for (auto id = in.instances.at(covered).covered_by; id != 0;
         id = in.instances.at(id).covered_by)
        out.push_back({id, state_of<question>(in, id).depth});
    return out;
}

model_page page_of(const conversation& value) {
    const auto& root = state_of<desk>(value, value.root);
    model_page page;
    page.total = root.total;
    page.note = root.note.text();
    page.tally = state_of<tally>(value, root.counter.id()).count;
    for (const auto& key : root.lines.keys()) {
        const auto id = root.lines.id(key);
        page.lines.push_back({std::stoi(key), id, state_of<line>(value, id).bumps});
    }
    page.next_line = root.next_line;
    page.on_desk = questions_on(value, value.root);
    page.on_tally = questions_on(value, root.counter.id());
    return page;
}

/// The numbers of the heads and branches of a history, and its names, one in a line.
struct history_lines {
    std::string text;

    void head(std::uint64_t number, std::uint64_t parent, std::int64_t hours) {
        text += "\nhead " + std::to_string(number) + " after " + std::to_string(parent) + " at " +
                std::to_string(hours) + "h";
    }

    void branch(std::uint64_t tip, std::uint64_t fork, bool is_current) {
        text += "\nbranch " + std::to_string(tip) + " from " + std::to_string(fork);
        if (is_current) text += " current";
    }

    void names(const std::set<std::string>& all) {
        for (const auto& each : all)
            text += "\n" + each;
    }
};

std::string fork_text(const std::string& id, const std::string& from, std::uint64_t head) {
    return "fork " + id + " from " + from + " head " + std::to_string(head);
}

}  // namespace

std::string text_of(const conversation& value) {
    model_value out;
    out.revision = value.revision;
    out.last_instance = value.last_instance;
    out.last_step = value.last_step;
    out.steps.clear();
    const auto add = [&](const std::vector<history_step_ptr>& steps) {
        for (const auto& each : steps)
            out.steps.push_back({each->step, revision_at(each->clock), {}});
    };
    add(value.past);
    out.at = out.steps.size();
    out.steps.push_back({value.step, 0, page_of(value)});
    add(value.future);
    return text_of(out);
}

std::string text_of(const live::history_view& history) {
    using namespace std::chrono;
    history_lines lines;
    for (const auto& each : history.events) {
        const auto hours = duration_cast<std::chrono::hours>(each.time.time_since_epoch());
        lines.head(each.head, each.parent, hours.count());
        lines.text += " " + each.kind + " " + each.member;
        if (!each.is_on_current_branch) lines.text += " abandoned";
    }
    for (const auto& each : history.branches)
        lines.branch(each.tip, each.fork, each.is_current);
    lines.names({history.aliases.begin(), history.aliases.end()});
    std::set<std::string> forks;
    for (const auto& each : history.forks)
        forks.insert(fork_text(each.id, each.from, each.head));
    lines.names(forks);
    return lines.text;
}

std::string history_text(const model& of, std::size_t at) {
    const auto& one = of.conversations[at];
    history_lines lines;
    const auto current = current_branch(one);
    for (const auto& each : one.heads) {
        lines.head(each.number, each.parent, each.time);
        lines.text += " " + each.kind + " " + each.member;
        if (std::ranges::count(current, each.number) == 0) lines.text += " abandoned";
    }
    for (const auto& each : branches_of(one))
        lines.branch(each.tip, each.fork, each.is_current);
    if (one.is_forgotten()) return lines.text;
    std::set<std::string> aliases;
    for (const auto& [alias, id] : of.aliases)
        if (id == one.id) aliases.insert(alias);
    lines.names(aliases);
    std::set<std::string> forks;
    for (const auto& each : of.conversations)
        if (each.origin && (each.id == one.id || each.origin->id == one.id))
            forks.insert(fork_text(each.id, each.origin->id, each.origin->head));
    lines.names(forks);
    return lines.text;
}

namespace {

std::string index_line(std::uint64_t head, std::uint64_t step, bool has_ended) {
    return "head " + std::to_string(head) + " step " + std::to_string(step) +
           (has_ended ? " ended" : "");
}

std::string desk_values(std::int64_t total, const std::string& note) {
    return " total=" + std::to_string(total) + " note=" + note;
}

}  // namespace

std::string text_of(const live::found_conversation& found) {
    return index_line(found.head, found.step, found.has_ended) +
           desk_values(
               std::get<std::int64_t>(found.values.at("total").value()),
               std::get<std::string>(found.values.at("note").value())
           );
}

std::string index_text(const model_conversation& of) {
    if (of.is_forgotten() || of.last_event == 0) return {};
    const auto& value = of.now();
    return index_line(of.heads.back().number, value.steps[value.at].number, of.has_ended()) +
           desk_values(value.page().total, value.page().note);
}

}  // namespace sequences
