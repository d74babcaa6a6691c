#pragma once

#include <stube/runtime/kernel.hpp>

#include <string_view>

/// The messages and pages that the framework itself shows.
namespace stube::kernel {

/// The page of a conversation that has ended with these words.
markup finished_view(const conversation& of, std::string_view text);

patch notice(std::string_view text);

/// Says that this step cannot be taken back, and offers to begin anew.
patch no_way_back_notice(const conversation& of);

/// The message shown on a page that had seen a later revision than the store has.
patch rollback_notice();

/// The message shown for a component that threw; `error_id` stands in the log beside the reason.
patch failure_notice(std::string_view error_id);

}  // namespace stube::kernel
