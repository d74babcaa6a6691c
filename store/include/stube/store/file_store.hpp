#pragma once

#include <stube/store/store.hpp>

#include <memory>
#include <string>

namespace stube {

struct file_options {
    /// Only reads, even while another process owns the folder: takes no lock, writes nothing, moves
    /// nothing into quarantine (the report lists unreadable files), refuses saves.
    bool read_only = false;

    /// Opens a folder that is behind its high-water mark, without the missing saves.
    bool accept_rollback = false;
};

/// Keeps each conversation as one readable JSON file, `<id>.json`, in the folder `dir`. For few
/// conversations, for inspection, and for tools that read files; `sqlite_store` is faster. An edit
/// of a file makes it unreadable, because its checksum no longer matches.
///
/// Creates the folder if its parent exists (mode 0700; files 0600) and owns it until the store is
/// destroyed: a second store on the same folder is refused at once. A save survives power loss. A
/// crash in the middle of a batch leaves some of its conversations new and others old, each of them
/// whole. Files that are damaged or larger than 64 MiB are moved into `quarantine/`.
///
/// `.mark` is the high-water mark: it records up to which save the folder was durable, at most a
/// second late. `load_all` throws `store_rolled_back` if the content of the folder is older. This
/// detects an older copy of the files only if the mark was not put back with them.
///
/// The call takes the lock at once; `load_all` reports a folder that cannot be used.
std::unique_ptr<store> file_store(const std::string& dir, file_options options = {});

}  // namespace stube
