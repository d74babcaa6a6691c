#include "faults.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace store_test {
namespace {

struct plan {
    std::atomic<long> calls{0};
    std::atomic<long> first{0};  ///< the number of the first call that fails; 0 if no call fails
    std::atomic<long> last{0};
    std::atomic<int> error{0};
    std::atomic<bool> half{false};  ///< the first of these calls does half of its work
    std::atomic<bool> tripped{false};
};

std::array<plan, 11> plans;
std::atomic<watcher*> watching{nullptr};

plan& plan_for(fault kind) {
    return plans[static_cast<std::size_t>(kind)];
}

void fail_between(fault kind, int nth, long last, int error, bool half) {
    plan& changed = plan_for(kind);
    changed.error = error;
    changed.tripped = false;
    changed.half = half;
    changed.last = last;
    changed.first = changed.calls + nth;
}

/// Returns true and sets errno if this call must fail.
bool fails(fault kind) {
    const verdict now = judge(kind);
    if (now.fails) errno = now.error;
    return now.fails;
}

std::string name_of(int file) {
    std::array<char, 4096> text;
    ssize_t size = ::readlink(
        std::string("/proc/self/fd/").append(std::to_string(file)).c_str(),
        text.data(),
        text.size()
    );
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
}

std::string path_in(int folder, const char* path) {
    if (path[0] == '/' || folder == AT_FDCWD) return path;
    return name_of(folder) + "/" + path;
}

int open_and_report(int folder, const char* path, int flags, mode_t mode) {
    if (fails(fault::open)) return -1;
    watcher* observer = watching;
    const bool existed = observer && ::faccessat(folder, path, F_OK, 0) == 0;
    auto file = static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
    if (observer && file >= 0)
        observer->opened(
            file,
            path_in(folder, path),
            !existed && (flags & O_CREAT) != 0,
            existed && (flags & O_TRUNC) != 0
        );
    return file;
}

/// The number of bytes that this call must write; -1, and errno is set, if it must fail.
ssize_t allowed(std::size_t size) {
    const verdict now = judge(fault::write);
    if (now.half && size > 1) return static_cast<ssize_t>(size / 2);
    if (!now.fails && !now.half) return static_cast<ssize_t>(size);
    errno = now.error;
    return -1;
}

ssize_t write_and_report(int file, const void* data, std::size_t size) {
    ssize_t most = allowed(size);
    if (most < 0) return -1;
    watcher* observer = watching;
    long at = observer ? ::syscall(SYS_lseek, file, 0L, SEEK_CUR) : 0;
    ssize_t written = ::syscall(SYS_write, file, data, most);
    if (observer && written > 0 && at >= 0)
        observer->wrote(
            file,
            static_cast<std::uint64_t>(at),
            {static_cast<const char*>(data), static_cast<std::size_t>(written)}
        );
    return written;
}

ssize_t write_at_and_report(int file, const void* data, std::size_t size, long at) {
    ssize_t most = allowed(size);
    if (most < 0) return -1;
    ssize_t written = ::syscall(SYS_pwrite64, file, data, most, at);
    watcher* observer = watching;
    if (observer && written > 0)
        observer->wrote(
            file,
            static_cast<std::uint64_t>(at),
            {static_cast<const char*>(data), static_cast<std::size_t>(written)}
        );
    return written;
}

int sync_and_report(long call, int file) {
    if (fails(fault::sync)) return -1;
    const auto result = static_cast<int>(::syscall(call, file));
    if (watcher* observer = watching; observer && result == 0) observer->synced(file);
    return result;
}

int truncate_and_report(int file, long size) {
    if (fails(fault::truncate)) return -1;
    const auto result = static_cast<int>(::syscall(SYS_ftruncate, file, size));
    if (watcher* observer = watching; observer && result == 0)
        observer->truncated(file, static_cast<std::uint64_t>(size));
    return result;
}

int rename_and_report(int from_folder, const char* from, int to_folder, const char* to) {
    if (fails(fault::rename)) return -1;
    const auto result =
        static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
    if (watcher* observer = watching; observer && result == 0)
        observer->renamed(path_in(from_folder, from), path_in(to_folder, to));
    return result;
}

int remove_and_report(int folder, const char* path, int flags) {
    if (fails(fault::remove)) return -1;
    const auto result = static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
    if (watcher* observer = watching; observer && result == 0)
        observer->removed(path_in(folder, path));
    return result;
}

}  // namespace

void fail_from(fault kind, int nth, int error) {
    fail_between(kind, nth, 1L << 60, error, false);
}

void fail_once(fault kind, int nth, int error) {
    fail_between(kind, nth, calls_of(kind) + nth, error, false);
}

void fail_half_way(fault kind, int nth, int error) {
    const bool at_once = kind == fault::vfs_write;
    fail_between(kind, nth, calls_of(kind) + nth + (at_once ? 0 : 1), error, true);
}

bool end_faults() {
    bool tripped = false;
    for (auto& ended : plans) {
        ended.first = 0;
        tripped = ended.tripped.exchange(false) || tripped;
    }
    return tripped;
}

long calls_of(fault kind) {
    return plan_for(kind).calls;
}

verdict judge(fault kind) {
    plan& current = plan_for(kind);
    const long call = ++current.calls;
    const long first = current.first;
    if (first == 0 || call < first || call > current.last) return {};
    current.tripped = true;
    const bool half = current.half && call == first;
    return {!half, half, current.error};
}

void watch(watcher* next) {
    watching = next;
}

}  // namespace store_test

using namespace store_test;

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_and_report(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_and_report(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_and_report(folder, path, flags, mode);
}

ssize_t write(int file, const void* data, size_t size) {
    return write_and_report(file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
    return write_at_and_report(file, data, size, at);
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t at) {
    return write_at_and_report(file, data, size, at);
}

int fsync(int file) {
    return sync_and_report(SYS_fsync, file);
}

int fdatasync(int file) {
    return sync_and_report(SYS_fdatasync, file);
}

int ftruncate(int file, off_t size) noexcept {
    return truncate_and_report(file, size);
}

int ftruncate64(int file, off64_t size) noexcept {
    return truncate_and_report(file, size);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return rename_and_report(from_folder, from, to_folder, to);
}

int rename(const char* from, const char* to) noexcept {
    return rename_and_report(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char* path) noexcept {
    return remove_and_report(AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
    return remove_and_report(folder, path, flags);
}

}  // extern "C"
