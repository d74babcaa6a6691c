#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

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

/// Which file stands at a path. It is another one once it was deleted or replaced.
struct file_identity {
    dev_t device = 0;
    ino_t number = 0;

    friend bool operator==(const file_identity&, const file_identity&) = default;
};

/// Nothing if there is none, or if the system does not say.
std::optional<file_identity> identity_at(const std::filesystem::path& path);

/// Files that have to stay what they are.
class watched_files {
public:
    /// From now on, if there is one.
    void watch(const std::filesystem::path& path);

    bool is_watching(const std::filesystem::path& path) const;

    /// The first that was deleted or replaced; empty if there is none. When the system does not
    /// say, nothing is known to be lost.
    std::filesystem::path find_lost() const;

private:
    struct watched {
        std::filesystem::path path;
        file_identity was;
    };

    std::vector<watched> files_;
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
