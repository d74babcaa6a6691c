#pragma once

/// Makes the system's calls for writing fail on purpose. This program has its own write, fsync and
/// so on; the stores and SQLite call them like anybody else.
namespace store_test {

enum class fault { write, sync, rename };

/// From now on the `nth` call of the kind fails with `error`, counted from 1; it fails without
/// doing anything.
void fail_from(fault kind, int nth, int error);

/// Only the `nth` call fails; the ones after it work again.
void fail_once(fault kind, int nth, int error);

/// Ends it. True if a call has failed.
bool end_of_faults();

/// How many calls of this kind there were since the program began.
long calls_of(fault kind);

}  // namespace store_test
