#pragma once

#include "model.hpp"
#include "runtime/live_support.hpp"
#include "step.hpp"
#include "store/support.hpp"
#include "used_numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// Sequences of steps on a conversation map with an SQLite store, its archive and its query index.
namespace sequences {

/// The product differs from the model.
class mismatch : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The situations that sequences have reached. A test shows with it that they test something.
struct coverage {
    std::uint64_t applied = 0;  ///< requests that changed a conversation
    std::uint64_t refused = 0;  ///< requests that changed nothing, as they should
    std::uint64_t forks = 0;
    std::uint64_t restarts = 0;
    std::uint64_t heads = 0;  ///< heads at the ends of the sequences, whose states were compared
    std::uint64_t abandoned = 0;  ///< those of abandoned branches
    std::uint64_t deleted = 0;    ///< heads that were deleted because of their age
    std::uint64_t forgotten = 0;  ///< ended conversations that were deleted because of their age
};

/// One store, on which sequences run one after another, each with conversations and a model of its
/// own. The time, the deletion of old heads, and restarts affect all of them.
/// Errors: `mismatch`, or what the product throws.
class run {
public:
    /// Adds to `reached`, which must outlive the object.
    explicit run(coverage& reached);

    /// Plays `length` random steps. After each one, compares the reply with the model; at the end,
    /// all that the archive has of the sequence.
    void play(std::uint64_t seed, std::size_t length);

    /// Restarts, and compares all archives and the index with the models. Then checks the whole
    /// store, and the index against a rebuild.
    void finish();

    /// The steps of the last sequence that was played.
    const std::vector<step>& steps() const { return steps_; }

private:
    void apply(const step& next);
    void apply_to_store(const step& next);
    void apply_to_conversation(step next);
    live_test::reply send(const step& next, const std::string& id, std::uint64_t event);
    live_test::reply request(const step& next, std::uint64_t event);
    live_test::reply write_alias(const step& next, const std::string& id);
    live_test::reply begin(live_test::beginning with);
    void open();
    void restart();
    void wait_for_index();
    void pass(int hours);
    void trim();
    void save_keeper();
    void check_live(const model& of);
    void check_states(const model& of);
    void check_history(const model& of);
    void check_failures(const model& of);
    void check_index();
    void check_store();
    model& current() { return models_.back(); }

    coverage& reached_;
    store_test::archive_place_in_memory place_;
    std::unique_ptr<live_test::world> world_;
    std::string keeper_;
    std::string next_id_;
    std::uint64_t events_ = 0;
    std::deque<model> models_;
    std::map<std::string, used_numbers> used_;
    std::vector<step> steps_;
};

}  // namespace sequences
