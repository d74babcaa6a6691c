#pragma once

#include <stube/store/store.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// What every store must do, as rules that a test runs: those of stube run them on its stores, and
/// a store of your own is tested with the same.
///
/// With doctest, a new and empty place for each rule (any other framework does as well: a rule that
/// is broken throws):
///
///     TEST_CASE("my store keeps the contract") {
///         for (const stube::store_rule& rule : stube::store_contract()) {
///             CAPTURE(rule.name);
///             temporary_folder folder;
///             stube::tested_store mine;
///             mine.open = [&] { return my_store(folder.path()); };
///             CHECK_NOTHROW(rule.check(mine));
///         }
///     }
namespace stube {

/// What a test does to the place of a store.
enum class trouble {
    none,         ///< it works (again)
    disk_full,    ///< nothing more can be written
    failed_sync,  ///< what was written may be on the disk or not
};

/// A store under test, as its rules see it.
struct tested_store {
    /// Opens the store at its place. It is called again after the last store was destroyed, and
    /// must then find what was saved: that is what a restart does.
    std::function<std::unique_ptr<store>()> open;

    /// Makes the place fail from now on. Without it, the rules about failures are not tried.
    std::function<void(trouble)> suffer;
};

/// What a rule throws when a store breaks it; what() says where.
class contract_broken : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

struct store_rule {
    std::string name;  ///< a sentence
    std::function<void(const tested_store&)> check;
};

/// Each rule wants a new and empty place. They hold for stores that keep nothing, too: these need
/// only take the saves and refuse what breaks the promises.
const std::vector<store_rule>& store_contract();

}  // namespace stube
