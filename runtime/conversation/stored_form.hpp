#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The stored form of a conversation, format 2. The part "head" describes the conversation:
///   {"as_of":{"revision":7,"touched":1764547260000,"applied":["00c0ffee00000007"]},"format":2,
///    "owner":"…","principal":"…","roles":["…"],"mount":"/booking","url":"","last_instance":3,
///    "root":1,"step":2,"last_step":2,"past":[[1,2,1]],"future":[],"created":1764547200000,
///    "shapes":{"hotel/pick_room":1},"waits":true,"unseen":true,"kept":true}
/// "roles", the roles of the principal, is present only if there are any. "waits", "unseen" and
/// "kept" are present only if they are true. "unseen" applies to the revision
/// in the head's own "as_of" and to no later one. "applied" contains the last event of each page. A
/// step in "past" and "future" is its number, its clock, its root and, if it has one, its address.
///
/// Each current instance has a part "i<id>", which is overwritten when the instance changes. A
/// version that only history steps contain has a part "i<id>_<clock>":
///   {"clock":7,"component":"hotel/pick_room","caller":1,"under":1,"then":"chosen","state":{…}}
/// with "owner", "over", "begun", "or_else", "timers", "subscriptions" and "work" where they are
/// not empty, and with the "version" of the component's shape if it is not 1. "under" is
/// `instance::covers`, "over" is `instance::covered_by`, and "begun" is `instance::reset_at`.
///
/// The current instances are those that can be reached from the root, each in its highest version.
/// The instances of a step are those that can be reached from the step's root, each in its highest
/// version up to the step's clock.
///
/// Most events change one instance and nothing in the head except "as_of". Then the part of the
/// instance begins with the new "as_of", and the head is not written. So a database overwrites one
/// row and not two, which may be far apart. The "as_of" with the highest revision is valid. An
/// event that makes a step writes the head, and keeps the earlier versions of the instances it
/// changed.
///
/// Times are milliseconds since 1970. A tombstone has only a head, with owner, mount and touched.
/// In format 1 every change wrote the head, with "touched" and "applied" in it and without "as_of".
namespace stube::kernel {

inline constexpr std::int64_t stored_format = 2;
inline constexpr std::int64_t oldest_stored_format = 1;

/// The depth limit for parsing, a little above the one of `encode` (Boost.JSON's default is 32).
inline constexpr std::size_t deepest_json = 512;

/// The beginning of a part that has an "as_of". The value follows. "as_of" is the first member so
/// that it can be read without the rest.
inline constexpr std::string_view begins_with_as_of = "{\"as_of\":";

}  // namespace stube::kernel
