#include "http/protocol/wire_patches.hpp"

#include "http/protocol/text.hpp"

#include <algorithm>
#include <utility>

namespace stube::http {

namespace {

constexpr std::string_view view_partial =
    "<hx-partial hx-target=\"#stube-view\" hx-swap=\"innerMorph\">";
constexpr std::string_view notice_partial =
    "<hx-partial hx-target=\"#stube-notice\" hx-swap=\"innerHTML\">";
constexpr std::string_view partial_end = "</hx-partial>";
constexpr std::string_view end_event = "event: stube-end\ndata: \n\n";
constexpr std::string_view end_partial =
    "<hx-partial hx-target=\"#stube-stream\" hx-swap=\"delete\"></hx-partial>";

/// Appends ` of="i7"`, or ` of="i7-rows"` with a list.
void append_element(
    std::string& out,
    std::string_view attribute,
    instance_id instance,
    std::string_view list = {}
) {
    out.append(" ").append(attribute).append("=\"i");
    append_number(out, instance);
    if (!list.empty()) out.append("-").append(list);
    out += '"';
}

void append_before(std::string& out, const kernel::patch& patch) {
    if (patch.before != 0) append_element(out, "before", patch.before);
}

}  // namespace

void append_partial(std::string& out, const kernel::patch& patch, const markup_wire& wire) {
    switch (patch.kind) {
    case kernel::patch_kind::instance:
    case kernel::patch_kind::element:
        out += "<hx-morph";
        append_element(out, "of", patch.target, patch.list);
        out += ">";
        write_markup(out, patch.content, wire);
        out += "</hx-morph>";
        break;
    case kernel::patch_kind::insert:
        out += "<hx-insert";
        append_element(out, "into", patch.target, patch.list);
        append_before(out, patch);
        out += ">";
        write_markup(out, patch.content, wire);
        out += "</hx-insert>";
        break;
    case kernel::patch_kind::move:
        out += "<hx-move";
        append_element(out, "of", patch.target);
        append_before(out, patch);
        out += "></hx-move>";
        break;
    case kernel::patch_kind::remove:
        out += "<hx-remove";
        append_element(out, "of", patch.target);
        out += "></hx-remove>";
        break;
    case kernel::patch_kind::command:
        out += "<hx-command>";
        append_element_text(out, patch.json);
        out += "</hx-command>";
        break;
    case kernel::patch_kind::view:
    case kernel::patch_kind::final:
        out += view_partial;
        write_markup(out, patch.content, wire);
        out += partial_end;
        break;
    case kernel::patch_kind::notice:
        out += notice_partial;
        write_markup(out, patch.content, wire);
        out += partial_end;
        break;
    }
}

namespace {

/// Splits the text behind `from`, where a data line begins, into data lines. A carriage return ends
/// a line of a stream too, and HTML treats it as a newline.
void break_lines(std::string& text, std::size_t from) {
    // Most patches have no line break. Two scans for one character each are several times faster
    // than one scan for either.
    const auto at = std::min(text.find('\n', from), text.find('\r', from));
    if (at == text.npos) return;
    const std::string rest = text.substr(at);
    text.resize(at);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (rest[i] == '\r' && i + 1 < rest.size() && rest[i + 1] == '\n') continue;
        if (rest[i] == '\r' || rest[i] == '\n') {
            text += "\ndata: ";
        } else {
            text += rest[i];
        }
    }
}

/// "1a2b\r\n" with exactly `chunk_head` characters: leading zeros are allowed.
constexpr std::size_t chunk_head = 10;

frame in_chunk(std::string bytes) {
    frame out;
    out.from = chunk_head;
    out.size = bytes.size() - chunk_head;
    auto size = out.size;
    for (std::size_t digit = chunk_head - 2; digit-- > 0; size /= 16) {
        bytes[digit] = "0123456789abcdef"[size % 16];
    }
    bytes += "\r\n";
    out.bytes = std::move(bytes);
    return out;
}

/// Starts a chunk: reserves the bytes of its head.
std::string open_chunk(std::string reused = {}) {
    reused.assign("00000000\r\n");
    return reused;
}

frame encode(const live::update& update, const markup_wire& wire, std::string reused) {
    auto out = open_chunk(std::move(reused));
    if (update.revision != 0) {
        out += "id: ";
        append_number(out, update.revision);
        out += "\n";
    }
    out += "data: ";
    const auto from = out.size();
    for (const auto& each : update.patches)
        append_partial(out, each, wire);
    break_lines(out, from);
    out += "\n\n";
    if (update.ended) out += end_event;
    return in_chunk(std::move(out));
}

}  // namespace

void append_partials(std::string& out, const live::update& update, const markup_wire& wire) {
    for (const auto& each : update.patches)
        append_partial(out, each, wire);
    if (update.ended) out += end_partial;
}

void append_final_view(std::string& out, std::string_view html) {
    out.append(view_partial).append(html).append(partial_end).append(end_partial);
}

void append_notice(std::string& out, std::string_view html) {
    out.append(notice_partial).append(html).append(partial_end);
}

frame make_frame(const live::update& update, const markup_wire& wire) {
    return encode(update, wire, {});
}

frame make_final_view(std::string_view html) {
    auto out = open_chunk();
    out += "data: ";
    const auto from = out.size();
    out.append(view_partial).append(html).append(partial_end);
    break_lines(out, from);
    out.append("\n\n").append(end_event);
    return in_chunk(std::move(out));
}

frame make_end() {
    return in_chunk(open_chunk().append(end_event));
}

frame make_displaced() {
    return in_chunk(open_chunk().append("event: stube-displaced\n\n"));
}

frame make_drain_hint() {
    return in_chunk(open_chunk().append("event: stube-drain\n\n"));
}

frame make_heartbeat() {
    return in_chunk(open_chunk().append("event: stube-beat\n\n"));
}

std::shared_ptr<const frame>
frame_cache::get(const std::shared_ptr<const live::update>& update, const markup_wire& wire) {
    if (update_ == update) return frame_;
    update_.reset();
    if (!frame_ || frame_->bytes.size() >= shared_size) frame_ = std::make_shared<frame>();
    *frame_ = encode(*update, wire, std::move(frame_->bytes));
    update_ = update;
    return frame_;
}

void frame_cache::clear() {
    constexpr std::size_t kept = 64 << 10;
    update_.reset();
    if (frame_ && frame_->bytes.capacity() > kept) frame_.reset();
}

}  // namespace stube::http
