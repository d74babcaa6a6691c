#pragma once

#include <stube/store/store.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// A recorded conversation outside of its archive, and its form as a file.
///
/// The file is one JSON document:
///
///     {"format":1,"release":"0.1.0","id":"4fQ","mount":"/claims","aliases":["order-4711"],
///      "contents":[{"format":2,"owner":"",…},{"clock":3,"component":"claim","state":{…}}],
///      "heads":[{"number":1,"parent":0,"time":1764547200000,"event":{"kind":"visit",…},
///                "about":{"revision":1,…},"parts":{"head":0,"i1":1}}],
///      "failures":[{"after":1,"time":1764547260000,"event":{"kind":"event",…},"why":"no rate"}]}
///
/// "release" is the release that wrote the file. "contents" has each content of a part once, and
/// "parts" refers to it by its index. A head is as in the archive, and "event" is described in
/// event_record.hpp. The head that ended the conversation has no parts. The patches are not in the
/// file, because a replay computes them.
///
/// The file contains no secret: encrypted values are replaced by a fixed text, transient values
/// were never stored, and the visitor's "owner" is empty. It contains all other data of the user.
namespace stube::kernel {

inline constexpr std::uint64_t recording_format = 1;

struct recorded_part {
    std::string name;
    std::size_t content = 0;  ///< the index in `recording::contents`
};

struct recorded_head {
    storage::archived_head head;  ///< without a digest
    std::vector<recorded_part> parts;
};

struct recording {
    std::string release;
    std::string id;
    std::string mount;  ///< empty if no head has parts
    std::vector<std::string> aliases;
    std::vector<std::string> contents;  ///< JSON texts, each once
    std::vector<recorded_head> heads;   ///< the oldest first
    /// The oldest first, all of this conversation.
    std::vector<storage::archived_failure> failures;
};

/// Collects a recording without its secrets. Each function throws `decode_error` for content that
/// is not JSON.
class recorder {
public:
    explicit recorder(std::string id);

    /// Adds the next head. A commit without a whole list continues the parts of the head before it.
    void add(storage::logged_commit commit);
    void add(storage::archived_failure failed);

    /// Ends the recording.
    recording finish(std::vector<std::string> aliases) &&;

private:
    std::size_t index_of(std::string content);

    recording out_;
    std::map<std::string, std::size_t, std::less<>> parts_;  ///< at the last head
    std::unordered_map<std::string, std::size_t> known_;     ///< the index of each content
};

/// The stored parts at a head.
std::vector<storage::part> parts_at(const recording& of, std::size_t index);

std::string to_json(const recording& from);

/// Throws `decode_error` with the place of the first mistake.
recording parse_recording(std::string_view json);

}  // namespace stube::kernel
