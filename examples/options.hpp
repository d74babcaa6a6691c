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
    bool help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a text for the user.
options parse_options(std::span<char* const> arguments);

/// memory, file:DIR or sqlite:PATH. Throws std::invalid_argument or stube::store_refused.
std::unique_ptr<stube::store> open_store(const std::string& what);

}  // namespace gallery
