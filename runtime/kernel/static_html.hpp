#pragma once

#include <stube/runtime/markup.hpp>

#include <string>

namespace stube::kernel {

/// The markup as HTML without event bindings, which are attributes and do not affect the elements.
std::string static_html(const markup& view);

}  // namespace stube::kernel
