// Checks the archive and the query index of a gallery that was killed. Unlike the check in
// stored.hpp, it uses the library's code.
#pragma once

#include <stube/store/query_index.hpp>
#include <stube/store/store.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace kill_test {

/// Follows the archive of a gallery from kill to kill, so that a check costs as much as the commits
/// since the last one. Changes nothing in the gallery's files.
class archive_check {
public:
    /// `database` is the gallery's, and `folder` is for copies.
    archive_check(std::filesystem::path database, std::filesystem::path folder);

    /// Reads each new commit with its parts, and compares the stored conversations with their
    /// newest heads. Lets a copy of the index catch up, and compares it with an index that was
    /// never interrupted. Adds everything that is wrong to `problems`.
    void after_kill(std::vector<std::string>& problems);

    /// Does the same, and verifies all heads and bodies. Compares with a rebuild.
    void at_end(std::vector<std::string>& problems);

    /// The number of commits that were checked.
    std::uint64_t commits() const { return commits_; }

private:
    /// The newest head of a conversation in the archive.
    struct newest_head {
        std::uint64_t number = 0;
        bool is_end = false;
    };

    using revisions = std::map<std::string, std::uint64_t>;

    void check_commits(
        stube::storage::archive& from,
        const revisions& stored,
        std::vector<std::string>& problems
    );
    void check_index(stube::storage::archive& from, std::vector<std::string>& problems);
    void copy_index() const;
    void catch_up_copy(
        stube::storage::archive& from,
        const stube::storage::index_schema& schema,
        std::vector<std::string>& problems
    ) const;
    std::filesystem::path copied_index() const { return folder_ / "copied.index"; }
    std::filesystem::path expected_index() const { return folder_ / "expected.index"; }

    std::filesystem::path database_;
    std::filesystem::path folder_;
    std::uint64_t position_ = 0;  ///< the last commit that was checked
    std::uint64_t commits_ = 0;
};

}  // namespace kill_test
