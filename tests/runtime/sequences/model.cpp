#include "model.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sequences {

namespace {

constexpr std::int64_t hours_kept = 24;

constexpr std::uint64_t desk_id = 1;
constexpr std::uint64_t tally_id = 2;

/// The questions that cover the component of a shown question.
std::vector<model_question>& questions_with(model_page& page, std::uint64_t shown) {
    const bool is_on_desk = !page.on_desk.empty() && page.on_desk.back().id == shown;
    return is_on_desk ? page.on_desk : page.on_tally;
}

/// The caller of the question that has just answered receives the value.
void receive(model_page& page, std::vector<model_question>& questions, int value) {
    if (!questions.empty())
        questions.back().depth += value;
    else if (&questions == &page.on_desk)
        page.total += value;
    else
        page.tally += value;
}

/// Runs the member of a question, which begins a step.
void run_question(model_value& value, const step& next) {
    auto& page = value.steps[value.at].page;
    auto& questions = questions_with(page, next.target);
    const int depth = questions.back().depth;
    if (next.what == act::reply) {
        questions.pop_back();
        receive(page, questions, next.value);
        return;
    }
    if (next.what == act::other) questions.pop_back();
    questions.push_back({++value.last_instance, next.what == act::other ? depth + 10 : depth + 1});
}

/// Runs a member of the desk, the tally or a line. Returns true if it begins a step.
bool run_member(model_value& value, const step& next) {
    auto& page = value.steps[value.at].page;
    const bool is_desk = next.target == desk_id;
    switch (next.what) {
    case act::add:
        (is_desk ? page.total : page.tally) += next.value;
        return false;
    case act::add_line:
        page.lines.push_back({page.next_line++, ++value.last_instance, 0});
        return false;
    case act::drop_line:
        if (!page.lines.empty()) page.lines.erase(page.lines.begin());
        return false;
    case act::bump:
        ++std::ranges::find(page.lines, next.target, &model_line::id)->bumps;
        return false;
    case act::ask:
        (is_desk ? page.on_desk : page.on_tally).push_back({++value.last_instance, 1});
        return true;
    case act::name:
        return false;
    default:
        run_question(value, next);
        return true;
    }
}

/// The value after an event. An event ends the way Forward.
model_value value_after(const model_value& now, const step& next) {
    model_value value = now;
    ++value.revision;
    value.steps.resize(value.at + 1);
    auto& present = value.steps.back();
    if (!next.text.empty() && next.what != act::name) present.page.note = next.text;
    const auto typed = present.page;
    if (!run_member(value, next)) return value;
    model_step begun{++value.last_step, 0, value.page()};
    value.steps.back() = {now.steps[now.at].number, now.revision, typed};
    value.steps.push_back(std::move(begun));
    ++value.at;
    return value;
}

/// The place of another step. Empty if the user cannot go there.
std::optional<std::size_t> find_step(const model_value& in, const step& wanted) {
    if (wanted.what == act::back) return in.at > 0 ? std::optional(in.at - 1) : std::nullopt;
    const auto found = std::ranges::find(in.steps, wanted.target, &model_step::number);
    const auto place = static_cast<std::size_t>(found - in.steps.begin());
    if (found == in.steps.end() || place == in.at) return std::nullopt;
    return place;
}

std::string text_of(const std::vector<model_question>& questions) {
    std::string text;
    for (const auto& each : questions)
        text += " #" + std::to_string(each.id) + ":" + std::to_string(each.depth);
    return text;
}

std::string text_of(const model_page& page) {
    std::string text = "total=" + std::to_string(page.total) + " note=" + page.note +
                       " tally=" + std::to_string(page.tally) + " lines";
    for (const auto& each : page.lines)
        text += " " + std::to_string(each.key) + "#" + std::to_string(each.id) + ":" +
                std::to_string(each.bumps);
    return text + " next=" + std::to_string(page.next_line) + " desk" + text_of(page.on_desk) +
           " tally" + text_of(page.on_tally);
}

}  // namespace

bool is_shown(const model_page& page, std::uint64_t instance) {
    const auto is_top = [&](const std::vector<model_question>& questions) {
        return !questions.empty() && questions.back().id == instance;
    };
    if (!page.on_desk.empty()) return is_top(page.on_desk);
    if (instance == desk_id) return true;
    if (instance == tally_id) return page.on_tally.empty();
    return is_top(page.on_tally) ||
           std::ranges::find(page.lines, instance, &model_line::id) != page.lines.end();
}

std::string text_of(const model_value& value) {
    std::string text = "revision=" + std::to_string(value.revision) +
                       " last_instance=" + std::to_string(value.last_instance) +
                       " last_step=" + std::to_string(value.last_step) + " steps";
    for (std::size_t i = 0; i < value.steps.size(); ++i) {
        const auto& each = value.steps[i];
        text += " " + std::to_string(each.number);
        text += i == value.at ? "!" : "@" + std::to_string(each.left_at);
    }
    return text + " " + text_of(value.page());
}

// --- acts

result model::apply(const step& next, std::uint64_t event, const std::string& id) {
    if (next.what == act::begin) {
        add(id, {}, "visit");
        return result::ok;
    }
    if (next.what == act::fork) return fork(next, id);
    auto& on = conversations[next.conversation];
    if (on.has_ended()) return result::gone;
    switch (next.what) {
    case act::copy: {
        auto value = on.now();
        ++value.revision;
        add(id, std::move(value), "restored");
        return result::ok;
    }
    case act::repeat:
        return result::repeated;
    case act::back:
    case act::go:
        return move(on, find_step(on.now(), next), event);
    case act::write_alias: {
        model_head head{.kind = "naming", .value = on.now()};
        ++head.value.revision;
        return give_alias(on, next.text, std::move(head));
    }
    default:
        return apply_event(on, next, event);
    }
}

result model::apply_event(model_conversation& on, const step& next, std::uint64_t event) {
    const auto& now = on.now();
    if (!is_shown(now.page(), next.target)) return result::stale;
    if (next.what == act::fail) {
        on.failures.push_back(now.revision);
        return result::failed;
    }
    model_head head{.kind = "event", .member = name_of(next.what)};
    if (next.what == act::finish) return end(on, std::move(head), event);
    head.value = value_after(now, next);
    const auto done = next.what == act::name ? give_alias(on, next.text, std::move(head))
                                             : append(on, std::move(head));
    if (done == result::ok) on.last_event = event;
    return done;
}

/// The last head has the state before the end.
result model::end(model_conversation& on, model_head head, std::uint64_t event) {
    head.is_end = true;
    head.value = on.now();
    head.number = head.value.revision + 1;
    head.parent = head.value.revision;
    head.time = time;
    on.heads.push_back(std::move(head));
    on.last_event = event;
    return result::ended;
}

/// Back or Forward: the present becomes a step, and the head continues the one at which the other
/// step was left.
result model::move(model_conversation& on, std::optional<std::size_t> to, std::uint64_t event) {
    if (!to) return result::stale;
    model_head head{.kind = "navigation", .value = on.now()};
    auto& value = head.value;
    value.steps[value.at].left_at = value.revision;
    head.parent = std::exchange(value.steps[*to].left_at, 0);
    value.at = *to;
    ++value.revision;
    on.last_event = event;
    return append(on, std::move(head));
}

result model::give_alias(model_conversation& on, const std::string& alias, model_head head) {
    const auto found = aliases.try_emplace(alias, on.id).first;
    return found->second == on.id ? append(on, std::move(head)) : result::failed;
}

/// A fork of an end continues the state before it.
result model::fork(const step& next, const std::string& id) {
    const auto& from = conversations[next.conversation];
    const auto head = next.target == 0
                          ? from.heads.end() - (from.is_forgotten() ? 0 : 1)
                          : std::ranges::find(from.heads, next.target, &model_head::number);
    if (head == from.heads.end()) return result::failed;
    const model_origin origin{from.id, head->number};
    auto value = head->value;
    ++value.revision;
    add(id, std::move(value), "restored").origin = origin;
    return result::ok;
}

model_conversation& model::add(const std::string& id, model_value value, const char* kind) {
    model_head first{.number = value.revision, .time = time, .kind = kind};
    first.value = std::move(value);
    conversations.push_back({.id = id, .heads = {std::move(first)}});
    return conversations.back();
}

/// The parent is the head before, unless the head has one already.
result model::append(model_conversation& on, model_head head) const {
    head.number = head.value.revision;
    if (head.parent == 0) head.parent = on.now().revision;
    head.time = time;
    on.heads.push_back(std::move(head));
    return result::ok;
}

// --- old history

/// The newest head stays, and with an end the one before. An ended conversation is forgotten as a
/// whole when its end is old.
deleted_counts model::trim() {
    deleted_counts deleted;
    const auto is_old = [&](const model_head& head) { return head.time < time - hours_kept; };
    for (auto& each : conversations) {
        if (each.is_forgotten()) continue;
        auto& heads = each.heads;
        if (heads.back().is_end && is_old(heads.back())) {
            forget(each);
            ++deleted.conversations;
            continue;
        }
        const std::size_t least = heads.back().is_end ? 2 : 1;
        for (; heads.size() > least && is_old(heads.front()); ++deleted.heads)
            heads.erase(heads.begin());
    }
    return deleted;
}

void model::forget(model_conversation& one) {
    one.heads.clear();
    one.failures.clear();
    one.origin.reset();
    std::erase_if(aliases, [&](const auto& each) { return each.second == one.id; });
    for (auto& other : conversations)
        if (other.origin && other.origin->id == one.id) other.origin.reset();
}

// --- branches

std::vector<std::uint64_t> current_branch(const model_conversation& of) {
    std::vector<std::uint64_t> numbers;
    auto next = of.is_forgotten() ? 0 : of.heads.back().number;
    for (auto head = of.heads.rbegin(); head != of.heads.rend(); ++head) {
        if (head->number != next) continue;
        numbers.push_back(next);
        next = head->parent;
    }
    return numbers;
}

std::vector<model_branch> branches_of(const model_conversation& of) {
    std::map<std::uint64_t, std::uint64_t> parents;
    std::set<std::uint64_t> continued;
    for (const auto& each : of.heads) {
        parents[each.number] = each.parent;
        continued.insert(each.parent);
    }
    const auto current = current_branch(of);
    const auto fork_of = [&](std::uint64_t head) {
        while (parents.contains(head) && std::ranges::count(current, head) == 0)
            head = parents[head];
        return parents.contains(head) ? head : 0;
    };
    std::vector<model_branch> branches;
    for (auto head = of.heads.rbegin(); head != of.heads.rend(); ++head)
        if (!continued.contains(head->number))
            branches.push_back({head->number, fork_of(head->number), branches.empty()});
    return branches;
}

}  // namespace sequences
