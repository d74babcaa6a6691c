#include "runtime/kernel/static_html.hpp"

namespace stube::kernel {

namespace {

class without_events final : public markup_wire {
public:
    void event(std::string& /*out*/, const hole& /*h*/) const override {}
};

}  // namespace

std::string static_html(const markup& view) {
    std::string html;
    write_markup(html, view, without_events());
    return html;
}

}  // namespace stube::kernel
