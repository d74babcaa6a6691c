#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

/// The little that both stores on disk need from the system.
namespace stube {

/// Owns a file descriptor.
class file_descriptor {
public:
    file_descriptor() = default;
    explicit file_descriptor(int number) : number_(number) {}
    file_descriptor(file_descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    file_descriptor& operator=(file_descriptor&& other) noexcept;
    ~file_descriptor();

    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    int number_ = -1;
};

/// The system's words for an errno value.
std::string words_for(int error);

/// A path as messages show it.
std::string quoted(const std::filesystem::path& path);

/// Throws store_refused: `cannot use "<path>" as a store: <why>`.
[[noreturn]] void refuse_place(const std::filesystem::path& path, std::string_view why);

/// `path` from the root and with its links followed, so that a store has one name only, and a later
/// change of the working folder does not matter.
std::filesystem::path absolute_path(const std::filesystem::path& path);

/// Refuses unless `folder` is an existing folder; `path` is what the user named.
void need_folder(const std::filesystem::path& folder, const std::filesystem::path& path);

/// Makes what was created or renamed in `folder` outlive a power loss. Returns an errno value, 0 if
/// done.
int sync_folder(const std::filesystem::path& folder);

/// `wanted`, or with a number behind it, so that nothing stands there yet.
std::filesystem::path unused_name(const std::filesystem::path& wanted);

/// Takes the lock that makes this process the owner of the store at `path` until the answer is
/// destroyed. Locks the file `lock_file`, makes it if needed and leaves it there: removing it would
/// let a third process lock a new file of the same name. Refuses at once if there is another owner.
file_descriptor
take_ownership(const std::filesystem::path& lock_file, const std::filesystem::path& path);

}  // namespace stube
