#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The stored form of a conversation, format 2. The part "head" holds what the conversation is:
///   {"as_of":{"revision":7,"touched":1764547260000,"applied":["00c0ffee00000007"]},"format":2,
///    "owner":"…","principal":"…","mount":"/booking","url":"","last_instance":3,"root":1,"step":2,
///    "last_step":2,"past":[[1,2,1]],"future":[],"created":1764547200000,
///    "shapes":{"hotel/pick_room":1},"waits":true,"unseen":true,"kept":true}
/// "waits", "unseen" and "kept" are there when they are true; "unseen" says so of the revision in
/// the head's own "as_of" and of no later one. "applied" has the last event of each page. A step in
/// `past` and `future` is its number, its clock, its root and, if it stood for one, its address.
/// Each instance at work has a part "i<id>", which is overwritten as it changes; a version that
/// only steps have is a part "i<id>_<clock>":
///   {"clock":7,"component":"hotel/pick_room","caller":1,"under":1,"then":"chosen","state":{…}}
/// with "owner", "over", "begun", "or_else", "timers", "subscriptions" and "work" where there are
/// any. What is at work is what can be reached from the root, each instance in its highest version,
/// for a step in the highest up to its clock.
///
/// Most events change an instance and nothing of the head but "as_of". Then the instance's part
/// begins with the new "as_of", and the head is not written: one row of a database is overwritten
/// and not two, which may lie far apart. The highest revision counts. An event that makes a step
/// writes the head, and keeps what it changed as it was before.
///
/// Times are milliseconds since 1970. A mark has a head only, with owner, mount and touched. In
/// format 1 every change wrote the head, with "touched" and "applied" in it and no "as_of".
namespace stube::kernel {

inline constexpr std::int64_t stored_format = 2;
inline constexpr std::int64_t oldest_stored_format = 1;

/// For parsing: what `encode` allows, and some room (Boost.JSON's default is 32).
inline constexpr std::size_t deepest_json = 512;

/// How a part begins that says when the conversation was as it is: the value follows. It stands
/// first so that it can be read without the rest.
inline constexpr std::string_view begins_with_as_of = "{\"as_of\":";

}  // namespace stube::kernel
