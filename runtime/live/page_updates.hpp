#pragma once

#include "runtime/live/map_context.hpp"
#include "runtime/live/mutex.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace stube::live {

/// Texts that were reported before, at most 100.
/// Threads: any.
class reported_once {
public:
    /// Returns true if `text` should be reported now.
    bool add(const std::string& text) {
        constexpr std::size_t max_texts = 100;
        const mutex_lock lock(mutex_);
        return known_.size() < max_texts && known_.insert(text).second;
    }

private:
    mutex mutex_;
    std::set<std::string> known_ STUBE_GUARDED_BY(mutex_);
};

std::shared_ptr<const update>
make_update(std::uint64_t revision, std::vector<kernel::patch> patches, bool ended = false);

/// The updates of a conversation's pages.
/// Threads: any; the holder of the conversation.
class page_updates {
public:
    explicit page_updates(map_context& context) : context_(context) {}

    /// Publishes `news`, which may be null, to all open pages but `sender`, which gets the reply to
    /// the operation. Returns that reply.
    reply publish(
        const held_entry& held,
        status result,
        std::shared_ptr<const update> news,
        std::uint64_t sender
    );

    /// Logs why a component failed, and shows a notice on all pages but `sender`; the reply has it.
    reply report_failure(const held_entry& held, const std::string& why, std::uint64_t sender);

    /// Logs why a component failed. Returns the error id of that line.
    std::string log_failure(const held_entry& held, const std::string& why);

    /// The reply to a page, with the whole view unless the page shows the present revision.
    /// `stream` is the stream of an `attach_action`, or null.
    reply view(const held_entry& held, const operation& op, view_stream* stream);

    /// Keeps the notices of a submission without scripts for the page that is loaded after it.
    void keep_notices(
        const held_entry& held,
        const operation& op,
        const std::shared_ptr<const update>& news
    );

    /// Records that pages show different renderings of these instances. The next change of such an
    /// instance sends its whole element.
    void forget_sent(const held_entry& held, const std::vector<instance_id>& these);

    /// Replaces the patches by the whole view if there is an open page that cannot follow patches,
    /// because its view could not be rendered or because it has missed a change.
    void replace_for_blind_pages(const held_entry& held, std::vector<kernel::patch>& patches);

    /// For development, see `conversation_options::check_markup`.
    void check_markup(const conversation& of);

private:
    map_context& context_;
    reported_once reported_;
};

}  // namespace stube::live
