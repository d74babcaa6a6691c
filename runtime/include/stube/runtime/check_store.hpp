#pragma once

#include <stube/runtime/kernel.hpp>
#include <stube/store/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Checks before a release whether the new program can continue with the stored conversations. Each
/// conversation is decoded by this program, migrated in memory, rendered and encoded again. The
/// store is not changed. No handler and no `wakeup` runs.
///
/// An application offers the check with one line, `app::check_store`. It can check a copy of the
/// store, or the store that the current release serves from, opened with `.read_only = true`.
namespace stube {

/// One component in one stored version of its shape.
struct stored_shape {
    enum class migration_outcome {
        fits,      ///< this program has the same version
        migrates,  ///< this program has a newer version
        newer,     ///< this program has an older version: conversations are refused and kept
        unknown,   ///< this program does not have the component: conversations are refused and kept
    };

    std::string component;
    int version = 1;
    int known = 0;  ///< the version in this program; 0 if it does not have the component
    migration_outcome outcome = migration_outcome::fits;
    std::size_t conversations = 0;  ///< conversations that contain it, now or in their history
    std::size_t failed = 0;         ///< conversations that cannot continue because of it
    std::string example = {};       ///< the id of one conversation that failed
    std::string why = {};           ///< the reason for its failure
};

/// The result of `check_store`. Each conversation counts in exactly one of the first seven numbers.
struct store_check {
    std::size_t as_they_are = 0;  ///< can continue, all of their components fit
    std::size_t migrated = 0;     ///< can continue, some states were migrated
    /// Tombstones. A restart ends their flows, in any release.
    std::size_t not_kept = 0;
    std::size_t newer_shape = 0;        ///< would be refused and kept
    std::size_t unknown_component = 0;  ///< would be refused and kept
    std::size_t failed = 0;             ///< damaged, or a codec, `migrate` or `render` throws
    std::size_t unreadable = 0;         ///< the store itself cannot read them
    std::vector<stored_shape> shapes;   ///< by name and version
    /// The first twenty failed conversations whose failure no single component has caused.
    std::vector<stube::storage::unreadable_record> others;
    /// The result for the query index of an archive. Its rows are compared with those of an index
    /// that is made again from the same commits, in a file beside it.
    enum class index_state {
        none,      ///< the store keeps no archive on a disk
        missing,   ///< the next start makes the index
        unusable,  ///< the next start rebuilds the index, see `index_why`
        compared,  ///< `index_differences` has the first twenty differences
    };
    index_state index = index_state::none;
    std::string index_why = {};
    std::vector<std::string> index_differences = {};

    /// True if all conversations can continue. Ignores tombstones and the index.
    bool all_can_continue() const {
        return newer_shape + unknown_component + failed + unreadable == 0;
    }
};

/// Reads everything in a store. `env` contains the values that the components' `render` may read:
/// the time and the application's object. It also contains the keys for encrypted values. Throws
/// `store_refused` if the store cannot be read.
store_check check_store(store& from, const kernel::environment& env);

/// The result as readable text: a line for each component and version, and one with all numbers.
std::string report_of(const store_check& found);

}  // namespace stube
