#include "runtime/conversation/encoder.hpp"

#include "runtime/conversation/json_text.hpp"
#include "runtime/conversation/stored_form.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <set>

namespace stube::kernel {

using namespace storage;

std::string encode_as_of(const conversation& from) {
    std::string out;
    out.reserve(80 + from.applied.size() * 19);
    out += '{';
    append_number(append_key(out, "revision"), from.revision);
    append_number(append_key(out, "touched"), milliseconds(from.touched));
    append_key(out, "applied") += '[';
    for (auto id : from.applied) {
        if (out.back() != '[') out += ',';
        append_hex(out += '"', id);
        out += '"';
    }
    return out += "]}";
}

namespace {

std::string part_name(const instance& of) {
    std::string name = "i";
    append_number(name, of.id);
    return name;
}

/// The part of a version that only history steps contain.
std::string old_part_name(const instance& of) {
    std::string name = part_name(of) + '_';
    append_number(name, of.version);
    return name;
}

void append_steps(std::string& out, const std::vector<history_step_ptr>& steps) {
    out += '[';
    for (const auto& each : steps) {
        if (out.back() != '[') out += ',';
        append_number(out += '[', each->step);
        append_number(out += ',', each->clock);
        append_number(out += ',', each->root);
        if (!each->url.empty()) append_quoted(out += ',', each->url);
        out += ']';
    }
    out += ']';
}

constexpr auto name_of_type = [](const component_type* type) { return type->name; };

/// The types of all stored instances: the current ones and those of the steps.
std::vector<const component_type*> stored_types(const conversation& of) {
    auto out = of.types();
    for (const auto* steps : {&of.past, &of.future}) {
        for (const auto& step : *steps) {
            for (const auto* type : step->types) {
                if (std::ranges::find(out, type) == out.end())
                    out.insert(std::ranges::lower_bound(out, type->name, {}, name_of_type), type);
            }
        }
    }
    return out;
}

void append_shapes(std::string& out, const conversation& from) {
    out += '{';
    for (const auto* type : stored_types(from)) {
        if (out.back() != '{') out += ',';
        append_quoted(out, type->name);
        append_number(out += ':', type->version);
    }
    out += '}';
}

/// The head without its "as_of" and "unseen".
std::string encode_head(const conversation& from) {
    std::string out;
    out.reserve(
        320 + from.owner.size() + from.principal.name.size() + from.mount.size() + from.url.size() +
        (from.past.size() + from.future.size()) * 16
    );
    out += '{';
    append_number(append_key(out, "format"), stored_format);
    append_quoted(append_key(out, "owner"), from.owner);
    append_principal(out, from.principal);
    append_quoted(append_key(out, "mount"), from.mount);
    append_quoted(append_key(out, "url"), from.url);
    append_number(append_key(out, "last_instance"), from.last_instance);
    append_number(append_key(out, "root"), from.root);
    append_number(append_key(out, "step"), from.step);
    append_number(append_key(out, "last_step"), from.last_step);
    append_steps(append_key(out, "past"), from.past);
    append_steps(append_key(out, "future"), from.future);
    append_number(append_key(out, "created"), milliseconds(from.created));
    append_shapes(append_key(out, "shapes"), from);
    if (!from.waiting.empty()) append_key(out, "waits") += "true";
    if (from.kept) append_key(out, "kept") += "true";
    return out += '}';
}

void append_link(std::string& out, std::string_view name, instance_id to) {
    if (to != 0) append_number(append_key(out, name), to);
}

void append_member(std::string& out, std::string_view name, const member_handler* to) {
    if (to) append_quoted(append_key(out, name), to->name);
}

void append_waits(std::string& out, const wait_set& from) {
    boost::json::array timers, subscriptions, work;
    for (const auto& each : from.timers)
        timers.push_back({milliseconds(each.due), each.to->name, each.arguments});
    for (const auto& each : from.subscriptions)
        subscriptions.push_back({each.topic, each.to->name});
    for (const auto& each : from.work)
        work.push_back(
            {each.number, each.then ? each.then->name : "", each.or_else ? each.or_else->name : ""}
        );
    if (!timers.empty()) append_key(out, "timers") += boost::json::serialize(timers);
    if (!subscriptions.empty())
        append_key(out, "subscriptions") += boost::json::serialize(subscriptions);
    if (!work.empty()) append_key(out, "work") += boost::json::serialize(work);
}

std::string encode_instance(const instance& from) {
    auto state = from.type->encode(from.state.get());
    std::string out;
    out.reserve(state.size() + 160);
    out += '{';
    append_number(append_key(out, "clock"), from.version);
    append_quoted(append_key(out, "component"), from.type->name);
    if (from.type->version != 1) append_number(append_key(out, "version"), from.type->version);
    append_link(out, "caller", from.caller);
    append_link(out, "owner", from.owner);
    append_link(out, "under", from.covers);
    append_link(out, "over", from.covered_by);
    append_link(out, "begun", from.reset_at);
    append_member(out, "then", from.then);
    append_member(out, "or_else", from.or_else);
    if (from.waits) append_waits(out, *from.waits);
    append_key(out, "state") += state;
    out += '}';
    from.stored_size.set(out.size());
    return out;
}

std::size_t size_of(const instance& of) {
    if (!of.type->durable()) return 0;
    if (of.stored_size.get() == 0) encode_instance(of);
    return of.stored_size.get();
}

bool has_step_with(const conversation& in, const instance_ptr& version) {
    auto holds = [&](const history_step_ptr& each) {
        return each->instances.get(version->id) == version;
    };
    return std::ranges::any_of(in.past, holds) || std::ranges::any_of(in.future, holds);
}

/// The steps that are in `before` and not in `after`.
std::vector<history_step_ptr> removed_steps(const conversation& before, const conversation& after) {
    std::vector<history_step_ptr> out;
    auto holds = [](const std::vector<history_step_ptr>& in, const history_step_ptr& step) {
        return std::ranges::find(in, step) != in.end();
    };
    for (const auto* steps : {&before.past, &before.future}) {
        for (const auto& each : *steps) {
            if (!holds(after.past, each) && !holds(after.future, each)) out.push_back(each);
        }
    }
    return out;
}

bool is_present(const conversation& in, const instance_ptr& version) {
    return in.instances.get(version->id) == version;
}

/// Adds parts to a change. The part of an old version is written or dropped at most once, although
/// several steps may share the version.
class version_writer {
public:
    explicit version_writer(change& out) : out_(out) {}

    void write(const instance& of) { out_.written.push_back({part_name(of), encode_instance(of)}); }

    void drop(const instance& of) { out_.dropped.push_back(part_name(of)); }

    void write_old(const instance& of) {
        if (is_new(of)) out_.written.push_back({old_part_name(of), encode_instance(of)});
    }

    void drop_old(const instance& of) {
        if (is_new(of)) out_.dropped.push_back(old_part_name(of));
    }

private:
    bool is_new(const instance& of) { return seen_.emplace(of.id, of.version).second; }

    change& out_;
    std::set<std::pair<instance_id, std::uint64_t>> seen_;
};

void encode_whole(const conversation& from, change& out) {
    version_writer writer(out);
    for (const auto* steps : {&from.past, &from.future}) {
        for (const auto& step : *steps) {
            step->instances.each([&](const instance_ptr& each) {
                if (!is_present(from, each)) writer.write_old(*each);
            });
        }
    }
    // The current versions are next to each other, because they change together.
    from.instances.each([&](const instance_ptr& each) { writer.write(*each); });
}

void encode_difference(const conversation& before, const conversation& after, change& out) {
    version_writer writer(out);
    instance_table::compare(
        before.instances,
        after.instances,
        [&](const instance_ptr& old_version, const instance_ptr& new_version) {
            if (new_version) writer.write(*new_version);
            if (old_version && !new_version) writer.drop(*old_version);
            if (old_version && has_step_with(after, old_version)) writer.write_old(*old_version);
        }
    );
    if (!after.past.empty() && (before.past.empty() || before.past.back() != after.past.back())) {
        // The new step contains typed values, which no stored version contains.
        instance_table::compare(
            before.instances,
            after.past.back()->instances,
            [&](const instance_ptr&, const instance_ptr& then) {
                if (then && then->version > made_version(before.revision) &&
                    !is_present(after, then))
                    writer.write_old(*then);
            }
        );
    }
    for (const auto& step : removed_steps(before, after)) {
        instance_table::compare(
            step->instances,
            before.instances,
            [&](const instance_ptr& old, const instance_ptr&) {
                if (old && !has_step_with(after, old)) writer.drop_old(*old);
            }
        );
    }
}

/// True if the heads of both differ at most in "as_of".
bool has_same_head(const conversation& before, const conversation& after) {
    const auto type_of_count = [](const auto& counted) { return counted.first; };
    return !before.is_head_old && before.owner == after.owner &&
           before.principal == after.principal && before.url == after.url &&
           before.last_instance == after.last_instance && before.root == after.root &&
           before.step == after.step && before.last_step == after.last_step &&
           before.past == after.past && before.future == after.future &&
           before.waiting.empty() == after.waiting.empty() && before.kept == after.kept &&
           std::ranges::equal(before.shapes, after.shapes, {}, type_of_count, type_of_count);
}

/// True if the change only overwrites current instances.
bool only_overwrites(const change& made) {
    const auto is_of_step = [](const part& each) { return each.name.find('_') != each.name.npos; };
    return !made.written.empty() && made.dropped.empty() &&
           std::ranges::none_of(made.written, is_of_step);
}

void prepend_as_of(part& in, std::string_view as_of) {
    std::string body;
    body.reserve(begins_with_as_of.size() + as_of.size() + in.body.size());
    body.append(begins_with_as_of).append(as_of).append(",");
    body.append(in.body, 1);
    in.body = std::move(body);
}

void mark_unseen(part& head) {
    head.body.pop_back();
    append_key(head.body, "unseen") += "true}";
}

change encode_tombstone(const conversation& from) {
    change out;
    out.id = from.id;
    out.revision = from.revision;
    out.status = record_status::tombstone;
    out.written.push_back(
        {"head",
         boost::json::serialize(boost::json::object{
             {"format", stored_format},
             {"owner", from.owner},
             {"mount", from.mount},
             {"touched", milliseconds(from.touched)},
         })}
    );
    return out;
}

}  // namespace

std::size_t stored_size(const conversation* before, const conversation& after) {
    std::size_t size = 0;
    if (!before || before->size == 0) {
        after.instances.each([&](const instance_ptr& each) { size += size_of(*each); });
        return size;
    }
    size = before->size;
    instance_table::compare(
        before->instances,
        after.instances,
        [&](const instance_ptr& old_version, const instance_ptr& new_version) {
            if (new_version) size += size_of(*new_version);
            if (old_version) size -= size_of(*old_version);
        }
    );
    return size;
}

change encode_change(
    const conversation* before,
    const conversation& after,
    bool in_parts,
    archived_commit* archived
) {
    const bool is_whole = !in_parts || !before || !before->durable();
    change out;
    if (!after.durable()) {
        out = encode_tombstone(after);
        out.kind = before ? change_kind::replace : change_kind::create;
        return out;
    }
    out.id = after.id;
    out.revision = after.revision;
    out.kind = !before    ? change_kind::create
               : is_whole ? change_kind::replace
                          : change_kind::update;
    if (is_whole)
        encode_whole(after, out);
    else
        encode_difference(*before, after, out);
    const bool has_head = is_whole || !has_same_head(*before, after) || !only_overwrites(out);
    if (has_head) out.written.insert(out.written.begin(), {"head", encode_head(after)});
    auto as_of = encode_as_of(after);
    if (archived) {
        archived->is_whole = is_whole;
        archived->written = out.written;
        archived->dropped = out.dropped;
    }
    auto& carrier = has_head ? out.written.front() : out.written.back();
    if (has_head && after.unseen) mark_unseen(carrier);
    prepend_as_of(carrier, as_of);
    if (archived) archived->about = std::move(as_of);
    return out;
}

record restored_record(std::string_view id, archived_state from) {
    record out;
    out.id = id;
    out.revision = from.head.number;
    out.parts = std::move(from.parts);
    for (auto& each : out.parts)
        if (each.name == "head") prepend_as_of(each, from.head.about);
    return out;
}

}  // namespace stube::kernel
