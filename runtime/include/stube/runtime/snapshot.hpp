#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/secret.hpp>

#include <boost/json/value.hpp>

/// Snapshots: the whole conversation as JSON that an application keeps or sends itself. Another
/// process, or another application with the same components, can continue from the snapshot.
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
/// On a server, each visitor of a path gets a conversation that continues from the value:
///
///     site.restore("/rules/saved", [](const request_info&) { return read("rules.json"); });
namespace stube {

/// `{"stube":"conversation","format":1,"id":…,"revision":…,"parts":{"head":{…},"i1":{…}}}`: all
/// that a store keeps of the conversation (docs/decisions/0002), without the owner, which would be
/// a secret in a file. All releases read the formats of older releases; `restore` refuses newer
/// ones. States may nest up to 500 levels. A program that parses the text with Boost.JSON, whose
/// default limit is 32, must set `parse_options::max_depth`.
///
/// A snapshot does not contain `transient` values. `encrypted` values are encrypted with the first
/// of the `keys`; throws std::logic_error if there are such values and no key.
///
/// Throws std::invalid_argument if the conversation cannot be stored because it contains a flow.
/// Throws what the codecs of the states throw.
boost::json::value snapshot(const conversation& of, const secret_keys& keys = {});

/// The conversation in the snapshot, with an empty owner. Components of an older version are
/// migrated, as when a store is loaded. Throws `decode_error` if the value is not a snapshot, is
/// damaged, has a newer format, contains a component that this program does not have, or contains
/// an encrypted value that the `keys` cannot decrypt.
conversation restore(const boost::json::value& from, const secret_keys& keys = {});

}  // namespace stube
