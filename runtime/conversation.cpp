#include <stube/runtime/conversation.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace stube {

// The stored form, format 1. The part "head" holds what the conversation is:
//   {"format":1,"owner":"…","principal":"…","mount":"/booking","last_instance":3,"stack":[1,3],
//    "applied":["00c0ffee00c0ffee"],"created":1764547200000,"touched":1764547260000}
// and each instance has a part "i<id>":
//   {"component":"hotel/pick_room","caller":1,"then":"chosen","or_else":"","state":{…}}
// Times are milliseconds since 1970. A mark has a head only, with owner, mount and touched.
namespace {

constexpr std::int64_t format = 1;

/// Far above what any conversation reaches; the next ones must still fit.
constexpr instance_id highest_instance = instance_id(1) << 53;

std::int64_t milliseconds(time_point t) {
    return t.time_since_epoch().count();
}

void append_hex(std::string& out, std::uint64_t number) {
    std::array<char, 16> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    auto length = static_cast<std::size_t>(end - digits.data());
    out.append(16 - length, '0').append(digits.data(), length);
}

template <class Integer>
void append_number(std::string& out, Integer number) {
    std::array<char, 24> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

bool is_plain(char c) {
    auto code = static_cast<unsigned char>(c);
    return code >= 0x20 && code < 0x7f && c != '"' && c != '\\';
}

/// A JSON string. Names and ids hardly ever need escaping.
void append_quoted(std::string& out, std::string_view text) {
    if (std::ranges::all_of(text, is_plain)) {
        out.append("\"").append(text).append("\"");
    } else {
        out += boost::json::serialize(boost::json::string(text));
    }
}

std::uint64_t parse_hex(std::string_view text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size())
        throw decode_error("expected an event id");
    return number;
}

std::string part_name(instance_id id) {
    std::string name = "i";
    append_number(name, id);
    return name;
}

/// `"name":` with a comma before it, for all but the first member.
std::string& member_of(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    return out.append("\"").append(name).append("\":");
}

// Written as text and not through a boost::json::value: this runs for every event, and takes a
// fifth of the time.
std::string encode_head(const conversation& from) {
    std::string out;
    out.reserve(
        256 + from.owner.size() + from.principal.size() + from.mount.size() +
        from.applied.size() * 19
    );
    out += '{';
    append_number(member_of(out, "format"), format);
    append_quoted(member_of(out, "owner"), from.owner);
    append_quoted(member_of(out, "principal"), from.principal);
    append_quoted(member_of(out, "mount"), from.mount);
    append_number(member_of(out, "last_instance"), from.last_instance);
    member_of(out, "stack") += '[';
    for (const auto& each : from.stack) {
        if (out.back() != '[') out += ',';
        append_number(out, each->id);
    }
    out += ']';
    member_of(out, "applied") += '[';
    for (auto id : from.applied) {
        if (out.back() != '[') out += ',';
        append_hex(out += '"', id);
        out += '"';
    }
    out += ']';
    append_number(member_of(out, "created"), milliseconds(from.created));
    append_number(member_of(out, "touched"), milliseconds(from.touched));
    return out += '}';
}

std::string encode_instance(const instance& from) {
    auto state = from.type->encode(from.state.get());
    std::string out;
    out.reserve(state.size() + 160);
    out += '{';
    append_quoted(member_of(out, "component"), from.type->name);
    append_number(member_of(out, "caller"), from.caller);
    append_quoted(member_of(out, "then"), from.then ? from.then->name : "");
    append_quoted(member_of(out, "or_else"), from.or_else ? from.or_else->name : "");
    member_of(out, "state") += state;
    return out += '}';
}

bool holds(const std::vector<instance_ptr>& stack, const instance_ptr& wanted) {
    return std::ranges::find(stack, wanted) != stack.end();
}

bool holds_id(const std::vector<instance_ptr>& stack, instance_id wanted) {
    return std::ranges::any_of(stack, [&](const auto& each) { return each->id == wanted; });
}

change encode_mark(const conversation& from) {
    change out;
    out.id = from.id;
    out.revision = from.revision;
    out.status = keeping::not_kept;
    out.written.push_back(
        {"head",
         boost::json::serialize(boost::json::object{
             {"format", format},
             {"owner", from.owner},
             {"mount", from.mount},
             {"touched", milliseconds(from.touched)},
         })}
    );
    return out;
}

boost::json::value parse_part(const part& from) {
    boost::json::error_code ec;
    boost::json::parse_options options;
    options.max_depth = 512;  // the store's promise and some room; the default is 32
    auto parsed = boost::json::parse(from.body, ec, {}, options);
    if (ec) throw decode_error("part " + from.name + " is not JSON: " + ec.message());
    if (!parsed.is_object()) throw decode_error("part " + from.name + " is not an object");
    return parsed;
}

const part& find_part(const record& in, std::string_view name) {
    auto found = std::ranges::find(in.parts, name, &part::name);
    if (found == in.parts.end()) throw decode_error("part " + std::string(name) + " is missing");
    return *found;
}

template <class T>
T member(const boost::json::object& of, std::string_view name) {
    const auto* found = of.if_contains(name);
    if (!found) throw decode_error("member " + std::string(name) + " is missing");
    T value{};
    decode(value, *found);
    return value;
}

time_point time_member(const boost::json::object& of, std::string_view name) {
    return time_point(std::chrono::milliseconds(member<std::int64_t>(of, name)));
}

boost::json::value parse_head(const record& from) {
    auto head = parse_part(find_part(from, "head"));
    auto found = member<std::int64_t>(head.get_object(), "format");
    if (found != format)
        throw decode_error(
            "stored in format " + std::to_string(found) + ", which this release cannot read"
        );
    return head;
}

const handler* resume_named(const instance_ptr& caller, const std::string& name) {
    if (name.empty()) return nullptr;
    const auto* found = caller ? caller->type->find(name) : nullptr;
    if (!found) throw decode_error("nobody has a member '" + name + "' to resume");
    return found;
}

std::shared_ptr<const void>
decode_state(const component_type& type, const boost::json::value& from) {
    try {
        return type.decode(from);
    } catch (const std::exception& e
    ) {  // a codec or a constructor of the application's may throw anything
        throw decode_error("state of " + std::string(type.name) + ": " + e.what());
    }
}

instance_ptr decode_instance(const record& from, instance_id id, const instance_ptr& caller) {
    auto stored = parse_part(find_part(from, part_name(id)));
    const auto& object = stored.get_object();
    auto name = member<std::string>(object, "component");
    const auto* type = find_component(name);
    if (!type || !type->durable())
        throw decode_error("component '" + name + "' is not known to this program");
    auto out = std::make_shared<instance>();
    out->id = id;
    out->type = type;
    out->caller = member<instance_id>(object, "caller");
    if (out->caller != (caller ? caller->id : 0))
        throw decode_error("the stack does not fit together");
    out->then = resume_named(caller, member<std::string>(object, "then"));
    out->or_else = resume_named(caller, member<std::string>(object, "or_else"));
    const auto* state = object.if_contains("state");
    if (!state) throw decode_error("instance " + std::to_string(id) + " has no state");
    out->state = decode_state(*type, *state);
    return out;
}

void check_stack(const std::vector<instance_id>& stack, instance_id last) {
    bool rising = std::ranges::adjacent_find(stack, std::greater_equal<>()) == stack.end();
    if (stack.empty() || stack.size() > max_stack || !rising || stack.front() == 0 ||
        stack.back() > last) {
        throw decode_error("the stack is damaged");
    }
}

}  // namespace

bool conversation::knows(event_id event) const {
    return std::ranges::find(applied, event) != applied.end();
}

const component_type* conversation::not_durable() const {
    auto found =
        std::ranges::find_if(stack, [](const auto& each) { return !each->type->durable(); });
    return found == stack.end() ? nullptr : (*found)->type;
}

bool conversation::durable() const {
    return not_durable() == nullptr;
}

change encode_change(const conversation* before, const conversation& after, bool in_parts) {
    if (!after.durable()) return encode_mark(after);
    change out;
    out.id = after.id;
    out.revision = after.revision;
    bool whole = !in_parts || !before || !before->durable();
    out.what = whole ? change::kind::replace : change::kind::update;
    out.written.push_back({"head", encode_head(after)});
    for (const auto& each : after.stack) {
        if (whole || !holds(before->stack, each))
            out.written.push_back({part_name(each->id), encode_instance(*each)});
    }
    if (whole) return out;
    for (const auto& each : before->stack) {
        if (!holds_id(after.stack, each->id)) out.dropped.push_back(part_name(each->id));
    }
    return out;
}

lost_conversation decode_mark(const record& from) {
    auto head = parse_head(from);
    const auto& object = head.get_object();
    return {
        member<std::string>(object, "owner"),
        member<std::string>(object, "mount"),
        time_member(object, "touched")};
}

conversation decode_conversation(const record& from) {
    auto head = parse_head(from);
    const auto& object = head.get_object();
    conversation out;
    out.id = from.id;
    out.revision = from.revision;
    out.owner = member<std::string>(object, "owner");
    out.principal = member<std::string>(object, "principal");
    out.mount = member<std::string>(object, "mount");
    out.last_instance = member<instance_id>(object, "last_instance");
    if (out.revision == 0 || out.last_instance > highest_instance) {
        throw decode_error("the numbers are damaged");
    }
    out.created = time_member(object, "created");
    out.touched = time_member(object, "touched");
    for (const auto& id : member<std::vector<std::string>>(object, "applied")) {
        if (out.applied.size() == remembered_events) out.applied.erase(out.applied.begin());
        out.applied.push_back(parse_hex(id));
    }
    auto stack = member<std::vector<instance_id>>(object, "stack");
    check_stack(stack, out.last_instance);
    for (auto id : stack) {
        instance_ptr caller = out.stack.empty() ? nullptr : out.stack.back();
        out.stack.push_back(decode_instance(from, id, caller));
    }
    return out;
}

}  // namespace stube
