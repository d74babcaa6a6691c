#include "runtime/kernel/settle.hpp"

#include "runtime/kernel/diff.hpp"
#include "runtime/kernel/history.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace stube::kernel {
namespace {

/// The address of the root's state according to its `url()`, or an empty one.
page_url url_of(const conversation& of) {
    const auto& root = of.instances.at(of.root);
    return root.type->url ? root.type->url(root.state.get()) : page_url();
}

}  // namespace

patch page_command(const boost::json::object& json) {
    return {.kind = patch_kind::command, .json = boost::json::serialize(json)};
}

patch step_command(const conversation& of, bool push) {
    return page_command({{"step", of.step}, {"push", push}});
}

std::optional<page_url> changed_url(turn& done) {
    if (done.sets_url()) return std::nullopt;
    const auto& next = done.next();
    auto wanted = url_of(next);
    if (wanted.text.empty() || wanted.text == next.url) return std::nullopt;
    return wanted;
}

void forget_patched(conversation& in, std::span<const patch> extras) {
    for (const auto& each : extras) {
        if (each.kind == patch_kind::element) in.forget_sent({&each.target, 1});
    }
}

void append(std::vector<patch>& to, std::vector<patch> more) {
    for (auto& each : more)
        to.push_back(std::move(each));
}

outcome
settle(const conversation& before, turn& done, event_id id, initiator by, const environment& env) {
    outcome out;
    auto& next = done.next();
    next.advance();
    next.touched = by == initiator::user ? env.now : before.touched;
    next.record_applied(id);
    out.error = std::move(done.error());
    out.outbox = std::move(done.outbox());
    out.aliases = std::move(done.aliases());
    if (done.ended()) {
        out.verdict = verdict::ended;
        next.end();
        out.patches.push_back({.kind = patch_kind::final, .content = done.final_view()});
    } else {
        // The page is loaded with the first address.
        const bool is_first = before.root == 0;
        const auto url = changed_url(done);
        if (url) next.url = url->text;
        const bool is_step =
            by == initiator::user && !is_first && (done.is_step() || (url && url->push));
        const auto step = next.step;
        if (is_step) record_step(before, done);
        if (by == initiator::user) next.future.clear();
        if (done.seals()) clear_history(next);
        if (next.durable()) next.has_advanced_past_history = false;
        out.patches = diff(before, next, done.acted(), env);
        forget_patched(next, done.extras());
        if (next.step != step) out.patches.push_back(step_command(next, true));
        if (url && !is_first)
            out.patches.push_back(page_command({{"url", url->text}, {"push", false}}));
        append(out.patches, std::move(done.extras()));
    }
    append(out.patches, std::move(done.notices()));
    out.next = std::move(next);
    return out;
}

outcome unchanged(const conversation& current, verdict why, const environment& env) {
    return guarded([&] {
        outcome out;
        out.verdict = why;
        auto page = whole_view(current, env);
        out.patches = std::move(page.patches);
        out.differing = std::move(page.differing);
        return out;
    });
}

}  // namespace stube::kernel
