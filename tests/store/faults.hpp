#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Injects faults into system calls and reports the calls to a watcher. The program defines its own
/// write, fsync and so on in place of those of the C library, and the stores and SQLite call them.
/// For one thread.
namespace store_test {

/// The kinds of calls that can fail. The calls of SQLite's file layer (vfs_) are only seen while a
/// `failing_vfs` exists.
enum class fault {
    write,
    sync,
    rename,
    truncate,
    open,
    remove,
    vfs_write,
    vfs_sync,
    vfs_truncate,
    vfs_open,
    vfs_remove,
};

/// The `nth` call of the kind from now on, counted from 1, and every later one fail with `error`
/// and have no effect. `error` is an errno value, or for a call of SQLite's file layer a code of
/// SQLite.
void fail_from(fault kind, int nth, int error);

/// Only the `nth` call fails; the later ones work again.
void fail_once(fault kind, int nth, int error);

/// The `nth` write writes half of its bytes. A system call returns that number, and the next call
/// fails; a call of SQLite's file layer fails at once.
void fail_half_way(fault kind, int nth, int error);

/// Ends all faults. Returns true if a call has failed.
bool end_faults();

/// The number of calls of this kind since the program began.
long calls_of(fault kind);

/// The effect of the faults on one call: it fails with `error`, or it does half of its work first.
struct verdict {
    bool fails = false;
    bool half = false;
    int error = 0;
};

/// Counts a call and returns what it must do.
verdict judge(fault kind);

/// Receives each successful call while it is the current watcher.
class watcher {
public:
    virtual ~watcher() = default;
    virtual void opened(int file, const std::string& path, bool is_created, bool is_emptied) = 0;
    virtual void wrote(int file, std::uint64_t at, std::string_view bytes) = 0;
    virtual void truncated(int file, std::uint64_t size) = 0;
    virtual void synced(int file) = 0;
    virtual void renamed(const std::string& from, const std::string& to) = 0;
    virtual void removed(const std::string& path) = 0;
};

/// Sets the current watcher; null ends the reports.
void watch(watcher* next);

}  // namespace store_test
