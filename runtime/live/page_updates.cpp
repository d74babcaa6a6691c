#include "runtime/live/page_updates.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"
#include "runtime/kernel/markup_check.hpp"
#include "runtime/kernel/notices.hpp"
#include "runtime/kernel/script_only.hpp"

#include <stube/runtime/random_id.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace stube::live {

using namespace kernel;

std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<patch> patches, bool ended) {
    return std::make_shared<const update>(update{revision, std::move(patches), ended});
}

bool update::is_whole_view() const {
    const auto kind = patches.empty() ? patch_kind::notice : patches.front().kind;
    return kind == patch_kind::view || kind == patch_kind::final;
}

reply page_updates::publish(
    const held_entry& held,
    status result,
    std::shared_ptr<const update> news,
    std::uint64_t sender
) {
    reply r;
    r.result = result;
    if (!held.session().is_new()) r.value = held.session().value;
    if (!news) return r;
    bool is_sender_known = false;
    for (const auto& stream : held->streams.all()) {
        const auto page = stream->page();
        const bool is_sender = page != 0 && page == sender;
        is_sender_known = is_sender_known || is_sender;
        if (is_sender) continue;
        stream->publish(news);
        r.streamed = r.streamed || page == 0;
    }
    if (is_sender_known) r.streamed = false;
    r.news = std::move(news);
    return r;
}

reply page_updates::report_failure(
    const held_entry& held,
    const std::string& why,
    std::uint64_t sender
) {
    auto error_id = log_failure(held, why);
    auto news = make_update(0, {failure_notice(error_id)});
    auto r = publish(held, status::failed, std::move(news), sender);
    r.error_id = std::move(error_id);
    return r;
}

std::string page_updates::log_failure(const held_entry& held, const std::string& why) {
    auto error_id = random_id().substr(0, 8);
    context_.log()
        .error("failed conversation={} error_id={} why={}", held->id, error_id, quote_for_log(why));
    return error_id;
}

reply page_updates::view(const held_entry& held, const operation& op, view_stream* stream) {
    auto& session = held.session();
    reply r;
    r.value = session.value;
    const bool is_up_to_date = op.seen && *op.seen == r.value->revision && !op.is_ahead;
    if (is_up_to_date) return r;
    try {
        auto page = whole_view(*session.value, context_.environment());
        forget_sent(held, page.differing);
        r.value = session.value;
        if (op.is_ahead) page.patches.push_back(rollback_notice());
        if (const auto kept = stream ? nullptr : std::move(session.notices))
            page.patches.insert(page.patches.end(), kept->begin(), kept->end());
        r.news = make_update(r.value->revision, std::move(page.patches));
    } catch (...) {
        // Only this page receives the notice, and it does not receive the present revision.
        r.result = status::failed;
        r.error_id = log_failure(held, current_exception_message());
        r.news = make_update(0, {failure_notice(r.error_id)});
        session.has_blind_page = session.has_blind_page || stream;
    }
    return r;
}

void page_updates::keep_notices(
    const held_entry& held,
    const operation& op,
    const std::shared_ptr<const update>& news
) {
    const auto* change = std::get_if<change_action>(&op.action);
    if (!change || !change->keeps_notices || held.session().is_new()) return;
    std::vector<patch> notices;
    if (news) {
        std::ranges::copy_if(news->patches, std::back_inserter(notices), [](const patch& each) {
            return each.kind == patch_kind::notice;
        });
    }
    auto& kept = held.session().notices;
    kept.reset();
    if (!notices.empty()) kept = std::make_unique<const std::vector<patch>>(std::move(notices));
}

void page_updates::forget_sent(const held_entry& held, const std::vector<instance_id>& these) {
    if (these.empty()) return;
    auto changed = std::make_shared<conversation>(held.value());
    changed->forget_sent(these);
    held.session().value = std::move(changed);
}

void page_updates::replace_for_blind_pages(const held_entry& held, std::vector<patch>& patches) {
    auto& session = held.session();
    if (!session.has_blind_page) return;
    try {
        auto page = whole_view(*session.value, context_.environment());
        session.has_blind_page = false;
        forget_sent(held, page.differing);
        // Commands and notices are not part of the view.
        std::ranges::copy_if(
            std::make_move_iterator(patches.begin()),
            std::make_move_iterator(patches.end()),
            std::back_inserter(page.patches),
            [](const patch& each) {
                return each.kind == patch_kind::command || each.kind == patch_kind::notice;
            }
        );
        patches = std::move(page.patches);
    } catch (...) {
        log_failure(held, current_exception_message());
    }
}

void page_updates::check_markup(const conversation& of) {
    if (!context_.options.check_markup) return;
    auto& log = context_.log();
    try {
        const auto view = render_view(of, context_.environment()).content;
        const auto wrong = check_page(view, of);
        if (!wrong.empty() && reported_.add(wrong))
            log.error("markup conversation={} why={}", of.id, quote_for_log(wrong));
        for (const auto& event : script_only_events(view, of)) {
            if (reported_.add(event)) log.warn("needs scripts event=\"{}\"", quote_for_log(event));
        }
    } catch (...) {
        log.error(
            "markup conversation={} why={}",
            of.id,
            quote_for_log(current_exception_message())
        );
    }
}

}  // namespace stube::live
