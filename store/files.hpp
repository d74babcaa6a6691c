#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

/// System calls that both stores on disk need.
namespace stube::storage {

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

/// Identifies the file at a path. A file that replaces it has another identity.
struct file_identity {
    dev_t device = 0;
    ino_t number = 0;

    friend bool operator==(const file_identity&, const file_identity&) = default;
};

/// Nothing if the file is missing or cannot be examined.
std::optional<file_identity> identity_at(const std::filesystem::path& path);

/// Files that must not be deleted or replaced while a store is open.
class watched_files {
public:
    /// Starts to watch the file at `path`. Does nothing if it is missing.
    void watch(const std::filesystem::path& path);

    bool is_watching(const std::filesystem::path& path) const;

    /// The first watched file that was deleted or replaced; empty if all are unchanged. A file that
    /// cannot be examined does not count as lost.
    std::filesystem::path find_lost() const;

private:
    struct watched {
        std::filesystem::path path;
        file_identity identity;
    };

    std::vector<watched> files_;
};

/// The system's message for an errno value.
std::string error_text(int error);

/// The path in quotes, for messages.
std::string quoted(const std::filesystem::path& path);

/// Throws store_refused: `cannot use "<path>" as a store: <why>`.
[[noreturn]] void refuse_place(const std::filesystem::path& path, std::string_view why);

/// `path` made absolute and with its links resolved, so that a store has one name only and a later
/// change of the working folder has no effect. Throws store_refused.
std::filesystem::path absolute_path(const std::filesystem::path& path);

/// Throws store_refused unless `folder` is an existing folder. `path` is the store's path, for the
/// message.
void require_folder(const std::filesystem::path& folder, const std::filesystem::path& path);

/// Makes files that were created or renamed in `folder` survive a power loss. Returns an errno
/// value, 0 on success.
int sync_folder(const std::filesystem::path& folder);

/// `wanted`, or `wanted` with a number appended if that name is taken.
std::filesystem::path unused_name(const std::filesystem::path& wanted);

/// Locks `lock_file`, which makes this process the owner of the store at `path` until the returned
/// descriptor is destroyed. Creates the file if it is missing and never removes it: otherwise a
/// third process could lock a new file of the same name. Throws store_refused at once if another
/// process owns the store.
file_descriptor
take_ownership(const std::filesystem::path& lock_file, const std::filesystem::path& path);

}  // namespace stube::storage
