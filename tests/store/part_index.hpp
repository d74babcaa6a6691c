#pragma once

#include "support.hpp"

#include <stube/store/query_index.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

/// A query index of the parts of conversations, for tests of kills and power loss. The server's
/// index follows an archive in the same way, but it needs components.
namespace store_test {

/// Each part is a fact, whose value is the beginning of its body.
class part_index {
public:
    /// Opens the index of a database, or creates it. Ends the deletions of the process before.
    /// Begins again if the archive does not have the last commit of the index.
    part_index(const fs::path& database, archive& from);

    /// The reason why the file was unusable, and so empty; empty if it was not.
    const std::string& rebuilt_because() const { return index_->rebuilt_because(); }

    /// True if the archive did not have the last commit of the index: it was lost, or deleted.
    bool began_again() const { return began_again_; }

    /// Applies all new commits, whose parts must match their digests; at most `page` in a
    /// transaction.
    void catch_up(std::size_t page);

    /// Called before and after a batch that deletes heads of the archive.
    void begin_deletions(std::span<const change> batch);
    void end_deletions(std::span<const change> batch);

private:
    bool fits_archive() const;
    void end_deletion(const std::string& id);
    index_batch batch_of(std::span<const logged_commit> commits) const;

    archive& from_;
    std::unique_ptr<query_index> index_;
    std::uint64_t position_ = 0;
    bool began_again_ = false;
};

/// The differences between the indexes of two databases, which must be closed.
std::vector<std::string> differences(const fs::path& expected, const fs::path& found);

}  // namespace store_test
