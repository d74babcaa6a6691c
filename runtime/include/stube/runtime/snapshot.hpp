#pragma once

#include <stube/runtime/conversation.hpp>

#include <boost/json/value.hpp>

/// A conversation as a value: taken out as JSON, kept or sent by the application itself, and put
/// into a fresh process or another application that knows the same components, where it goes on as
/// if nothing had happened.
///
///     struct rules {
///         static constexpr std::string_view component = "demo/rules";
///         std::vector<std::string> facts;
///         void save(context& c) { write("rules.json", c.snapshot()); }
///         markup render() const { return html::button(on<"click", &rules::save>, "Save"); }
///     };
///
/// In a test, or a program without any server:
///
///     auto taken = snapshot(t.value());
///     test_conversation fresh(restore(taken));
///
/// On a server, visitors of a path get a conversation that goes on from the value:
///
///     site.restore("/rules/saved", [](const request_info&) { return read("rules.json"); });
namespace stube {

/// `{"stube":"conversation","format":1,"id":…,"revision":…,"parts":{"head":{…},"i1":{…}}}`: all
/// that a store keeps of it (docs/decisions/0002) but whose browser it belongs to, which would be a
/// secret in a file. Pieces of an unknown format are refused by `restore`; older ones will always
/// be read. States may nest up to 500 deep: whoever reads the text back with Boost.JSON, whose
/// limit is 32, sets `parse_options::max_depth`.
///
/// Throws std::invalid_argument if it cannot be stored (it holds a flow), and what a codec throws.
boost::json::value snapshot(const conversation& of);

/// The conversation that was taken out; with an empty owner. Components of an older version are
/// migrated, as they are when a store is loaded. Throws `decode_error` if this program cannot read
/// it: no snapshot, damaged, a newer format, or a component that is not known here.
conversation restore(const boost::json::value& from);

}  // namespace stube
