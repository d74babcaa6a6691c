#pragma once

/// A file layer for SQLite over the one that it uses on this system, so that each of its writes,
/// syncs and so on can be made to fail (`fail_once(fault::vfs_write, ...)`).
namespace store_test {

/// As long as there is one, databases that are opened use that layer. Databases that were opened
/// are closed before it ends.
class failing_vfs {
public:
    failing_vfs();
    failing_vfs(const failing_vfs&) = delete;
    failing_vfs& operator=(const failing_vfs&) = delete;
    ~failing_vfs();
};

}  // namespace store_test
