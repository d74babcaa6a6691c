#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/store/query_index.hpp>
#include <stube/store/store.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Derives the content of a query index from the commits of an archive.
namespace stube::kernel {

/// All components of this program with their indexed members.
storage::index_schema known_index_schema();

/// Turns commits into changes of an index. The result depends on the commits and not on the way in
/// which they are divided into batches.
///
/// A conversation enters the index with the commit of its first event: a store forgets the others.
/// A commit that this program cannot decode, or whose state is damaged, is skipped, and the next
/// one that it can decode brings the conversation up to date.
class index_builder {
public:
    /// Reads data that the commits do not contain.
    struct source {
        std::function<std::optional<storage::archived_state>(std::uint64_t position)> state_at;
        std::function<std::optional<storage::archived_state>(std::string_view id, std::uint64_t)>
            state_at_head;
        std::function<std::optional<storage::index_row>(std::string_view id)> row;
    };

    /// `warn` is called for each damaged commit, and once for each component that cannot be decoded
    /// and each conversation with another fault.
    index_builder(source from, std::function<void(const std::string&)> warn);

    /// The changes of these commits. The watermark is the one of the last commit that changes the
    /// index; 0 if none does. Throws `store_refused` of the source, except for damage.
    storage::index_batch next(std::span<const storage::logged_commit> commits);

    /// Called if a batch was not applied.
    void discard();

    /// Called if the row of a conversation was changed or deleted in the index.
    void forget(const std::string& id) { erase(id); }

private:
    /// A conversation as it was at its last commit, so that the next one costs as much as its
    /// change.
    struct tracked {
        std::string id;
        conversation value;
        storage::index_row row;
        std::size_t counted = 0;  ///< its instances that are part of `instances_`
    };

    void add(const storage::logged_commit& commit);
    void add_state(const storage::logged_commit& commit, tracked* known);
    void add_end(const storage::logged_commit& commit, const tracked* known);
    void add_changes(const storage::logged_commit& commit, tracked& known);
    void add_row(const storage::logged_commit& commit, tracked& to);
    conversation state_of(const storage::logged_commit& commit) const;
    std::optional<storage::index_row> find_row(const std::string& id) const;
    void put_row(const storage::logged_commit& commit, const storage::index_row& row);
    tracked* find(const std::string& id);
    void put(tracked one);
    void erase(const std::string& id);
    void evict();
    void count(tracked& one);
    void skip(const storage::logged_commit& commit, const std::string& cause, const char* why);

    source from_;
    std::function<void(const std::string&)> warn_;
    std::set<std::string, std::less<>> warned_;
    std::list<tracked> recent_;  ///< the conversation that was changed last is the first
    std::unordered_map<std::string, std::list<tracked>::iterator> by_id_;
    std::size_t instances_ = 0;  ///< of all remembered conversations
    storage::index_batch batch_;
    std::unordered_map<std::string, std::size_t> rows_;  ///< places in `batch_.rows` by id
};

}  // namespace stube::kernel
