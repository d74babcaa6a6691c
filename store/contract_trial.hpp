#pragma once

#include "store/store_model.hpp"

#include <stube/store/contract.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// Tools of the rules of the contract.
namespace stube::store_contract {

using batch = std::vector<storage::change>;

/// Throws `broken` unless it is true.
void expect(bool is_true, const std::string& violation);

/// One run of a rule: the store, the model of its content, and the content after the last restart.
class trial {
public:
    explicit trial(const tested_store& tested) : tested_(tested) { start(); }

    store& opened() { return *store_; }
    bool keeps() const { return store_->keeps(); }
    const storage::contents& model() const { return model_; }
    const storage::archive_contents& archive_model() const { return archive_model_; }

    /// Null if the store keeps no archive.
    storage::archive* archived() const;

    void save(const batch& changes);
    void expect_refused(const batch& changes);

    /// Does nothing for a store that keeps nothing, which has no conflicts.
    void expect_conflict(const batch& changes);

    /// Restarts and compares the content with the model.
    void restart();

    /// Compares the archive with its model: all heads, the states of some heads or of all, and the
    /// commits in the order of their append.
    void compare_archive(bool with_all_states) const;

    void inject(fault injected) { tested_.inject(injected); }
    bool can_inject() const { return tested_.inject && keeps(); }

    /// Restarts without a comparison with the model.
    storage::contents stored_after_restart();

private:
    void start();
    void compare() const;
    void compare_log() const;

    const tested_store& tested_;
    std::unique_ptr<store> store_;
    storage::contents found_;
    storage::contents model_;
    storage::archive_contents archive_model_;
};

/// Random changes that every store must accept.
class random_changes {
public:
    /// `with_commits`: most changes have a commit for the archive.
    random_changes(unsigned seed, bool with_updates, bool with_commits)
        : random_(seed), with_updates_(with_updates), with_commits_(with_commits) {}

    batch next(const storage::contents& model);

private:
    unsigned between(unsigned low, unsigned high);
    std::string body();
    std::vector<storage::part> some_parts(bool with_head);
    storage::change next_change(const std::string& id, const storage::contents& model);
    void drop_some(storage::change& change);
    void add_commit(storage::change& change, const storage::contents& model);

    std::mt19937 random_;
    std::map<std::string, std::uint64_t> highest_;  ///< revision of each id
    bool with_updates_;
    bool with_commits_;
    std::int64_t time_ = 0;
};

inline rule make_rule(std::string name, void (*check)(trial&)) {
    return {std::move(name), [check](const tested_store& tested) {
                trial run(tested);
                check(run);
            }};
}

}  // namespace stube::store_contract
