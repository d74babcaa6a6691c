#pragma once

#include <stube/store/store.hpp>

#include <filesystem>

namespace stube {

/// Keeps each conversation as one readable JSON file, `<id>.json`, in the folder `dir`. For few
/// conversations, for looking inside, and for tools that work with files; `sqlite_store` is faster.
///
/// Makes the folder if its parent is there (mode 0700; files 0600) and owns it for life: a second
/// store on the same folder is refused at once. A save survives power loss. A crash in the middle
/// of a batch leaves some of its conversations new and others old, each of them whole. Files that
/// cannot be read, or are larger than 64 MiB, are moved into `quarantine/`. Throws `store_refused`.
std::unique_ptr<store> file_store(const std::filesystem::path& dir);

}  // namespace stube
