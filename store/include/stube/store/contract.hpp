#pragma once

#include <stube/store/store.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// The contract of every store, as rules for a test. stube tests its own stores with these rules,
/// and the same rules test a store of yours.
///
/// With doctest, and a new empty place for each rule (any other test framework works too, because a
/// broken rule throws):
///
///     TEST_CASE("my store keeps the contract") {
///         for (const auto& rule : stube::store_contract::rules()) {
///             CAPTURE(rule.name);
///             temporary_folder folder;
///             stube::store_contract::tested_store mine;
///             mine.open = [&] { return my_store(folder.path()); };
///             CHECK_NOTHROW(rule.check(mine));
///         }
///     }
namespace stube::store_contract {

/// A fault that a test injects into the place of a store.
enum class fault {
    none,         ///< the place works (again)
    disk_full,    ///< every write fails
    failed_sync,  ///< every sync fails: written data may be on the disk or not
};

/// The store under test.
struct tested_store {
    /// Opens the store at its place. A rule calls it again after it destroyed the last store, as a
    /// restart does; the new store must then load everything that was saved.
    std::function<std::unique_ptr<store>()> open;

    /// Injects a fault that lasts until the next call. If it is empty, the rules about failures
    /// check nothing.
    std::function<void(fault)> inject;
};

/// Thrown by a rule that a store breaks; what() describes the violation.
class broken : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

struct rule {
    std::string name;  ///< a sentence
    std::function<void(const tested_store&)> check;
};

/// All rules, each for a new and empty place. They also hold for a store that keeps nothing: it
/// only has to accept saves and refuse invalid ones.
const std::vector<rule>& rules();

}  // namespace stube::store_contract
