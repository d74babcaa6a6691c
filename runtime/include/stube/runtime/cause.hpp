#pragma once

#include <stube/runtime/deliveries.hpp>
#include <stube/runtime/kernel.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The causes of a change, as values. Each names one function of the kernel and has the function's
/// arguments, so that a change can be recorded and repeated. `kind` is its name in a record.
namespace stube::kernel {

namespace cause {

/// A visit: the first component of a new conversation. Applied by `begin`.
struct visit {
    static constexpr std::string_view kind = "visit";
    effect::call root;
};

/// A new conversation that continues a snapshot, or the archived state of another conversation.
/// Applied by `resume`.
struct restored {
    static constexpr std::string_view kind = "restored";
    fork_of origin = {};  ///< without an id for a snapshot
};

/// An event of a page.
struct user_event {
    static constexpr std::string_view kind = "event";
    event received;
    std::optional<principal> by = {};  ///< empty: the owner of the conversation
};

/// Back or Forward.
struct navigation {
    static constexpr std::string_view kind = "navigation";
    event_id id = 0;
    std::optional<std::uint64_t> to;   ///< empty: one step back
    std::optional<principal> by = {};  ///< empty: the owner of the conversation
};

/// Timers are due.
struct timers {
    static constexpr std::string_view kind = "timers";
};

/// A message to a topic.
struct message {
    static constexpr std::string_view kind = "message";
    std::string topic;
    std::string arguments;  ///< a JSON array
};

/// Background work has returned a value.
struct work_result {
    static constexpr std::string_view kind = "work_result";
    std::uint64_t number = 0;
    answer_value value;
};

/// Background work has failed. Without `why` no component is called; only the page shows the
/// failure.
struct work_failure {
    static constexpr std::string_view kind = "work_failure";
    std::uint64_t number = 0;
    std::optional<failure> why;
};

/// The first use after a restart of the server.
struct restart {
    static constexpr std::string_view kind = "restart";
};

/// The first time that a browser follows up the page.
struct seen {
    static constexpr std::string_view kind = "seen";
};

/// The conversation is deleted although it has not ended.
struct removal {
    static constexpr std::string_view kind = "removal";
    std::string text;  ///< the last text of its pages
};

/// The application gives the conversation an alias. Applied by `name`.
struct naming {
    static constexpr std::string_view kind = "naming";
    std::string alias;
};

/// A function of the application.
struct function {
    static constexpr std::string_view kind = "function";
    std::function<outcome(const conversation&)> change;
};

}  // namespace cause

using any_cause = std::variant<
    cause::visit,
    cause::restored,
    cause::user_event,
    cause::navigation,
    cause::timers,
    cause::message,
    cause::work_result,
    cause::work_failure,
    cause::restart,
    cause::seen,
    cause::removal,
    cause::naming,
    cause::function>;

/// Applies a cause to a conversation. For a visit and for `restored`, `current` has only the data
/// that the conversation begins with, see `begin` and `resume`. Throws what a `cause::function`
/// throws.
outcome apply(const conversation& current, const any_cause& why, const environment& env);

}  // namespace stube::kernel
