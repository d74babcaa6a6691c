#pragma once

#include <stube/stube.hpp>

#include <memory>
#include <span>
#include <string>

/// The gallery's command line.
namespace gallery {

struct options {
    stube::server_options server;
    std::string store = "memory";
    std::string check;  ///< a store to be checked, in place of serving; empty for none
    bool help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a text for the user.
options parse_options(std::span<char* const> arguments);

enum class access { full, read_only };

/// memory, file:DIR or sqlite:PATH. Throws std::invalid_argument or stube::store_refused.
std::unique_ptr<stube::store> open_store(const std::string& what, access how = access::full);

}  // namespace gallery
