#pragma once

#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/markup.hpp>

#include <memory>
#include <string>
#include <string_view>

/// The browser's wire, from the server to the page. This is the one place that knows how patches
/// travel.
///
/// A patch is an element that htmx 4 takes out of what it receives, be it the body of an answer or
/// a message of the stream. Patches of one update are applied in its order:
///
///     view      <hx-partial hx-target="#stube-view" hx-swap="innerMorph">...
///     final     the same; in the body of an answer the stream's element goes too, for it will not
///               be told
///     notice    <hx-partial hx-target="#stube-notice" hx-swap="innerHTML">...
///     instance  <hx-morph of="i7">...
///     element   <hx-morph of="i1-rows">...
///     insert    <hx-insert into="i1-rows" before="i9">...   without `before` at the end
///     move      <hx-move of="i7" before="i9">
///     remove    <hx-remove of="i7">
///     command   <hx-command>{"title":"..."}
///
/// htmx knows the first three by itself. It calls stube.js for the others, whose element is looked
/// for when it is their turn (a patch may be about what the one before it brought), and which are
/// dropped when it is not on the page.
///
/// An update is one message of the stream, in one chunk:
///
///     id: <revision>
///     data: <partials>          each line of them in a data line of its own
///
/// After the last one comes `event: stube-end`, upon which the page closes the stream
/// (hx-sse:close). A stream begins with `event: stube-beat`, and says so again when there was
/// nothing else to say for a while: a page that hears nothing at all opens another one.
namespace stube::http {

/// One patch as a partial.
void append_partial(std::string& out, const kernel::patch& what, const markup_wire& wire);

/// All patches of an update as partials: the body of an answer.
void append_partials(std::string& out, const live::update& what, const markup_wire& wire);

/// A message above the view, as a partial. `html` is finished.
void append_notice(std::string& out, std::string_view html);

/// Bytes of a stream in one chunk, and the same without the chunk around them for HTTP/1.0.
struct frame {
    std::string bytes;
    std::size_t from = 0;  ///< where the content begins
    std::size_t size = 0;  ///< of the content

    std::string_view chunk() const { return bytes; }

    std::string_view content() const { return std::string_view(bytes).substr(from, size); }
};

/// One update as a message, with the end behind it if nothing will follow.
frame make_frame(const live::update& what, const markup_wire& wire);

/// The last words of a stream whose conversation cannot be had: a view, and the end.
frame make_last_words(std::string_view html);

/// The same as the body of an answer.
void append_last_words(std::string& out, std::string_view html);

/// The end alone: what the page shows is to stay.
frame make_end();

/// Another page has taken the place of this one. It is to come back when someone looks at it.
frame make_displaced();

/// "Come back soon": the server is about to leave.
frame make_drain_hint();

/// A sign of life, and the first thing that a stream says.
frame make_heartbeat();

/// Behind the last chunk.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Keeps the last frame made on a thread, so that an update that goes to several streams is encoded
/// once.
class frame_cache {
public:
    /// A frame with fewer bytes than `shared_size` is valid until the next call, whoever owns it:
    /// its memory is used again. A larger one does not change, so that streams can share it while
    /// it is sent.
    std::shared_ptr<const frame>
    get(const std::shared_ptr<const live::update>& what, const markup_wire& wire);

    void clear();

    static constexpr std::size_t shared_size = 16 << 10;

private:
    std::shared_ptr<const live::update> of_;
    std::shared_ptr<frame> made_;
};

}  // namespace stube::http
