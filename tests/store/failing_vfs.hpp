#pragma once

/// A file layer (VFS) for SQLite on top of the system's layer. It makes a single write, sync and so
/// on fail, as `fail_once(fault::vfs_write, ...)` requests.
namespace store_test {

/// Databases that are opened while an object of this class exists use the layer. They must be
/// closed before the object is destroyed.
class failing_vfs {
public:
    failing_vfs();
    failing_vfs(const failing_vfs&) = delete;
    failing_vfs& operator=(const failing_vfs&) = delete;
    ~failing_vfs();
};

}  // namespace store_test
