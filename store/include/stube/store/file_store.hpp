#pragma once

#include <stube/store/store.hpp>

#include <filesystem>

namespace stube {

struct file_options {
    /// Only reads, also while another process owns the folder: takes no lock, writes nothing, sets
    /// nothing aside (the report tells), refuses to save.
    bool read_only = false;

    /// Opens a folder that is behind its mark, without what is missing.
    bool accept_rollback = false;
};

/// Keeps each conversation as one readable JSON file, `<id>.json`, in the folder `dir`. For few
/// conversations, for looking inside, and for tools that read files; `sqlite_store` is faster.
/// What changes a file makes it unreadable, because its checksum says so.
///
/// Makes the folder if its parent is there (mode 0700; files 0600) and owns it for life: a second
/// store on the same folder is refused at once. A save survives power loss. A crash in the middle
/// of a batch leaves some of its conversations new and others old, each of them whole. Files that
/// are not as they were saved, or are larger than 64 MiB, are moved into `quarantine/`.
///
/// `.mark` tells how far the folder was durable, at most a second behind. `load_all` throws
/// `store_rolled_back` if what is in the folder is behind it. It can only tell when the files were
/// put back and the mark was not.
///
/// The place is taken at once; that it cannot be used is told by `load_all`.
std::unique_ptr<store> file_store(const std::filesystem::path& dir, file_options options = {});

}  // namespace stube
