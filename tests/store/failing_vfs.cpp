#include "failing_vfs.hpp"

#include "faults.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <new>

namespace store_test {
namespace {

/// SQLite allocates this object together with a file of the layer below, which follows it.
struct wrapped_file : sqlite3_file {
    sqlite3_file* below() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_file* below(sqlite3_file* file) {
    return static_cast<wrapped_file*>(file)->below();
}

int close(sqlite3_file* file) {
    return below(file)->pMethods->xClose(below(file));
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
    return below(file)->pMethods->xRead(below(file), into, size, at);
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    const verdict now = judge(fault::vfs_write);
    if (now.half) below(file)->pMethods->xWrite(below(file), data, size / 2, at);
    if (now.fails || now.half) return now.error;
    return below(file)->pMethods->xWrite(below(file), data, size, at);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const verdict now = judge(fault::vfs_truncate);
    return now.fails ? now.error : below(file)->pMethods->xTruncate(below(file), size);
}

int sync(sqlite3_file* file, int flags) {
    const verdict now = judge(fault::vfs_sync);
    return now.fails ? now.error : below(file)->pMethods->xSync(below(file), flags);
}

int size_of(sqlite3_file* file, sqlite3_int64* size) {
    return below(file)->pMethods->xFileSize(below(file), size);
}

int lock(sqlite3_file* file, int level) {
    return below(file)->pMethods->xLock(below(file), level);
}

int unlock(sqlite3_file* file, int level) {
    return below(file)->pMethods->xUnlock(below(file), level);
}

int check_reserved_lock(sqlite3_file* file, int* result) {
    return below(file)->pMethods->xCheckReservedLock(below(file), result);
}

int control(sqlite3_file* file, int operation, void* value) {
    return below(file)->pMethods->xFileControl(below(file), operation, value);
}

int sector_size(sqlite3_file* file) {
    return below(file)->pMethods->xSectorSize(below(file));
}

int characteristics(sqlite3_file* file) {
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

int shm_map(sqlite3_file* file, int page, int size, int extend, volatile void** at) {
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, at);
}

int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

void shm_barrier(sqlite3_file* file) {
    below(file)->pMethods->xShmBarrier(below(file));
}

int shm_unmap(sqlite3_file* file, int remove) {
    return below(file)->pMethods->xShmUnmap(below(file), remove);
}

const sqlite3_io_methods methods{
    2,
    close,
    read,
    write,
    truncate,
    sync,
    size_of,
    lock,
    unlock,
    check_reserved_lock,
    control,
    sector_size,
    characteristics,
    shm_map,
    shm_lock,
    shm_barrier,
    shm_unmap,
    nullptr,
    nullptr
};

sqlite3_vfs* real = nullptr;
sqlite3_vfs ours;

int open(sqlite3_vfs*, const char* name, sqlite3_file* made, int flags, int* really) {
    made->pMethods = nullptr;  // so that SQLite does not close a file that failed to open
    if (const verdict now = judge(fault::vfs_open); now.fails) return now.error;
    auto* file = new (made) wrapped_file;
    file->pMethods = nullptr;
    int code = real->xOpen(real, name, file->below(), flags, really);
    if (file->below()->pMethods) file->pMethods = &methods;
    return code;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    const verdict now = judge(fault::vfs_remove);
    return now.fails ? now.error : real->xDelete(real, name, sync_folder);
}

}  // namespace

failing_vfs::failing_vfs() {
    real = sqlite3_vfs_find(nullptr);
    ours = *real;  // the other functions do not use a file, so the layer below handles them
    ours.pNext = nullptr;
    ours.zName = "failing";
    ours.szOsFile = static_cast<int>(sizeof(wrapped_file)) + real->szOsFile;
    ours.xOpen = open;
    ours.xDelete = remove;
    sqlite3_vfs_register(&ours, 1);
}

failing_vfs::~failing_vfs() {
    sqlite3_vfs_unregister(&ours);
    sqlite3_vfs_register(real, 1);
}

}  // namespace store_test
