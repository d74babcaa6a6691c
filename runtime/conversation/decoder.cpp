#include "runtime/conversation/decoder.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/stored_form.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/parser.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace stube::kernel {

using namespace storage;

namespace {

/// Far above the revision of any real conversation. A damaged record must not cause an overflow.
constexpr std::uint64_t highest_number = std::uint64_t(1) << 53;

std::uint64_t parse_hex(std::string_view text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size())
        throw decode_error("expected an event id");
    return number;
}

boost::json::value parse_part(const part& from, const boost::json::storage_ptr& in = {}) {
    boost::json::error_code ec;
    boost::json::parse_options options;
    options.max_depth = deepest_json;
    auto parsed = boost::json::parse(from.body, ec, in, options);
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

boost::json::value parse_head(const record& from, const boost::json::storage_ptr& in = {}) {
    auto head = parse_part(find_part(from, "head"), in);
    auto found = member<std::int64_t>(head.get_object(), "format");
    if (found < oldest_stored_format || found > stored_format)
        throw decode_error(
            "stored in format " + std::to_string(found) + ", which this release cannot read"
        );
    return head;
}

/// The last change that a stored part contains.
struct as_of {
    std::uint64_t revision = 0;  ///< 0 in format 1
    time_point touched;
    std::vector<event_id> applied;
};

as_of read_as_of(const boost::json::value& value) {
    if (!value.is_object()) throw decode_error("the data of the last change are damaged");
    const auto& from = value.get_object();
    as_of out;
    if (from.contains("revision")) out.revision = member<std::uint64_t>(from, "revision");
    out.touched = time_member(from, "touched");
    for (const auto& id : member<std::vector<std::string>>(from, "applied"))
        out.applied.push_back(parse_hex(id));
    return out;
}

/// Parses the "as_of" at the beginning of a part, and nothing after it.
boost::json::value parse_as_of(const part& from) {
    boost::json::parser parser;
    boost::json::error_code ec;
    const auto text = std::string_view(from.body).substr(begins_with_as_of.size());
    parser.write_some(text.data(), text.size(), ec);
    if (ec) throw decode_error("part " + from.name + " is damaged");
    return parser.release();
}

/// The newest "as_of" of all parts. In format 1 the head itself has the members of "as_of".
as_of newest_as_of(const record& from, const boost::json::value& head) {
    const auto* in_head = head.get_object().if_contains("as_of");
    auto out = read_as_of(in_head ? *in_head : head);
    for (const auto& each : from.parts) {
        if (each.name == "head" || !each.body.starts_with(begins_with_as_of)) continue;
        auto next = read_as_of(parse_as_of(each));
        if (next.revision > out.revision) out = std::move(next);
    }
    if (out.revision != 0 && out.revision != from.revision)
        throw decode_error("the newest change is missing");
    return out;
}

/// Reserves room for new members in all objects. Without it `state["new"] = state["old"]` in a
/// `migrate` would be undefined: adding a member could move the value on the right side.
void reserve_members(boost::json::value& in) {
    constexpr std::size_t room = 16;
    if (auto* object = in.if_object()) {
        object->reserve(object->size() + room);
        for (auto& each : *object)
            reserve_members(each.value());
    } else if (auto* array = in.if_array()) {
        for (auto& each : *array)
            reserve_members(each);
    }
}

/// Converts a state of version `from` into the shape of this program.
void migrate_state(const component_type& type, int from, boost::json::value& state) {
    if (from == type.version) return;
    if (!type.migrate) throw decode_error("the component has no migrate");
    if (!state.is_object()) throw decode_error("expected an object");
    reserve_members(state);
    try {
        type.migrate(from, state.get_object());
    } catch (const std::exception& e) {
        throw decode_error(std::string("migrate failed: ") + e.what());
    }
}

/// Decodes a state that version `from` of the component has written.
std::shared_ptr<const void>
decode_state(const component_type& type, int from, boost::json::value& state) {
    std::string why;
    try {
        migrate_state(type, from, state);
        return type.decode(state);
    } catch (...) {  // a codec, a constructor or migrate may throw anything
        why = current_exception_message();
    }
    throw bad_state(std::string(type.name), from, type.version, why);
}

/// The version of the component that wrote a part. Version 1 is not stored.
int version_of(const boost::json::object& part) {
    return part.contains("version") ? member<int>(part, "version") : 1;
}

/// Throws `unknown_component` or `newer_shape` if this program cannot read that version.
const component_type& find_shape(const std::string& component, int version) {
    const auto* type = find_component(component);
    if (!type || !type->durable()) throw unknown_component(component);
    if (version < 1) throw decode_error("the version of " + component + " is damaged");
    if (version > type->version) throw newer_shape(component, version, type->version);
    return *type;
}

std::uint64_t parse_id(std::string_view text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number == 0)
        throw decode_error("the name of a part is damaged");
    return number;
}

instance_id link_of(const boost::json::object& from, std::string_view name) {
    return from.contains(name) ? member<instance_id>(from, name) : 0;
}

/// An instance whose names of members are not resolved yet.
struct stored_instance {
    std::shared_ptr<instance> made;
    boost::json::value json;
};

/// Reads the part of an instance, in its current version or in an older one.
stored_instance read_instance(const part& from) {
    stored_instance next{std::make_shared<instance>(), parse_part(from)};
    auto& decoded = *next.made;
    std::string_view name = from.name;
    if (!name.starts_with('i')) throw decode_error("part " + from.name + " is not known");
    const auto middle = std::min(name.find('_'), name.size());
    decoded.id = parse_id(name.substr(1, middle - 1));
    auto& object = next.json.get_object();
    decoded.version = member<std::uint64_t>(object, "clock");
    const bool is_old = middle < name.size();
    if (decoded.version == 0 || (is_old && parse_id(name.substr(middle + 1)) != decoded.version))
        throw decode_error("the clock of part " + from.name + " is damaged");
    auto component = member<std::string>(object, "component");
    const auto shape = version_of(object);
    decoded.type = &find_shape(component, shape);
    decoded.caller = link_of(object, "caller");
    decoded.owner = link_of(object, "owner");
    decoded.covers = link_of(object, "under");
    decoded.covered_by = link_of(object, "over");
    decoded.reset_at = link_of(object, "begun");
    auto* state = object.if_contains("state");
    if (!state) throw decode_error("part " + from.name + " has no state");
    decoded.state = decode_state(*decoded.type, shape, *state);
    decoded.stored_size.set(from.body.size());
    return next;
}

/// All stored versions of all instances of a record.
class stored_instances {
public:
    explicit stored_instances(const record& from) {
        for (const auto& each : from.parts) {
            if (each.name != "head") read_part(each);
        }
        for (auto& [id, versions] : versions_) {
            for (auto& [number, one] : versions)
                resolve_members(one);
        }
    }

    /// The instances that can be reached from `root`, each in its highest version up to `clock`.
    instance_table reachable_from(instance_id root, std::uint64_t clock) const {
        instance_table out;
        // An instance to visit, with the links that it must have.
        struct visit {
            instance_id id, owner, covers;
        };
        std::vector<visit> open{{root, 0, 0}};
        std::map<instance_id, instance_ptr> found;
        while (!open.empty()) {
            const auto [id, owner, covers] = open.back();
            open.pop_back();
            auto reached = version_at(id, clock);
            // A caller or owner is older than its callee or child, so its id is lower.
            if (reached->owner != owner || reached->covers != covers || reached->caller >= id ||
                !found.emplace(id, reached).second)
                throw decode_error("the instances do not fit together");
            if (reached->covered_by != 0) open.push_back({reached->covered_by, owner, id});
            each_list(*reached, [&](const embedded_children& list) {
                for (const auto& child : list.all()) {
                    if (child.is_made()) open.push_back({child.id, id, 0});
                }
            });
        }
        for (const auto& [id, reached] : found) {
            if (reached->caller != 0 && !found.contains(reached->caller))
                throw decode_error("the instances do not fit together");
            out.put(reached);
        }
        return out;
    }

    instance_id highest() const { return versions_.empty() ? 0 : versions_.rbegin()->first; }

private:
    using stored = stored_instance;

    static std::string text_of(const boost::json::object& from, std::string_view name) {
        return from.contains(name) ? member<std::string>(from, name) : std::string();
    }

    void read_part(const part& from) {
        auto next = read_instance(from);
        const auto& decoded = *next.made;
        types_.emplace(decoded.id, decoded.type);
        const auto version = decoded.version;
        if (!versions_[decoded.id].emplace(version, std::move(next)).second)
            throw decode_error("part " + from.name + " is stored twice");
    }

    static const member_handler*
    member_if_named(const component_type& type, const std::string& name) {
        return name.empty() ? nullptr : member_named(type, name);
    }

    static const member_handler* member_named(const component_type& type, const std::string& name) {
        const auto* found = type.find(name);
        if (!found)
            throw decode_error(
                "component " + std::string(type.name) + " has no member '" + name + "'"
            );
        return found;
    }

    /// Finds the members that are stored by name: the caller's members that receive the answer, and
    /// the instance's own members that receive timers, messages and results.
    void resolve_members(stored& from) {
        auto& target = *from.made;
        const auto& object = from.json.get_object();
        auto then = text_of(object, "then");
        auto or_else = text_of(object, "or_else");
        auto caller = types_.find(target.caller);
        if (caller != types_.end()) {
            target.then = member_if_named(*caller->second, then);
            target.or_else = member_if_named(*caller->second, or_else);
        } else if (!then.empty() || !or_else.empty()) {
            throw decode_error("the caller of an instance is missing");
        }
        wait_set waits;
        for (const auto& each : list_of(object, "timers")) {
            const auto& fields = detail::array_of(each, 3);
            waits.timers.push_back(
                {time_point(std::chrono::milliseconds(value_of<std::int64_t>(fields[0]))),
                 member_named(*target.type, value_of<std::string>(fields[1])),
                 value_of<std::string>(fields[2])}
            );
        }
        for (const auto& each : list_of(object, "subscriptions")) {
            const auto& fields = detail::array_of(each, 2);
            waits.subscriptions.push_back(
                {value_of<std::string>(fields[0]),
                 member_named(*target.type, value_of<std::string>(fields[1]))}
            );
        }
        for (const auto& each : list_of(object, "work")) {
            const auto& fields = detail::array_of(each, 3);
            waits.work.push_back(
                {value_of<std::uint64_t>(fields[0]),
                 member_if_named(*target.type, value_of<std::string>(fields[1])),
                 member_if_named(*target.type, value_of<std::string>(fields[2]))}
            );
        }
        if (!waits.empty()) target.waits = std::make_shared<const wait_set>(std::move(waits));
        from.json = nullptr;
    }

    static boost::json::array list_of(const boost::json::object& from, std::string_view name) {
        const auto* found = from.if_contains(name);
        if (!found) return {};
        if (!found->is_array())
            throw decode_error("member " + std::string(name) + " is not an array");
        return found->get_array();
    }

    template <class T>
    static T value_of(const boost::json::value& from) {
        T value{};
        decode(value, from);
        return value;
    }

    instance_ptr version_at(instance_id id, std::uint64_t clock) const {
        auto found = versions_.find(id);
        if (found == versions_.end())
            throw decode_error("instance " + std::to_string(id) + " is missing");
        auto above = found->second.upper_bound(clock);
        if (above == found->second.begin())
            throw decode_error("instance " + std::to_string(id) + " is missing");
        return std::prev(above)->second.made;
    }

    std::map<instance_id, std::map<std::uint64_t, stored>> versions_;
    std::map<instance_id, const component_type*> types_;
};

std::vector<const component_type*> types_in(const instance_table& of) {
    std::map<std::string_view, const component_type*> by_name;
    of.each([&](const instance_ptr& each) { by_name.emplace(each->type->name, each->type); });
    std::vector<const component_type*> out;
    out.reserve(by_name.size());
    for (const auto& [name, type] : by_name)
        out.push_back(type);
    return out;
}

std::vector<history_step_ptr>
decode_steps(const boost::json::object& head, std::string_view name, const stored_instances& from) {
    std::vector<history_step_ptr> out;
    const auto* steps = head.if_contains(name);
    if (!steps || !steps->is_array()) throw decode_error("the list of steps is damaged");
    for (const auto& each : steps->get_array()) {
        const bool has_url = each.is_array() && each.get_array().size() == 4;
        const auto& fields = detail::array_of(each, has_url ? 4 : 3);
        history_step next;
        decode(next.step, fields[0]);
        decode(next.clock, fields[1]);
        decode(next.root, fields[2]);
        if (has_url) decode(next.url, fields[3]);
        next.instances = from.reachable_from(next.root, next.clock);
        next.types = types_in(next.instances);
        out.push_back(std::make_shared<const history_step>(std::move(next)));
    }
    if (out.size() > max_history) throw decode_error("there are too many steps");
    return out;
}

}  // namespace

unknown_component::unknown_component(std::string component)
    : decode_error("component '" + component + "' is not known to this program"),
      component_(std::move(component)) {}

newer_shape::newer_shape(std::string component, int stored, int known)
    : decode_error(
          "component '" + component + "' was stored in version " + std::to_string(stored) +
          ", this program has version " + std::to_string(known)
      ),
      component_(std::move(component)),
      stored_(stored),
      known_(known) {}

namespace {

std::string
describe_error(const std::string& component, int stored, int known, const std::string& why) {
    std::string out = "state of " + component;
    if (stored != known)
        out += ", from version " + std::to_string(stored) + " to " + std::to_string(known);
    return out + ": " + why;
}

}  // namespace

bad_state::bad_state(std::string component, int stored, int known, const std::string& why)
    : decode_error(describe_error(component, stored, known, why)),
      component_(std::move(component)),
      stored_(stored) {}

namespace {

std::vector<std::pair<std::string, int>> read_shapes(const boost::json::object& head) {
    const auto* shapes = head.if_contains("shapes");
    if (!shapes || !shapes->is_object()) throw decode_error("the list of components is damaged");
    std::vector<std::pair<std::string, int>> out;
    for (const auto& [component, version] : shapes->get_object()) {
        int number = 0;
        decode(number, version);
        out.emplace_back(component, number);
    }
    return out;
}

/// True if this program would write the head of the unchanged conversation differently.
bool is_old_head(const boost::json::object& head) {
    return member<std::int64_t>(head, "format") != stored_format ||
           std::ranges::any_of(read_shapes(head), [](const auto& shape) {
               const auto* known = find_component(shape.first);
               return known && known->version != shape.second;
           });
}

/// True if the head has "unseen" and no later change was stored.
bool is_unseen(const boost::json::object& head, const as_of& newest) {
    if (!head.contains("unseen")) return false;
    const auto* of_head = head.if_contains("as_of");
    return of_head && read_as_of(*of_head).revision == newest.revision;
}

}  // namespace

stored_head read_head(const record& from) {
    // Loading calls this for every conversation, so all memory is freed at once.
    std::array<unsigned char, 4096> first;
    boost::json::monotonic_resource memory(first.data(), first.size());
    auto head = parse_head(from, &memory);
    const auto& object = head.get_object();
    stored_head out;
    out.owner = member<std::string>(object, "owner");
    const auto newest = newest_as_of(from, head);
    out.touched = newest.touched;
    out.is_used = !newest.applied.empty();
    out.waits = object.contains("waits");
    out.unseen = is_unseen(object, newest);
    out.kept = object.contains("kept");
    out.shapes = read_shapes(object);
    return out;
}

std::string stored_root(const std::vector<part>& of) {
    const auto read = [&](const std::string& name) {
        const auto found = std::ranges::find(of, name, &part::name);
        if (found == of.end()) throw decode_error("the part " + name + " is missing");
        return parse_part(*found);
    };
    const auto head = read("head");
    const auto root = member<instance_id>(head.get_object(), "root");
    const auto instance = read(std::string("i").append(std::to_string(root)));
    return member<std::string>(instance.get_object(), "component");
}

std::set<std::pair<std::string, int>> stored_shapes(const record& of) {
    std::set<std::pair<std::string, int>> out;
    for (const auto& each : of.parts) {
        if (each.name == "head") continue;
        const auto body = parse_part(each);
        const auto& object = body.get_object();
        out.emplace(member<std::string>(object, "component"), version_of(object));
    }
    return out;
}

void check_shapes(const stored_head& of) {
    for (const auto& [component, version] : of.shapes)
        find_shape(component, version);
}

tombstone decode_tombstone(const record& from) {
    auto head = parse_head(from);
    const auto& object = head.get_object();
    return {
        member<std::string>(object, "owner"),
        member<std::string>(object, "mount"),
        time_member(object, "touched")
    };
}

namespace {

/// Sets the members of a conversation that a head describes alone.
void read_head_members(conversation& to, const boost::json::object& head) {
    to.owner = member<std::string>(head, "owner");
    to.principal = {member<std::string>(head, "principal")};
    if (head.contains("roles"))
        to.principal.roles = member<std::vector<std::string>>(head, "roles");
    to.mount = member<std::string>(head, "mount");
    to.last_instance = member<instance_id>(head, "last_instance");
    to.created = time_member(head, "created");
    to.kept = head.contains("kept");
    to.url = member<std::string>(head, "url");
    to.root = member<instance_id>(head, "root");
    to.step = member<std::uint64_t>(head, "step");
    to.last_step = member<std::uint64_t>(head, "last_step");
}

as_of parse_about(std::string_view about) {
    boost::json::error_code ec;
    const auto parsed = boost::json::parse(about, ec);
    if (ec) throw decode_error("the data of the last change are damaged");
    return read_as_of(parsed);
}

}  // namespace

namespace {

/// Throws if links of an instance could lead in a circle.
void check_links(const conversation& in, const instance& of) {
    // A caller or owner is older than its callee or child, so its id is lower.
    bool fits = of.caller < of.id && of.owner < of.id;
    std::size_t passed = 0;
    for (const auto* one = &of; fits && one && one->covered_by != 0;) {
        one = in.instances.find(one->covered_by);
        fits = ++passed <= in.instances.size();
    }
    if (!fits) throw decode_error("the instances do not fit together");
}

}  // namespace

void apply_commit(
    conversation& to,
    std::string_view about,
    const std::vector<part>& written,
    const std::vector<std::string>& dropped
) {
    const auto is_current = [](std::string_view name) {
        return name.starts_with('i') && name.find('_') == name.npos;
    };
    for (const auto& each : written) {
        if (each.name == "head")
            read_head_members(to, parse_part(each).get_object());
        else if (is_current(each.name))
            to.put(read_instance(each).made);
    }
    for (const auto& name : dropped)
        if (is_current(name)) to.erase(parse_id(std::string_view(name).substr(1)));
    for (const auto& each : written) {
        if (!is_current(each.name)) continue;
        const auto* one = to.instances.find(parse_id(std::string_view(each.name).substr(1)));
        if (one) check_links(to, *one);
    }
    auto newest = parse_about(about);
    to.revision = newest.revision;
    to.touched = newest.touched;
    to.applied = std::move(newest.applied);
}

bool is_used(std::string_view about) {
    return !parse_about(about).applied.empty();
}

conversation decode_conversation(const record& from) {
    auto head = parse_head(from);
    const auto& object = head.get_object();
    conversation out;
    out.id = from.id;
    out.revision = from.revision;
    read_head_members(out, object);
    if (out.revision == 0 || out.revision > highest_number || out.last_instance > highest_number) {
        throw decode_error("the revision or the last instance is damaged");
    }
    const auto newest = newest_as_of(from, head);
    out.touched = newest.touched;
    for (const auto id : newest.applied)
        out.record_applied(id);
    out.is_head_old = is_old_head(object);
    out.unseen = is_unseen(object, newest);
    const stored_instances stored(from);
    if (stored.highest() > out.last_instance)
        throw decode_error("the last instance is below the id of a stored instance");
    stored.reachable_from(out.root, made_version(out.revision)).each([&](const instance_ptr& each) {
        out.put(each);
    });
    out.past = decode_steps(object, "past", stored);
    out.future = decode_steps(object, "future", stored);
    return out;
}

}  // namespace stube::kernel
