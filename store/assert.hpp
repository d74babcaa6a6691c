#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

/// Assertions of stube about itself. Only sources include this header.
namespace stube {

/// A defect of stube itself, reported by STUBE_ASSERT. Mistakes of an application's component are a
/// `component_error`.
class broken_invariant : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

namespace detail {

[[noreturn]] inline void
throw_broken_invariant(std::string_view condition, std::string_view file, int line) {
    file.remove_prefix(file.rfind('/') + 1);  // the folder is that of the build
    throw broken_invariant(
        "stube: broken invariant: " + std::string(condition) + ", " + std::string(file) + ":" +
        std::to_string(line)
    );
}

}  // namespace detail

}  // namespace stube

/// Throws `stube::broken_invariant` unless the condition is true, in every build. The condition is
/// evaluated once.
#define STUBE_ASSERT(condition)                                                                    \
    ((condition) ? static_cast<void>(0)                                                            \
                 : ::stube::detail::throw_broken_invariant(#condition, __FILE__, __LINE__))
