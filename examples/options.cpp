#include "options.hpp"

#include <charconv>
#include <stdexcept>
#include <string_view>

namespace gallery {

const char* const help_text =
    "usage: gallery [options]\n"
    "\n"
    "  --port N                         listen on this port (8080; 0 takes a free one)\n"
    "  --bind ADDRESS                   listen on this address (127.0.0.1)\n"
    "  --host NAME                      serve under this name too (localhost and numeric "
    "addresses\n"
    "                                   always; any name unless --bind is a loopback address)\n"
    "  --threads N                      serve with so many threads (one for each processor)\n"
    "  --store memory                   keep conversations in memory only (the default)\n"
    "  --store file:DIR                 keep each in a file of this folder\n"
    "  --store sqlite:PATH              keep them in this SQLite database\n"
    "  --check-store STORE              say whether this program can go on with what is in a\n"
    "                                   store (file:DIR or sqlite:PATH), and end: with 0 if it\n"
    "                                   can, 1 if not with all of it, 2 if it cannot be read\n"
    "  --help                           show this text\n";

namespace {

unsigned number(std::string_view option, std::string_view text, unsigned lowest, unsigned highest) {
    unsigned value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool is_number = error == std::errc() && end == text.data() + text.size();
    if (!is_number || value < lowest || value > highest) {
        throw std::invalid_argument(
            std::string(option) + " takes a number from " + std::to_string(lowest) + " to " +
            std::to_string(highest)
        );
    }
    return value;
}

void set(options& to, std::string_view option, std::string_view value) {
    if (option == "--port") {
        to.server.port = static_cast<std::uint16_t>(number(option, value, 0, 65535));
    } else if (option == "--bind") {
        to.server.bind = value;
    } else if (option == "--host") {
        to.server.hosts.emplace_back(value);
    } else if (option == "--threads") {
        to.server.threads = number(option, value, 1, 256);
    } else if (option == "--store") {
        to.store = value;
    } else if (option == "--check-store") {
        to.check = value;
    } else {
        throw std::invalid_argument(
            "unknown option " + std::string(option) + "; --help lists them"
        );
    }
}

}  // namespace

options parse_options(std::span<char* const> arguments) {
    options out;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        std::string_view option = arguments[at];
        if (option == "--help") {
            out.help = true;
        } else if (at + 1 == arguments.size()) {
            throw std::invalid_argument(
                std::string(option) + " is unknown or needs a value; --help lists the options"
            );
        } else {
            set(out, option, arguments[++at]);
        }
    }
    return out;
}

std::unique_ptr<stube::store> open_store(const std::string& what, access how) {
    const bool read_only = how == access::read_only;
    if (what == "memory") return stube::memory_store();
    if (what.starts_with("file:"))
        return stube::file_store(what.substr(5), {.read_only = read_only});
    if (what.starts_with("sqlite:"))
        return stube::sqlite_store(what.substr(7), {.read_only = read_only});
    throw std::invalid_argument("--store takes memory, file:DIR or sqlite:PATH");
}

}  // namespace gallery
