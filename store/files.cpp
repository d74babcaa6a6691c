#include "store/files.hpp"

#include <stube/store/store.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace stube::storage {
namespace {

/// The process that holds the lock, as " (process 1234)"; empty if it is not known.
std::string describe_owner(int lock_file) {
    char text[16];
    const ssize_t size = ::pread(lock_file, text, sizeof text, 0);
    std::string digits;
    for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i)
        digits += text[i];
    return digits.empty() ? "" : " (process " + digits + ")";
}

/// Records this process, only for the error message of another process. So errors are ignored.
void write_owner(int lock_file) {
    const std::string text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock_file, 0) == 0) [[maybe_unused]]
        auto written = ::pwrite(lock_file, text.data(), text.size(), 0);
}

}  // namespace

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

file_descriptor::~file_descriptor() {
    if (is_open()) ::close(number_);
}

std::optional<file_identity> identity_at(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return file_identity{status.st_dev, status.st_ino};
}

void watched_files::watch(const std::filesystem::path& path) {
    if (const auto found = identity_at(path)) files_.push_back({path, *found});
}

bool watched_files::is_watching(const std::filesystem::path& path) const {
    return std::ranges::find(files_, path, &watched::path) != files_.end();
}

std::filesystem::path watched_files::find_lost() const {
    for (const auto& file : files_) {
        const auto now = identity_at(file.path);
        const bool is_gone = !now && (errno == ENOENT || errno == ENOTDIR);
        if (is_gone || (now && *now != file.identity)) return file.path;
    }
    return {};
}

std::string error_text(int error) {
    return std::generic_category().message(error);
}

std::string quoted(const std::filesystem::path& path) {
    std::string text = "\"";
    text += path.string();
    text += '"';
    return text;
}

void refuse_place(const std::filesystem::path& path, std::string_view why) {
    throw store_refused("cannot use " + quoted(path) + " as a store: " + std::string(why));
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
    if (path.empty()) refuse_place(path, "it has no name");
    std::error_code error;
    auto absolute = std::filesystem::absolute(path, error);
    if (!error) absolute = std::filesystem::weakly_canonical(absolute, error);
    if (error) refuse_place(path, error.message());
    return absolute;
}

void require_folder(const std::filesystem::path& folder, const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(folder, error);
    if (status.type() == std::filesystem::file_type::not_found)
        refuse_place(path, "the folder " + quoted(folder) + " does not exist");
    if (status.type() == std::filesystem::file_type::none)
        refuse_place(path, error_text(error.value()));
    if (status.type() != std::filesystem::file_type::directory)
        refuse_place(path, quoted(folder) + " is not a folder");
}

int sync_folder(const std::filesystem::path& folder) {
    const file_descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.is_open() || ::fsync(handle.number()) != 0) return errno;
    return 0;
}

std::filesystem::path unused_name(const std::filesystem::path& wanted) {
    std::filesystem::path name = wanted;
    std::error_code ignored;
    for (int copy = 1; std::filesystem::exists(std::filesystem::symlink_status(name, ignored));
         ++copy)
        name = wanted.string() + "." + std::to_string(copy);
    return name;
}

file_descriptor
take_ownership(const std::filesystem::path& lock_file, const std::filesystem::path& path) {
    file_descriptor lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.is_open()) {
        const int error = errno;
        refuse_place(path, "cannot open " + quoted(lock_file) + ": " + error_text(error));
    }
    if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        if (error == EWOULDBLOCK)
            refuse_place(path, "another server is using it" + describe_owner(lock.number()));
        refuse_place(path, "cannot lock " + quoted(lock_file) + ": " + error_text(error));
    }
    write_owner(lock.number());
    return lock;
}

}  // namespace stube::storage
