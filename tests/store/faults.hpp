#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Stands between the stores and the system: makes calls fail on purpose, and tells a watcher what
/// was done. This program has its own write, fsync and so on; the stores and SQLite call them like
/// anybody else. For one thread.
namespace store_test {

/// Kinds of calls. Those of SQLite's file layer count once `failing_vfs` is there.
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

/// From now on the `nth` call of the kind fails with `error`, counted from 1; it fails without
/// doing anything. `error` is a value of errno, or a code of SQLite for a call of its file layer.
void fail_from(fault kind, int nth, int error);

/// Only the `nth` call fails; the ones after it work again.
void fail_once(fault kind, int nth, int error);

/// The `nth` write gets as far as half of its bytes. The system says so and fails at the next call;
/// SQLite's file layer fails at once.
void fail_half_way(fault kind, int nth, int error);

/// Ends it. True if a call has failed.
bool end_of_faults();

/// How many calls of this kind there were since the program began.
long calls_of(fault kind);

/// What a call has to do: whether to fail, with what, and whether half of it is to be done first.
struct verdict {
    bool fails = false;
    bool half = false;
    int error = 0;
};

/// Counts a call.
verdict judge(fault kind);

/// Is told each call that was done, as long as it is the one given to `watch`.
class watcher {
public:
    virtual ~watcher() = default;
    virtual void opened(int file, const std::string& path, bool made, bool emptied) = 0;
    virtual void wrote(int file, std::uint64_t at, std::string_view bytes) = 0;
    virtual void truncated(int file, std::uint64_t size) = 0;
    virtual void synced(int file) = 0;
    virtual void renamed(const std::string& from, const std::string& to) = 0;
    virtual void removed(const std::string& path) = 0;
};

/// Null ends it.
void watch(watcher* one);

}  // namespace store_test
