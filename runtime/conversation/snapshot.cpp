#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/conversation/stored_form.hpp"

#include <stube/runtime/component_error.hpp>
#include <stube/runtime/snapshot.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace stube {

using namespace kernel;
using namespace storage;
namespace {

namespace json = boost::json;

constexpr std::string_view kind = "conversation";
constexpr std::int64_t format = 1;

const json::value& member(const json::object& of, std::string_view name) {
    const auto* found = of.if_contains(name);
    if (!found) throw decode_error("the snapshot has no " + std::string(name));
    return *found;
}

template <class T>
T value_of(const json::object& of, std::string_view name) {
    T value{};
    decode(value, member(of, name));
    return value;
}

json::value parse_written(const part& from) {
    json::parse_options options;
    options.max_depth = deepest_json;
    return json::parse(from.body, {}, options);
}

}  // namespace

json::value context::snapshot() const {
    if (!before_event_ || before_event_->root == 0) {
        throw component_error(
            "stube: there is no conversation to take a snapshot of; only handlers can take one"
        );
    }
    return stube::snapshot(*before_event_, secrets_ ? *secrets_ : secret_keys());
}

json::value snapshot(const conversation& of, const secret_keys& keys) {
    if (const auto* flow = of.not_durable()) {
        throw std::invalid_argument(
            "stube: the conversation holds " + std::string(flow->name) +
            ", which exists only in memory and cannot be part of a snapshot"
        );
    }
    const detail::secret_keys_scope scope(keys);
    json::object parts;
    for (const auto& each : encode_change(nullptr, of, false).written)
        parts.emplace(each.name, parse_written(each));
    parts.at("head").as_object()["owner"] = "";
    return {
        {"stube", kind},
        {"format", format},
        {"id", of.id},
        {"revision", of.revision},
        {"parts", std::move(parts)}
    };
}

conversation restore(const json::value& from, const secret_keys& keys) {
    const auto* object = from.if_object();
    if (!object || value_of<std::string>(*object, "stube") != kind)
        throw decode_error("this is not a snapshot of a conversation");
    const auto written_in = value_of<std::int64_t>(*object, "format");
    if (written_in != format) {
        throw decode_error(
            "the snapshot has format " + std::to_string(written_in) +
            ", which this release cannot read: a newer release has written it"
        );
    }
    const auto* parts = member(*object, "parts").if_object();
    if (!parts) throw decode_error("the parts of the snapshot are not an object");
    record stored;
    stored.id = value_of<std::string>(*object, "id");
    stored.revision = value_of<std::uint64_t>(*object, "revision");
    for (const auto& [name, body] : *parts)
        stored.parts.push_back({std::string(name), json::serialize(body)});
    const detail::secret_keys_scope scope(keys);
    return decode_conversation(stored);
}

}  // namespace stube
