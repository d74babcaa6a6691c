#include <stube/http/app.hpp>
#include <stube/runtime/erase_principal.hpp>

#include <chrono>
#include <exception>
#include <ostream>

namespace stube {

int app::erase_principal(std::unique_ptr<store> from, std::string_view name, std::ostream& report)
    const {
    using std::chrono::milliseconds;
    const auto now = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    try {
        const auto done = stube::erase_principal(*from, name, now);
        report << report_of(done);
        return done.is_complete() ? 0 : 1;
    } catch (const std::exception& e) {
        report << "the store cannot be erased: " << e.what() << "\n";
        return 2;
    }
}

}  // namespace stube
