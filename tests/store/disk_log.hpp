#pragma once

#include "faults.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

/// What a power loss leaves of a folder. The calls of a run are recorded; played again on a disk
/// that is only a value, they can be cut off at any moment, and of what was not synced then any
/// part may be missing.
namespace store_test {

/// One call that changed a file or a name, or synced. Names are relative to the recorded folder.
struct disk_step {
    enum class kind { make, write, truncate, sync, rename, remove, sync_folder };

    kind what = kind::sync;
    int file = 0;          ///< a number of its own for every file that was made
    std::uint64_t at = 0;  ///< where it was written, or the size that it was cut to
    std::string bytes;
    std::string name;
    std::string new_name;
};

/// Records what happens in a folder from its construction to its end, but not in SQLite's shared
/// memory, which does not outlive a power loss.
class disk_log final : public watcher {
public:
    explicit disk_log(std::filesystem::path folder);
    disk_log(const disk_log&) = delete;
    disk_log& operator=(const disk_log&) = delete;
    ~disk_log() override;

    const std::vector<disk_step>& steps() const { return steps_; }

private:
    void opened(int file, const std::string& path, bool made, bool emptied) override;
    void wrote(int file, std::uint64_t at, std::string_view bytes) override;
    void truncated(int file, std::uint64_t size) override;
    void synced(int file) override;
    void renamed(const std::string& from, const std::string& to) override;
    void removed(const std::string& path) override;

    std::string name_of(const std::string& path) const;

    std::filesystem::path folder_;
    std::map<std::uint64_t, int> files_;  ///< by the number that the file system gave them
    int made_ = 0;
    std::vector<disk_step> steps_;
};

/// What becomes of that which was not synced when the power went.
enum class unsynced {
    lost,
    kept,
    some,  ///< each write and each change of a name by a coin
    torn,  ///< the same for each 512 bytes of a write
};

/// Files by their names.
using disk_image = std::map<std::string, std::string>;

/// A disk that has seen some of the steps.
class simulated_disk {
public:
    void apply(const disk_step& step);  ///< keeps a reference to it

    disk_image after_power_loss(unsynced rest, std::mt19937& random) const;

private:
    struct file {
        std::string safe;
        std::vector<const disk_step*> unsynced;
    };

    std::map<int, file> files_;
    std::map<std::string, int> safe_names_;
    std::vector<const disk_step*> unsynced_names_;
};

/// Makes a folder with these files; what was there before is removed.
void write_image(const disk_image& image, const std::filesystem::path& folder);

}  // namespace store_test
