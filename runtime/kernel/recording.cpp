#include "runtime/kernel/recording.hpp"

#include "runtime/conversation/json_text.hpp"
#include "runtime/kernel/checked_json.hpp"

#include <stube/runtime/codec.hpp>
#include <stube/runtime/secret.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube::kernel {

namespace {

constexpr std::string_view name_of_head = "head";

/// Replaces each encrypted value by the masked text.
void mask_ciphertexts(boost::json::value& in) {
    if (detail::is_ciphertext(in)) return detail::set_masked(in);
    if (auto* object = in.if_object()) {
        for (auto& member : *object)
            mask_ciphertexts(member.value());
    } else if (auto* array = in.if_array()) {
        for (auto& element : *array)
            mask_ciphertexts(element);
    }
}

std::string without_secrets(std::string_view json, const std::string& place) {
    auto parsed = parse_checked(json, place);
    mask_ciphertexts(parsed);
    return boost::json::serialize(parsed);
}

std::string place_of(std::uint64_t head) {
    return "head " + std::to_string(head);
}

/// The head of a stored conversation. The owner is a key to the conversation.
std::string without_owner(std::string_view json, const std::string& place, std::string& mount) {
    auto parsed = parse_checked(json, place);
    const checked_json head(parsed, place);
    mount = head.at("mount").text();
    head.at("owner").text();
    parsed.get_object()["owner"] = "";
    return boost::json::serialize(parsed);
}

}  // namespace

// --- collecting

recorder::recorder(std::string id) {
    out_.release = STUBE_RELEASE;
    out_.id = std::move(id);
}

void recorder::add(storage::logged_commit commit) {
    recorded_head added{std::move(commit.head), {}};
    const auto place = place_of(added.head.number);
    added.head.digest = {};
    added.head.event = without_secrets(added.head.event, place + ", event");
    if (commit.is_whole) parts_.clear();
    for (auto& each : commit.written) {
        const auto where = place + ", part " + each.name;
        auto content = each.name == name_of_head ? without_owner(each.body, where, out_.mount)
                                                 : without_secrets(each.body, where);
        parts_.insert_or_assign(std::move(each.name), index_of(std::move(content)));
    }
    for (const auto& name : commit.dropped)
        parts_.erase(name);
    added.parts.reserve(parts_.size());
    for (const auto& [name, content] : parts_)
        added.parts.push_back({name, content});
    out_.heads.push_back(std::move(added));
}

void recorder::add(storage::archived_failure failed) {
    failed.event = without_secrets(failed.event, "failure after " + place_of(failed.after_head));
    out_.failures.push_back(std::move(failed));
}

recording recorder::finish(std::vector<std::string> aliases) && {
    out_.aliases = std::move(aliases);
    return std::move(out_);
}

std::size_t recorder::index_of(std::string content) {
    const auto [found, is_new] = known_.try_emplace(std::move(content), out_.contents.size());
    if (is_new) out_.contents.push_back(found->first);
    return found->second;
}

std::vector<storage::part> parts_at(const recording& of, std::size_t index) {
    std::vector<storage::part> out;
    for (const auto& each : of.heads.at(index).parts)
        out.push_back({each.name, of.contents.at(each.content)});
    return out;
}

// --- writing

namespace {

/// Appends `items` as a JSON array, with one of them in a line.
template <class Range, class Append>
void append_lines(std::string& out, std::string_view name, const Range& items, Append append) {
    append_key(out, name) += '[';
    const char* separator = "\n";
    for (const auto& each : items) {
        append(out += separator, each);
        separator = ",\n";
    }
    out += ']';
}

void append_head_line(std::string& out, const recorded_head& from) {
    append_number(append_key(out += '{', "number"), from.head.number);
    append_number(append_key(out, "parent"), from.head.parent);
    append_number(append_key(out, "time"), from.head.time);
    append_key(out, "event") += from.head.event;
    append_key(out, "about") += from.head.about;
    append_key(out, "parts") += '{';
    for (const auto& each : from.parts)
        append_number(append_key(out, each.name), each.content);
    out += "}}";
}

void append_failure_line(std::string& out, const storage::archived_failure& from) {
    append_number(append_key(out += '{', "after"), from.after_head);
    append_number(append_key(out, "time"), from.time);
    append_key(out, "event") += from.event;
    append_quoted(append_key(out, "why"), from.why);
    out += '}';
}

}  // namespace

std::string to_json(const recording& from) {
    std::string out = "{";
    append_number(append_key(out, "format"), recording_format);
    append_quoted(append_key(out, "release"), from.release);
    append_quoted(append_key(out, "id"), from.id);
    append_quoted(append_key(out, "mount"), from.mount);
    append_lines(out, "aliases", from.aliases, append_quoted);
    append_lines(out, "contents", from.contents, [](std::string& to, const std::string& content) {
        to += content;
    });
    append_lines(out, "heads", from.heads, append_head_line);
    append_lines(out, "failures", from.failures, append_failure_line);
    return out += "}\n";
}

// --- reading

namespace {

/// Calls the check of the store, so that its errors name the place.
template <class Check>
void check_at(const checked_json& at, Check check) {
    try {
        check();
    } catch (const std::invalid_argument& error) {
        at.refuse("is not valid: " + std::string(error.what()));
    }
}

recorded_head read_recorded_head(const checked_json& from, std::size_t contents) {
    recorded_head out;
    out.head.number = from.at("number").count();
    out.head.parent = from.at("parent").count();
    out.head.time = from.at("time").number();
    out.head.event = boost::json::serialize(from.at("event").object());
    out.head.about = boost::json::serialize(from.at("about").object());
    if (out.head.parent >= out.head.number) from.at("parent").refuse("is not below the number");
    const auto parts = from.at("parts");
    for (const auto& member : parts.object()) {
        const auto part = parts.at(member.key());
        check_at(part, [&] { storage::check_part_name(member.key()); });
        const auto content = part.count();
        if (content >= contents) part.refuse("is not the index of a content");
        out.parts.push_back({std::string(member.key()), static_cast<std::size_t>(content)});
    }
    std::ranges::sort(out.parts, {}, &recorded_part::name);
    const bool has_head =
        std::ranges::binary_search(out.parts, name_of_head, {}, &recorded_part::name);
    if (!out.parts.empty() && !has_head) parts.refuse("has no head");
    return out;
}

storage::archived_failure read_recorded_failure(const checked_json& from, const std::string& id) {
    storage::archived_failure out;
    out.id = id;
    out.after_head = from.at("after").count();
    out.time = from.at("time").number();
    out.event = boost::json::serialize(from.at("event").object());
    out.why = from.at("why").text();
    return out;
}

}  // namespace

recording parse_recording(std::string_view json) {
    const auto parsed = parse_checked(json, "the export");
    const checked_json document(parsed, "the export");
    if (const auto format = document.at("format"); format.count() != recording_format)
        format.refuse("is not a format that this release can read");
    recording out;
    out.release = document.at("release").text();
    const auto id = document.at("id");
    out.id = id.text();
    check_at(id, [&] { storage::check_id(out.id); });
    out.mount = document.at("mount").text();

    const auto aliases = document.at("aliases");
    for (std::size_t i = 0; i < aliases.array().size(); ++i) {
        out.aliases.push_back(aliases.at(i).text());
        check_at(aliases.at(i), [&] { storage::check_alias(out.aliases.back()); });
    }
    const auto contents = document.at("contents");
    for (std::size_t i = 0; i < contents.array().size(); ++i)
        out.contents.push_back(boost::json::serialize(contents.at(i).object()));

    const auto heads = document.at("heads");
    for (std::size_t i = 0; i < heads.array().size(); ++i) {
        auto head = read_recorded_head(heads.at(i), out.contents.size());
        if (!out.heads.empty() && head.head.number <= out.heads.back().head.number)
            heads.at(i).refuse("does not follow the head before it");
        out.heads.push_back(std::move(head));
    }
    if (out.heads.empty()) heads.refuse("has no head");
    const auto failures = document.at("failures");
    for (std::size_t i = 0; i < failures.array().size(); ++i)
        out.failures.push_back(read_recorded_failure(failures.at(i), out.id));
    return out;
}

}  // namespace stube::kernel
