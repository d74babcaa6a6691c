#include "options.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace gallery {

const char* const help_text =
    "usage: gallery [options]\n"
    "\n"
    "  --port N                         listen on this port (8080; 0 takes a free one)\n"
    "  --bind ADDRESS                   listen on this address (127.0.0.1)\n"
    "  --host NAME                      serve this host name too (localhost and numeric addresses\n"
    "                                   always; any name unless --bind is a loopback address)\n"
    "  --threads N                      number of threads (one for each processor)\n"
    "  --store memory                   keep conversations in memory only (the default)\n"
    "  --store file:DIR                 keep conversations in this folder, one file for each\n"
    "  --store sqlite:PATH              keep conversations in this SQLite database\n"
    "  --archive                        keep the history of all conversations (only sqlite:PATH)\n"
    "  --history ID                     print the history of a conversation in --store as JSON,\n"
    "                                   and exit; another gallery may be serving from the store\n"
    "  --export ID FILE                 write a conversation (its id or alias) to a new file,\n"
    "                                   without its secrets, and exit: a test can replay it\n"
    "  --check-store STORE              check whether this program can continue all conversations\n"
    "                                   in a store (file:DIR or sqlite:PATH), and exit: with 0 if\n"
    "                                   it can, 1 if not with all or if the archive is damaged,\n"
    "                                   2 if the store is unreadable\n"
    "  --deep                           check every head and every body of the archive, too\n"
    "  --erase-principal NAME           erase all conversations of a user from --store, and exit:\n"
    "                                   with 0 if nothing is left, 1 if a person must decide\n"
    "                                   about something, 2 if it failed; no gallery may serve\n"
    "                                   from the store meanwhile\n"
    "  --dev                            for developers: ?inspect=1 in the address of a page shows\n"
    "                                   its components, states and events; the log has warnings\n"
    "                                   about markup; implies --archive, in a temporary folder\n"
    "                                   without --store\n"
    "  --help                           show this text\n";

namespace {

unsigned
parse_number(std::string_view option, std::string_view text, unsigned lowest, unsigned highest) {
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

void refuse_empty(std::string_view option, std::string_view value) {
    if (value.empty()) throw std::invalid_argument(std::string(option) + " needs a value");
}

void set(options& to, std::string_view option, std::string_view value) {
    refuse_empty(option, value);
    if (option == "--port") {
        to.server.port = static_cast<std::uint16_t>(parse_number(option, value, 0, 65535));
    } else if (option == "--bind") {
        to.server.bind = value;
    } else if (option == "--host") {
        to.server.hosts.emplace_back(value);
    } else if (option == "--threads") {
        to.server.threads = parse_number(option, value, 1, 256);
    } else if (option == "--store") {
        to.store = value;
    } else if (option == "--check-store") {
        to.check = value;
    } else if (option == "--erase-principal") {
        to.erased = value;
    } else if (option == "--history") {
        to.history = value;
    } else {
        throw std::invalid_argument(
            "unknown option " + std::string(option) + "; --help lists them"
        );
    }
}

void refuse_two_tasks(const options& in) {
    const bool all[] =
        {!in.check.empty(), !in.erased.empty(), !in.history.empty(), !in.exported.empty()};
    if (std::ranges::count(all, true) > 1)
        throw std::invalid_argument(
            "--check-store, --erase-principal, --history and --export cannot be combined"
        );
}

}  // namespace

options parse_options(std::span<char* const> arguments) {
    options out;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        std::string_view option = arguments[at];
        if (option == "--help") {
            out.help = true;
        } else if (option == "--archive") {
            out.archive = true;
        } else if (option == "--deep") {
            out.deep = true;
        } else if (option == "--dev") {
            out.dev = true;
        } else if (option == "--export" && at + 2 < arguments.size()) {
            out.exported = arguments[++at];
            out.export_file = arguments[++at];
            refuse_empty(option, out.exported);
            refuse_empty(option, out.export_file);
        } else if (option == "--export") {
            throw std::invalid_argument("--export takes the id of a conversation and a file");
        } else if (at + 1 == arguments.size()) {
            throw std::invalid_argument(
                std::string(option) + " is unknown or needs a value; --help lists the options"
            );
        } else {
            set(out, option, arguments[++at]);
        }
    }
    refuse_two_tasks(out);
    return out;
}

temporary_folder::temporary_folder()
    : path_((std::filesystem::temp_directory_path() / "stube-gallery-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), path_);
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<stube::store> open_store(const std::string& location, bool archive, access mode) {
    const bool read_only = mode == access::read_only;
    if (archive && !location.starts_with("sqlite:"))
        throw std::invalid_argument("a history needs --store sqlite:PATH");
    if (location.empty() || location == "memory") return stube::memory_store();
    if (location.starts_with("file:"))
        return stube::file_store(location.substr(5), {.read_only = read_only});
    if (location.starts_with("sqlite:"))
        return stube::sqlite_store(
            location.substr(7),
            {.read_only = read_only, .archive = archive}
        );
    throw std::invalid_argument("--store takes memory, file:DIR or sqlite:PATH");
}

}  // namespace gallery
