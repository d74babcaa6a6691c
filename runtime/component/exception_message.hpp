#pragma once

#include <exception>
#include <string>

namespace stube {

/// What the exception that is being handled says. Components may throw anything.
inline std::string current_exception_message() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

}  // namespace stube
