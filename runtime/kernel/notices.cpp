#include "runtime/kernel/notices.hpp"

#include <stube/runtime/html.hpp>

#include <string>

namespace stube::kernel {

markup finished_view(const conversation& of, std::string_view text) {
    using namespace html;
    return section(class_("card"), h1(text), p(a(href(of.mount), "Start again")));
}

patch notice(std::string_view text) {
    using namespace html;
    return {.kind = patch_kind::notice, .content = p(role("alert"), text)};
}

patch cannot_go_back_notice(const conversation& of) {
    using namespace html;
    return {
        .kind = patch_kind::notice,
        .content =
            p(role("alert"), "This step cannot be taken back. ", a(href(of.mount), "Start again"))
    };
}

patch rollback_notice() {
    return notice(
        "The server has lost the last changes here. This page shows the current state. Please "
        "check it before you continue."
    );
}

patch forbidden_notice() {
    return notice("This step waits for somebody else. Nothing was changed.");
}

patch failure_notice(std::string_view error_id) {
    return notice(
        "Something went wrong; nothing was changed. Please try again. Error " +
        std::string(error_id)
    );
}

}  // namespace stube::kernel
