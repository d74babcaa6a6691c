#include "store/archive_head.hpp"

#include "store/little_endian.hpp"

#include <charconv>
#include <stdexcept>

namespace stube::storage {
namespace {

/// Reads the text of to_json, which has no spaces and no escapes.
class changes_reader {
public:
    explicit changes_reader(std::string_view json) : rest_(json) {}

    part_changes read() {
        part_changes changes;
        expect('[');
        if (!skip(']')) {
            do
                read_part(changes);
            while (skip(','));
            expect(']');
        }
        if (!rest_.empty()) fail();
        return changes;
    }

private:
    [[noreturn]] static void fail() {
        throw std::invalid_argument("the list of its parts is not valid");
    }

    bool skip(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char c) {
        if (!skip(c)) fail();
    }

    std::string_view text() {
        expect('"');
        const std::string_view found = rest_.substr(0, rest_.find('"'));
        rest_.remove_prefix(found.size());
        expect('"');
        return found;
    }

    std::int64_t row() {
        std::int64_t number = 0;
        const auto [last, error] =
            std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
        if (error != std::errc() || number <= 0) fail();
        rest_.remove_prefix(static_cast<std::size_t>(last - rest_.data()));
        return number;
    }

    void read_part(part_changes& changes) {
        expect('[');
        std::string name(text());
        if (skip(']')) {
            changes.dropped.push_back(std::move(name));
            return;
        }
        expect(',');
        const std::int64_t number = row();
        expect(',');
        const auto content = read_digest(text());
        if (!content) fail();
        expect(']');
        changes.written.push_back({std::move(name), number, *content});
    }

    std::string_view rest_;
};

void append_text(std::string& bytes, std::string_view text) {
    append_number(bytes, text.size());
    bytes += text;
}

void append_bytes(std::string& bytes, const digest& value) {
    bytes.append(reinterpret_cast<const char*>(value.data()), value.size());
}

}  // namespace

std::string to_json(const part_changes& changes) {
    std::string json;
    json.reserve(2 + changes.size() * 72);
    json += '[';
    for (const auto& part : changes.written) {
        json.append(json.size() == 1 ? "[\"" : ",[\"").append(part.name).append("\",");
        json.append(std::to_string(part.row)).append(",\"");
        append_digest(json, part.content);
        json += "\"]";
    }
    for (const auto& name : changes.dropped)
        json.append(json.size() == 1 ? "[\"" : ",[\"").append(name).append("\"]");
    return json += ']';
}

part_changes read_part_changes(std::string_view json) {
    return changes_reader(json).read();
}

digest head_digest(sha256& hash, const head_content& head, const digest& previous) {
    thread_local std::string bytes;
    bytes.clear();
    append_bytes(bytes, previous);
    append_text(bytes, head.conversation);
    append_number(bytes, head.number);
    append_number(bytes, head.parent);
    append_number(bytes, static_cast<std::uint64_t>(head.time));
    append_text(bytes, head.event);
    append_text(bytes, head.about);
    append_number(bytes, head.is_whole);
    append_number(bytes, head.parts.written.size());
    for (const auto& part : head.parts.written) {
        append_text(bytes, part.name);
        append_bytes(bytes, part.content);
    }
    append_number(bytes, head.parts.dropped.size());
    for (const auto& name : head.parts.dropped)
        append_text(bytes, name);
    return hash.of(bytes);
}

}  // namespace stube::storage
