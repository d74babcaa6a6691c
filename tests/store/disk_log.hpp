#pragma once

#include "faults.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

/// Simulates a power loss in a folder. A disk_log records the calls of a run. A simulated_disk
/// replays them up to any moment, and drops any part of the data that was not synced then.
namespace store_test {

/// A call that changed a file or a name, or synced. Names are relative to the recorded folder.
struct disk_step {
    enum class kind { create, write, truncate, sync, rename, remove, sync_folder };

    kind what = kind::sync;
    int file = 0;          ///< a number that is unique for each created file
    std::uint64_t at = 0;  ///< the offset of a write, or the new size of a truncated file
    std::string bytes;
    std::string name;
    std::string new_name;
};

/// Records the calls in a folder while it exists. Ignores SQLite's shared memory, which does not
/// survive a power loss.
class disk_log final : public watcher {
public:
    explicit disk_log(std::filesystem::path folder);
    disk_log(const disk_log&) = delete;
    disk_log& operator=(const disk_log&) = delete;
    ~disk_log() override;

    const std::vector<disk_step>& steps() const { return steps_; }

private:
    void opened(int file, const std::string& path, bool is_created, bool is_emptied) override;
    void wrote(int file, std::uint64_t at, std::string_view bytes) override;
    void truncated(int file, std::uint64_t size) override;
    void synced(int file) override;
    void renamed(const std::string& from, const std::string& to) override;
    void removed(const std::string& path) override;

    std::string name_of(const std::string& path) const;

    std::filesystem::path folder_;
    std::map<std::uint64_t, int> files_;  ///< by inode number
    int created_ = 0;
    std::vector<disk_step> steps_;
};

/// The unsynced data that survives a power loss.
enum class unsynced {
    lost,
    kept,
    some,  ///< each write and each change of a name at random
    torn,  ///< the same, and each sector of a write at random
};

/// The contents of files by their names.
using disk_image = std::map<std::string, std::string>;

class simulated_disk {
public:
    /// Keeps a reference to `step`, which must outlive the disk.
    void apply(const disk_step& step);

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

/// Replaces a folder by one with exactly these files.
void write_image(const disk_image& image, const std::filesystem::path& folder);

}  // namespace store_test
