#pragma once

#include <stube/stube.hpp>

#include <memory>
#include <span>
#include <string>

/// The gallery's command line.
namespace gallery {

struct options {
    stube::server_options server;
    std::string store;     ///< as in `open_store`; empty for the default
    bool archive = false;  ///< keep the history of all conversations
    std::string check;     ///< the store to check instead of serving; or empty
    std::string history;   ///< the conversation whose history to print instead of serving; or empty
    bool deep = false;     ///< check everything in the archive of `check`
    std::string erased;    ///< the principal to erase from `store` instead of serving; or empty
    std::string exported;  ///< the id or alias of the conversation to export; or empty
    std::string export_file;
    bool dev = false;  ///< for developers: the inspector, and warnings about markup
    bool help = false;
};

extern const char* const help_text;

/// Throws std::invalid_argument with a message for the user.
options parse_options(std::span<char* const> arguments);

enum class access { full, read_only };

/// A folder for the data of a program that keeps nothing. It is deleted with the object.
class temporary_folder {
public:
    /// Throws std::system_error if there is no place for it.
    temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder();

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// `location` is "memory", "file:DIR" or "sqlite:PATH". Only the last one can have an archive.
/// Throws std::invalid_argument or stube::store_refused.
std::unique_ptr<stube::store>
open_store(const std::string& location, bool archive, access mode = access::full);

}  // namespace gallery
