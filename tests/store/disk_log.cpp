#include "disk_log.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace store_test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t sector = 512;

struct stat status_of(int file) {
    struct stat status{};
    ::fstat(file, &status);
    return status;
}

std::string folder_of(const std::string& name) {
    auto slash = name.rfind('/');
    return slash == std::string::npos ? "" : name.substr(0, slash);
}

void put(std::string& content, std::uint64_t at, std::string_view bytes) {
    if (content.size() < at + bytes.size()) content.resize(at + bytes.size());
    content.replace(at, bytes.size(), bytes);
}

void change_content(std::string& content, const disk_step& step) {
    if (step.what == disk_step::kind::truncate)
        content.resize(step.at);
    else
        put(content, step.at, step.bytes);
}

/// Applies each sector of a write, or the whole of a truncation, at random.
void tear(std::string& content, const disk_step& step, std::mt19937& random) {
    if (step.what == disk_step::kind::truncate) {
        if (random() % 2 == 0) change_content(content, step);
        return;
    }
    std::string_view left = step.bytes;
    for (std::uint64_t at = step.at; !left.empty();) {
        std::size_t size = std::min<std::size_t>(left.size(), sector - at % sector);
        if (random() % 2 == 0) put(content, at, left.substr(0, size));
        left.remove_prefix(size);
        at += size;
    }
}

void change_names(std::map<std::string, int>& names, const disk_step& step) {
    switch (step.what) {
    case disk_step::kind::create:
        names[step.name] = step.file;
        break;
    case disk_step::kind::rename:
        names.erase(step.name);
        names[step.new_name] = step.file;
        break;
    case disk_step::kind::remove:
        names.erase(step.name);
        break;
    case disk_step::kind::write:
    case disk_step::kind::truncate:
    case disk_step::kind::sync:
    case disk_step::kind::sync_folder:
        break;  // does not change a name
    }
}

}  // namespace

disk_log::disk_log(fs::path folder) : folder_(std::move(folder)) {
    watch(this);
}

disk_log::~disk_log() {
    watch(nullptr);
}

/// The name relative to the folder; empty for a file that is not recorded.
std::string disk_log::name_of(const std::string& path) const {
    const std::string begin = folder_.string() + "/";
    if (!path.starts_with(begin) || path.ends_with("-shm")) return "";
    return path.substr(begin.size());
}

void disk_log::opened(int file, const std::string& path, bool is_created, bool is_emptied) {
    const std::string name = name_of(path);
    if (name.empty()) return;
    auto number = status_of(file).st_ino;
    if (is_created) {
        files_[number] = ++created_;
        steps_.push_back({disk_step::kind::create, created_, 0, "", name, ""});
    } else if (is_emptied) {
        truncated(file, 0);
    }
}

void disk_log::wrote(int file, std::uint64_t at, std::string_view bytes) {
    auto known = files_.find(status_of(file).st_ino);
    if (known == files_.end()) return;
    steps_.push_back({disk_step::kind::write, known->second, at, std::string(bytes), "", ""});
}

void disk_log::truncated(int file, std::uint64_t size) {
    auto known = files_.find(status_of(file).st_ino);
    if (known == files_.end()) return;
    steps_.push_back({disk_step::kind::truncate, known->second, size, "", "", ""});
}

void disk_log::synced(int file) {
    struct stat status = status_of(file);
    if (S_ISDIR(status.st_mode)) {
        std::array<char, 4096> text;
        auto link = std::string("/proc/self/fd/").append(std::to_string(file));
        ssize_t size = ::readlink(link.c_str(), text.data(), text.size());
        std::string path(text.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
        if (path != folder_ && name_of(path).empty()) return;
        steps_.push_back({disk_step::kind::sync_folder, 0, 0, "", name_of(path), ""});
    } else if (auto known = files_.find(status.st_ino); known != files_.end()) {
        steps_.push_back({disk_step::kind::sync, known->second, 0, "", "", ""});
    }
}

void disk_log::renamed(const std::string& from, const std::string& to) {
    struct stat status{};
    if (name_of(to).empty() || ::stat(to.c_str(), &status) != 0) return;
    steps_.push_back(
        {disk_step::kind::rename, files_[status.st_ino], 0, "", name_of(from), name_of(to)}
    );
}

void disk_log::removed(const std::string& path) {
    std::string name = name_of(path);
    if (!name.empty()) steps_.push_back({disk_step::kind::remove, 0, 0, "", name, ""});
}

void simulated_disk::apply(const disk_step& step) {
    switch (step.what) {
    case disk_step::kind::write:
    case disk_step::kind::truncate:
        files_[step.file].unsynced.push_back(&step);
        break;
    case disk_step::kind::sync: {
        file& synced = files_[step.file];
        for (const disk_step* unsynced : synced.unsynced)
            change_content(synced.safe, *unsynced);
        synced.unsynced.clear();
        break;
    }
    case disk_step::kind::sync_folder:
        std::erase_if(unsynced_names_, [&](const disk_step* unsynced) {
            if (folder_of(unsynced->name) != step.name) return false;
            change_names(safe_names_, *unsynced);
            return true;
        });
        break;
    case disk_step::kind::create:
    case disk_step::kind::rename:
    case disk_step::kind::remove:
        unsynced_names_.push_back(&step);
        break;
    }
}

disk_image simulated_disk::after_power_loss(unsynced rest, std::mt19937& random) const {
    const auto survives = [&] {
        return rest == unsynced::kept || (rest != unsynced::lost && random() % 2 == 0);
    };
    auto names = safe_names_;
    for (const disk_step* step : unsynced_names_)
        if (survives()) change_names(names, *step);

    disk_image image;
    for (const auto& [name, number] : names) {
        std::string& content = image[name];
        auto found = files_.find(number);
        if (found == files_.end()) continue;
        content = found->second.safe;
        for (const disk_step* step : found->second.unsynced) {
            if (rest == unsynced::torn)
                tear(content, *step, random);
            else if (survives())
                change_content(content, *step);
        }
    }
    return image;
}

void write_image(const disk_image& image, const fs::path& folder) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& [name, content] : image) {
        fs::path file = folder / name;
        fs::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary)
            .write(content.data(), static_cast<std::streamsize>(content.size()));
    }
}

}  // namespace store_test
