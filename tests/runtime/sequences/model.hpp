#pragma once

#include "step.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The conversations of a sequence with their archives, as plain data. Written from the
/// documentation, without code of the product: a conversation is a list of whole values, and its
/// steps are one list in which Back and Forward move.
namespace sequences {

/// The way in which a request ends.
enum class result { ok, ended, failed, stale, repeated, gone };

struct model_question {
    std::uint64_t id = 0;
    int depth = 0;
};

struct model_line {
    int key = 0;
    std::uint64_t id = 0;
    int bumps = 0;
};

/// The components of a page. The desk has the instance id 1, and the tally has 2.
struct model_page {
    int total = 0;
    std::string note = {};
    int tally = 0;
    std::vector<model_line> lines = {};
    int next_line = 1;
    std::vector<model_question> on_desk = {};   ///< the last one is shown
    std::vector<model_question> on_tally = {};  ///< likewise
};

/// A step that Back or Forward can reach.
struct model_step {
    std::uint64_t number = 0;
    std::uint64_t left_at = 0;  ///< the head at which the user left it; 0 for the present step
    model_page page = {};
};

/// A conversation at one head.
struct model_value {
    std::uint64_t revision = 1;
    std::uint64_t last_instance = 2;
    std::uint64_t last_step = 1;
    std::vector<model_step> steps{{1, 0, {}}};
    std::size_t at = 0;  ///< the present step

    const model_page& page() const { return steps[at].page; }
};

struct model_head {
    std::uint64_t number = 0;
    std::uint64_t parent = 0;
    std::int64_t time = 0;    ///< in hours since 1970
    std::string kind = {};    ///< as in an audit
    std::string member = {};  ///< of an event
    bool is_end = false;
    model_value value = {};  ///< for an end, the value before it
};

struct model_origin {
    std::string id = {};
    std::uint64_t head = 0;
};

struct model_conversation {
    std::string id = {};
    std::vector<model_head> heads = {};        ///< the oldest first; without deleted ones
    std::vector<std::uint64_t> failures = {};  ///< the head after which each turn failed
    std::optional<model_origin> origin = {};
    std::uint64_t last_event = 0;  ///< the id of the last event that was applied

    bool is_forgotten() const { return heads.empty(); }

    bool has_ended() const { return is_forgotten() || heads.back().is_end; }

    const model_value& now() const { return heads.back().value; }
};

/// The end of a line of heads, as in `stube::live::branch`.
struct model_branch {
    std::uint64_t tip = 0;
    std::uint64_t fork = 0;
    bool is_current = false;
};

struct deleted_counts {
    std::size_t heads = 0;  ///< of conversations that stay
    std::size_t conversations = 0;
};

struct model {
    std::vector<model_conversation> conversations = {};
    std::map<std::string, std::string> aliases;  ///< ids by alias
    std::int64_t time = 0;                       ///< in hours since 1970

    /// Applies an act on a conversation. `event` is the id of an event, greater than all before.
    /// `id` is the id that a new conversation would get.
    result apply(const step& next, std::uint64_t event, const std::string& id);

    /// Deletes the heads that are older than a day, and conversations that ended so long ago.
    /// Returns their numbers.
    deleted_counts trim();

private:
    result apply_event(model_conversation& on, const step& next, std::uint64_t event);
    result end(model_conversation& on, model_head head, std::uint64_t event);
    result move(model_conversation& on, std::optional<std::size_t> to, std::uint64_t event);
    result give_alias(model_conversation& on, const std::string& alias, model_head head);
    result fork(const step& next, const std::string& id);
    model_conversation& add(const std::string& id, model_value value, const char* kind);
    result append(model_conversation& on, model_head head) const;
    void forget(model_conversation& one);
};

/// The numbers of the heads that led to the newest one, as far as they are kept.
std::vector<std::uint64_t> current_branch(const model_conversation& of);

/// The current branch first, then by their tips, falling.
std::vector<model_branch> branches_of(const model_conversation& of);

/// All of a value as one line, for comparisons.
std::string text_of(const model_value& value);

/// True if events reach the instance.
bool is_shown(const model_page& page, std::uint64_t instance);

}  // namespace sequences
