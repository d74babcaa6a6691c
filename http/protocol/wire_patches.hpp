#pragma once

#include <stube/runtime/conversation_map.hpp>
#include <stube/runtime/markup.hpp>

#include <memory>
#include <string>
#include <string_view>

/// The browser protocol from the server to the page. Only this file decides how patches are sent.
///
/// A patch is an element that htmx 4 takes out of its input: the body of a response, or a message
/// of the stream. The patches of one update are applied in order:
///
///     view      <hx-partial hx-target="#stube-view" hx-swap="innerMorph">...
///     final     as view; the body of a response also deletes the stream's element, because the
///               stream will not report the end
///     notice    <hx-partial hx-target="#stube-notice" hx-swap="innerHTML">...
///     instance  <hx-morph of="i7">...
///     element   <hx-morph of="i1-rows">...
///     insert    <hx-insert into="i1-rows" before="i9">...   without `before` at the end
///     move      <hx-move of="i7" before="i9">
///     remove    <hx-remove of="i7">
///     command   <hx-command>{"title":"..."}
///
/// htmx applies the first three by itself and calls stube.js for the others. The element of such a
/// patch is looked up when it is the patch's turn, because an earlier patch may have inserted it. A
/// patch whose element is not on the page is dropped.
///
/// An update is one message of the stream, in one chunk:
///
///     id: <revision>            absent if there are only notices, which make no revision
///     data: <partials>          each line of them in a data line of its own
///
/// A message that begins with a view or final patch is for every page. Any other one changes the
/// revision before its own, and a page applies it after that one: the page's own events made some
/// of the revisions, and their patches are in the responses (handlers/event.cpp).
///
/// `event: stube-end` follows the last update; the page then closes the stream (hx-sse:close). A
/// stream begins with `event: stube-beat`, and repeats it when it was silent for a while. A page
/// that receives nothing at all opens another stream.
namespace stube::http {

/// Appends one patch.
void append_partial(std::string& out, const kernel::patch& patch, const markup_wire& wire);

/// Appends all patches of an update: the body of a response.
void append_partials(std::string& out, const live::update& update, const markup_wire& wire);

/// Appends a notice above the view. `html` is finished HTML.
void append_notice(std::string& out, std::string_view html);

/// A message of a stream in one chunk; `content()` is the message without the chunk, for HTTP/1.0.
struct frame {
    std::string bytes;
    std::size_t from = 0;  ///< where the content begins
    std::size_t size = 0;  ///< of the content

    std::string_view chunk() const { return bytes; }

    std::string_view content() const { return std::string_view(bytes).substr(from, size); }
};

/// An update as a message, followed by the end if the conversation has ended.
frame make_frame(const live::update& update, const markup_wire& wire);

/// The last message of a stream whose conversation is not available: a view, and the end.
frame make_final_view(std::string_view html);

/// The same as the body of a response.
void append_final_view(std::string& out, std::string_view html);

/// The end alone; the page keeps its content.
frame make_end();

/// The last message of a stream that a newer page has evicted. The page reconnects when it is shown
/// again.
frame make_displaced();

/// The server is stopping; the page reconnects soon.
frame make_drain_hint();

/// The first message of every stream, repeated when the stream was silent.
frame make_heartbeat();

/// The bytes behind the last chunk.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Keeps the last frame that a thread has made, so that an update for several streams is encoded
/// once.
class frame_cache {
public:
    /// A frame with fewer bytes than `shared_size` is valid only until the next call, which reuses
    /// its memory even if the frame has other owners. A larger frame never changes, so streams can
    /// share it while it is sent.
    std::shared_ptr<const frame>
    get(const std::shared_ptr<const live::update>& update, const markup_wire& wire);

    void clear();

    static constexpr std::size_t shared_size = 16 << 10;

private:
    std::shared_ptr<const live::update> update_;
    std::shared_ptr<frame> frame_;
};

}  // namespace stube::http
