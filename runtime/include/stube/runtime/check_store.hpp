#pragma once

#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Finds out before a release whether it can go on with what is stored: each conversation is
/// decoded by this program, migrated in memory, rendered and encoded again, and nothing is changed.
/// An application offers that with one line, `app::check_store`, for a copy of the store or, opened
/// with `.read_only = true`, for the one that the present release is serving from. No handler is
/// run, and no `wakeup`.
namespace stube {

/// One component in one version of its shape, as it is stored.
struct stored_shape {
    enum class fate {
        fits,      ///< this program has the same version
        migrates,  ///< this program has a newer one
        newer,     ///< this program has an older one: refused and kept
        unknown,   ///< this program does not have the component: refused and kept
    };

    std::string component;
    int version = 1;
    int known = 0;  ///< the version of this program; 0 if it does not have the component
    fate what = fate::fits;
    std::size_t conversations = 0;  ///< that hold it, in the present or in their history
    std::size_t failed = 0;         ///< of them, those that cannot go on because of it
    std::string example = {};       ///< the id of one that failed
    std::string why = {};           ///< it failed
};

/// What `check_store` found. Every conversation counts in one of the first seven numbers.
struct store_check {
    std::size_t as_they_are = 0;  ///< go on, all of their components fit
    std::size_t migrated = 0;     ///< go on, some state was migrated
    std::size_t not_kept = 0;     ///< marks: a flow that a restart ended, whatever the release
    std::size_t newer_shape = 0;  ///< would be refused and kept
    std::size_t unknown_component = 0;  ///< likewise
    std::size_t failed = 0;             ///< damaged, or a state, `migrate` or `render` that throws
    std::size_t unreadable = 0;         ///< the store itself cannot read them
    std::vector<stored_shape> shapes;   ///< by name and version
    /// Of those that failed for no component's sake, the first twenty.
    std::vector<stube::storage::unreadable_record> others;

    /// Marks do not count against it.
    bool all_go_on() const { return newer_shape + unknown_component + failed + unreadable == 0; }
};

/// Reads everything in a store. `world` is what the components' `render` may ask for: the time and
/// the application's object. Throws `store_refused` if the store cannot be read.
store_check check_store(store& from, const kernel::environment& world);

/// The same for people: a line for each component and version, and one with all the numbers.
std::string report_of(const store_check& found);

}  // namespace stube
