#include "runtime/live/access_check.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"

#include <stube/runtime/awaiting.hpp>

#include <spdlog/logger.h>

namespace stube::live {

bool is_allowed(
    const conversation_options& options,
    access_purpose purpose,
    const principal& who,
    const conversation& of
) {
    const bool waits_for_visitor = of.root != 0 && kernel::waits_for(of, who);
    return is_allowed(options, {purpose, who, of.id, of.principal, of.mount, waits_for_visitor});
}

bool is_allowed(const conversation_options& options, const access_request& wanted) {
    if (!options.access) return false;
    try {
        return options.access(wanted);
    } catch (...) {
        options.logger->error(
            "access refused conversation={} why={}",
            wanted.conversation,
            quote_for_log(current_exception_message())
        );
        return false;
    }
}

}  // namespace stube::live
