#pragma once

#include <exception>
#include <string>

namespace stube {

/// The message of the exception that is being handled. Components may throw any type.
inline std::string current_exception_message() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "an exception that is not a std::exception";
    }
}

}  // namespace stube
