#pragma once

#include "store/sha256.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The form of a head in the archive: the list of the parts that it changed, and its digest.
namespace stube::storage {

/// A part of an archived conversation.
struct archived_part {
    std::string name;
    std::int64_t row = 0;  ///< in the archive, with the body; a head's row has the body of one part
    digest content = {};   ///< the SHA-256 of the body
};

/// The parts that a head changed. A head with a whole list changes all of them.
struct part_changes {
    std::vector<archived_part> written;
    std::vector<std::string> dropped;

    std::size_t size() const { return written.size() + dropped.size(); }
};

/// A JSON array: `["name", row, "digest in base64url"]` for a written part, `["name"]` for a
/// dropped one.
std::string to_json(const part_changes& changes);

/// Reads the text of `to_json`. Throws std::invalid_argument for any other text.
part_changes read_part_changes(std::string_view json);

/// The content of a head, for its digest. All texts must outlive the call.
struct head_content {
    std::string_view conversation;
    std::uint64_t number = 0;
    std::uint64_t parent = 0;
    std::int64_t time = 0;
    std::string_view event;
    std::string_view about;
    bool is_whole = false;
    const part_changes& parts;
};

/// The SHA-256 of these bytes. A number has 8 bytes, the lowest first. A text is its length as a
/// number, and its bytes.
///
/// | bytes | |
/// |---|---|
/// | `previous` | the digest of the head before; 32 zeros for the first head |
/// | the conversation, number, parent, time, event, about | |
/// | 1 or 0, a number | 1 if the head lists all parts |
/// | the number of written parts; the name and the 32 bytes of the digest of each | |
/// | the number of dropped parts; the name of each | |
///
/// The rows of the parts are not included, so that a copy of the archive may have other
/// row numbers.
digest head_digest(sha256& hash, const head_content& head, const digest& previous);

}  // namespace stube::storage
