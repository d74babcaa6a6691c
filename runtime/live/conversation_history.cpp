#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/diff.hpp"
#include "runtime/kernel/event_record.hpp"
#include "runtime/kernel/render.hpp"
#include "runtime/kernel/replay.hpp"
#include "runtime/kernel/static_html.hpp"

#include <stube/runtime/awaiting.hpp>
#include <stube/runtime/cause.hpp>
#include <stube/runtime/conversation_history.hpp>

#include <boost/describe/enum_to_string.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <limits>
#include <set>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace stube::live {

using namespace kernel;
using namespace storage;

namespace {

archive& required_archive(store& from) {
    if (auto* found = archive_of(from)) return *found;
    throw store_refused("the store keeps no archive; open it with one to ask for its history");
}

time_point time_at(std::int64_t milliseconds) {
    return time_point(std::chrono::milliseconds(milliseconds));
}

time_point time_of(const archived_head& of) {
    return time_at(of.time);
}

boost::json::object parse_event(const archived_head& of) {
    boost::system::error_code error;
    auto parsed = boost::json::parse(of.event, error);
    if (error || !parsed.is_object())
        throw decode_error("the event of head " + std::to_string(of.number) + " is not an object");
    return std::move(parsed.get_object());
}

/// A failure in the form of a head, which has no number.
archived_head head_of(archived_failure failed) {
    archived_head out;
    out.parent = failed.after_head;
    out.time = failed.time;
    out.event = std::move(failed.event);
    return out;
}

/// The heads from a number on, with their states. Empty if there is no head with this number. 0 is
/// the number before the first one.
recording record_from(archive& from, std::string_view id, std::uint64_t first) {
    recorder out{std::string(id)};
    auto commits = from.commits_of(id, first);
    if (commits.empty()) return std::move(out).finish({});
    const auto oldest = commits.front().head.number;
    for (auto& each : commits)
        out.add(std::move(each));
    for (auto& each : from.failures(id))
        if (each.after_head >= oldest) out.add(std::move(each));
    return std::move(out).finish(from.aliases(id));
}

replayed_event replayed_event_of(const replayed_turn& turn) {
    const auto result = turn.match == match::same      ? replay_result::same
                        : turn.match == match::differs ? replay_result::differs
                                                       : replay_result::not_compared;
    return {turn.head, turn.is_failure, result, turn.difference};
}

std::string text_in(const boost::json::object& of, std::string_view name) {
    const auto* found = of.if_contains(name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::uint64_t count_in(const boost::json::object& of, std::string_view name) {
    const auto* found = of.if_contains(name);
    if (!found || !found->is_number()) return 0;
    return found->to_number<std::uint64_t>();
}

std::vector<audit_field> fields_in(const boost::json::object& of) {
    std::vector<audit_field> out;
    const auto* found = of.if_contains("fields");
    if (!found || !found->is_array()) return out;
    for (const auto& each : found->get_array()) {
        const auto* pair = each.if_array();
        if (!pair || pair->size() != 2 || !pair->at(0).is_string())
            throw decode_error("a field of an archived event is not a pair");
        const auto name = parse_field_name(pair->at(0).get_string());
        if (!name) throw decode_error("a field of an archived event has no instance");
        audit_field field{name->instance, std::string(name->field), {}};
        if (const auto* value = pair->at(1).if_string()) field.value = std::string(*value);
        out.push_back(std::move(field));
    }
    return out;
}

/// The arguments of an event, or the value of a result.
std::string arguments_in(const boost::json::object& of) {
    const auto* found = of.if_contains("arguments");
    if (!found) found = of.if_contains("value");
    return found ? boost::json::serialize(*found) : std::string();
}

audit_event audit_event_of(const archived_head& of, const boost::json::object& event) {
    audit_event out;
    out.head = of.number;
    out.parent = of.parent;
    out.time = time_of(of);
    out.kind = text_in(event, "kind");
    out.principal = text_in(event, "principal");
    out.component = text_in(event, "component");
    out.instance = count_in(event, "instance");
    out.member = text_in(event, "member");
    out.topic = text_in(event, "topic");
    out.alias = text_in(event, "alias");
    out.arguments = arguments_in(event);
    out.fields = fields_in(event);
    return out;
}

/// The branches that the heads form. `events` has all of them, the oldest first.
std::vector<branch> branches_of(const std::vector<audit_event>& events) {
    const auto event_at = [&](std::uint64_t head) {
        const auto found = std::ranges::lower_bound(events, head, {}, &audit_event::head);
        return found != events.end() && found->head == head ? &*found : nullptr;
    };
    std::set<std::uint64_t> parents;
    for (const auto& each : events)
        parents.insert(each.parent);
    std::vector<branch> out;
    for (auto each = events.rbegin(); each != events.rend(); ++each) {
        if (parents.contains(each->head)) continue;
        const auto* fork = &*each;
        while (fork && !fork->is_on_current_branch)
            fork = event_at(fork->parent);
        out.push_back({each->head, fork ? fork->head : 0, out.empty()});
    }
    return out;
}

/// Writes a file that must not exist. Removes it again if it cannot be written completely.
void write_new_file(const std::string& file, std::string_view content) {
    const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made < 0) throw std::system_error(errno, std::generic_category(), file);
    int error = 0;
    while (error == 0 && !content.empty()) {
        const auto written = ::write(made, content.data(), content.size());
        if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
        if (written < 0 && errno != EINTR) error = errno;
    }
    if (::close(made) != 0 && error == 0) error = errno;
    if (error == 0) return;
    ::unlink(file.c_str());
    throw std::system_error(error, std::generic_category(), file);
}

/// A store knows after loading whether it has an archive.
std::unique_ptr<store> loaded(std::unique_ptr<store> from) {
    from->load_all([](record&&) {});
    return from;
}

found_conversation found_in(index_hit& hit, const std::vector<std::string>& members) {
    auto& row = hit.row;
    found_conversation out;
    out.id = std::move(row.id);
    out.principal = std::move(row.principal);
    out.mount = std::move(row.mount);
    out.component = std::move(row.component);
    out.step = row.step;
    out.head = row.head;
    out.created = time_at(row.created);
    out.touched = time_at(row.touched);
    out.since = time_at(row.since);
    out.has_ended = row.has_ended;
    out.awaited = std::move(row.awaited);
    out.instance = hit.instance;
    for (std::size_t i = 0; i < members.size(); ++i)
        out.values.emplace(members[i], std::move(hit.values[i]));
    return out;
}

std::optional<indexed_value> indexed_value_in(const sql_value& from) {
    return std::visit(
        []<class T>(const T& value) -> std::optional<indexed_value> {
            if constexpr (std::is_same_v<T, std::monostate>)
                return std::nullopt;
            else
                return value;
        },
        from
    );
}

/// JSON text of what a user has entered.
std::string entered_content(const audit_event& of) {
    boost::json::object out{{"component", of.component}, {"member", of.member}};
    if (!of.arguments.empty()) out["arguments"] = boost::json::parse(of.arguments);
    for (const auto& [instance, name, value] : of.fields) {
        auto& fields = out["fields"];
        if (fields.is_null()) fields.emplace_object();
        fields.get_object()["i" + std::to_string(instance) + "-" + name] =
            value ? boost::json::value(*value) : boost::json::value(nullptr);
    }
    return boost::json::serialize(out);
}

}  // namespace

/// The user for whom the history is restricted.
struct conversation_history::reader {
    principal user;
    access_rule rule;
};

conversation_history::conversation_history(
    store& from,
    std::function<environment(time_point)> environment_at,
    followed_index index
)
    : archive_(required_archive(from)),
      environment_at_(std::move(environment_at)),
      index_(std::move(index)) {}

conversation_history conversation_history::seen_by(principal user, access_rule rule) const {
    auto restricted = *this;
    restricted.reader_ = std::make_shared<const reader>(reader{std::move(user), std::move(rule)});
    return restricted;
}

stored_history::stored_history(std::unique_ptr<store> from)
    : store_(loaded(std::move(from))),
      history_(*store_, [](time_point at) { return environment{at}; }) {}

bool conversation_history::is_visible(std::string_view id, access_purpose purpose) const {
    if (!reader_) return true;
    const auto newest = state_at(id, std::nullopt);
    if (!newest) return false;
    const auto& [user, rule] = *reader_;
    const auto& of = newest->value;
    if (!user.is_anonymous() && user.name == of.principal.name) return true;
    const bool waits_for_visitor = !newest->has_ended && waits_for(of, user);
    return rule && rule({purpose, user, id, of.principal, of.mount, waits_for_visitor});
}

/// The same for a line of a search, from the data of the index.
bool conversation_history::is_visible(const index_row& of) const {
    const auto& [user, rule] = *reader_;
    const principal owner(of.principal);
    if (!user.is_anonymous() && user.name == owner.name) return true;
    const bool waits_for_visitor = std::ranges::any_of(of.awaited, [&](const std::string& text) {
        return is_named_by(text, user);
    });
    return rule && rule({access_purpose::find, user, of.id, owner, of.mount, waits_for_visitor});
}

std::optional<head_view>
conversation_history::view(std::string_view id, std::optional<std::uint64_t> head) const {
    if (!is_visible(id, access_purpose::audit)) return std::nullopt;
    return state_at(id, head);
}

std::optional<head_view>
conversation_history::state_at(std::string_view id, std::optional<std::uint64_t> head) const {
    if (!head) {
        const auto newest = archive_.heads(id, head_range().before, 1);
        if (newest.empty()) return std::nullopt;
        head = newest.front().number;
    }
    auto state = archive_.state(id, *head);
    if (!state) return std::nullopt;
    head_view out{.head = *head, .parent = state->head.parent, .time = time_of(state->head)};
    // The last commit of a conversation has no parts.
    if (state->parts.empty()) {
        out.has_ended = true;
        state = archive_.state(id, state->head.parent);
        if (!state) return std::nullopt;
    }
    const auto env = environment_at_(out.time);
    const detail::secret_keys_scope scope(env.secrets);
    out.value = decode_conversation(restored_record(id, *std::move(state)));
    return out;
}

std::vector<audit_event>
conversation_history::event_view(std::string_view id, head_range range) const {
    if (!is_visible(id, access_purpose::audit)) return {};
    // The heads above the range show which heads of the range led to the newest one.
    constexpr auto no_limit = std::numeric_limits<std::size_t>::max();
    const bool has_newest = range.before == head_range().before;
    const auto heads = archive_.heads(id, head_range().before, has_newest ? range.count : no_limit);
    std::vector<audit_event> out;
    auto next_on_branch = heads.empty() ? 0 : heads.front().number;
    for (const auto& each : heads) {
        const bool is_on_current_branch = each.number == next_on_branch;
        if (is_on_current_branch) next_on_branch = each.parent;
        if (each.number >= range.before || out.size() == range.count) continue;
        out.push_back(audit_event_of(each, parse_event(each)));
        out.back().is_on_current_branch = is_on_current_branch;
    }
    std::ranges::reverse(out);
    return out;
}

history_view conversation_history::history_view(std::string_view id) const {
    live::history_view out;
    out.events = event_view(id, {.count = head_range().before});
    out.branches = branches_of(out.events);
    if (out.events.empty()) return out;
    out.aliases = archive_.aliases(id);
    out.forks = derivations(id);
    return out;
}

std::vector<audit_failure> conversation_history::failures(std::string_view id) const {
    std::vector<audit_failure> out;
    if (!is_visible(id, access_purpose::audit)) return out;
    for (auto& each : archive_.failures(id)) {
        auto why = std::move(each.why);
        const auto head = head_of(std::move(each));
        out.push_back({audit_event_of(head, parse_event(head)), std::move(why)});
    }
    return out;
}

std::vector<replayed_event>
conversation_history::replay(std::string_view id, std::uint64_t from_head, const environment& with)
    const {
    std::vector<replayed_event> out;
    if (!is_visible(id, access_purpose::audit)) return out;
    const auto recorded = record_from(archive_, id, from_head);
    if (recorded.heads.empty()) return out;
    const std::size_t first = from_head == 0 ? 0 : 1;
    auto start = first == 0 ? conversation() : conversation_at(recorded, 0);
    replay_all(recorded, {.first = first}, std::move(start), with, [&](const auto& turn) {
        out.push_back(replayed_event_of(turn));
    });
    return out;
}

std::optional<std::string> conversation_history::export_of(std::string_view id) const {
    if (!is_visible(id, access_purpose::audit)) return std::nullopt;
    const auto recorded = record_from(archive_, id, 0);
    if (recorded.heads.empty()) return std::nullopt;
    return to_json(recorded);
}

void conversation_history::export_to(std::string_view name, const std::string& file) const {
    auto document = export_of(name);
    if (const auto id = document ? std::nullopt : find_alias(name)) document = export_of(*id);
    if (!document)
        throw std::invalid_argument("the archive has no conversation " + std::string(name));
    write_new_file(file, *document);
}

std::vector<message_record>
conversation_history::message_records(std::string_view id, message_options options) const {
    if (!is_visible(id, access_purpose::audit)) return {};
    auto heads = archive_.heads(id, options.range.before, options.range.count);
    std::ranges::reverse(heads);
    std::vector<message_record> out;
    for (const auto& each : heads) {
        const auto event = parse_event(each);
        const auto audited = audit_event_of(each, event);
        message_record record{.head = each.number, .time = audited.time};
        record.principal = audited.principal;
        if (audited.kind == cause::user_event::kind) {
            record.direction = direction::entered;
            if (options.include_content) record.content = entered_content(audited);
            out.push_back(record);
        }
        record.direction = direction::shown;
        record.content.reset();
        if (options.include_content)
            record.content = event.contains("last_page") ? text_in(event, "last_page")
                                                         : page_at(id, each.number);
        out.push_back(std::move(record));
    }
    return out;
}

std::optional<std::string>
conversation_history::page(std::string_view id, std::uint64_t head) const {
    if (!is_visible(id, access_purpose::audit)) return std::nullopt;
    const auto found = archive_.heads(id, head + 1, 1);
    if (found.empty() || found.front().number != head) return std::nullopt;
    const auto event = parse_event(found.front());
    return event.contains("last_page") ? text_in(event, "last_page") : page_at(id, head);
}

std::vector<page_patch>
conversation_history::patches(std::string_view id, std::uint64_t head) const {
    std::vector<page_patch> out;
    if (!is_visible(id, access_purpose::audit)) return out;
    // The two newest heads up to this one. Pages follow the order of time, not the branches.
    const auto heads = archive_.heads(id, head + 1, 2);
    if (heads.empty() || heads.front().number != head) return out;
    auto after = state_at(id, head);
    if (!after || after->has_ended) return out;
    const auto env = environment_at_(after->time);
    conversation before;
    if (heads.size() == 2) before = state_at(id, heads.back().number).value_or(head_view()).value;
    if (before.root != 0) {
        auto page = render_page(before, env);
        std::erase_if(page.rendered, [&](const auto& each) {
            return !after->value.instances.find(each.first);
        });
        after->value.instances.record_sent(page.rendered);
    }
    for (const auto& each : diff(before, after->value, 0, env))
        out.push_back(
            {boost::describe::enum_to_string(each.kind, ""),
             each.target,
             each.list,
             static_html(each.content)}
        );
    return out;
}

/// The page at a head, rendered again.
std::string conversation_history::page_at(std::string_view id, std::uint64_t head) const {
    const auto state = state_at(id, head);
    if (!state) throw decode_error("head " + std::to_string(head) + " has no state");
    return static_html(render_view(state->value, environment_at_(state->time)).content);
}

std::vector<forked> conversation_history::derivations(std::string_view id) const {
    std::vector<forked> out;
    if (!is_visible(id, access_purpose::audit)) return out;
    for (auto& each : archive_.derivations(id)) {
        const auto& other = each.id == id ? each.origin.id : each.id;
        if (is_visible(other, access_purpose::audit))
            out.push_back({std::move(each.id), std::move(each.origin.id), each.origin.head});
    }
    return out;
}

std::optional<std::string> conversation_history::find_alias(std::string_view name) const {
    auto id = archive_.find_alias(name);
    return id && is_visible(*id, access_purpose::find) ? id : std::nullopt;
}

query_index& conversation_history::required_index() const {
    if (index_.index) return *index_.index;
    throw store_refused("the archive has no query index");
}

found_page conversation_history::find_hits(const index_query& query) const {
    if (reader_) return find_visible_hits(query);
    auto page = required_index().find(query);
    found_page out{{}, page.has_more, page.count};
    for (auto& hit : page.hits)
        out.found.push_back(found_in(hit, query.members));
    return out;
}

/// The same page of the hits that the reader may see. Reads the hits before it, because only the
/// rule knows which of them count.
found_page conversation_history::find_visible_hits(const index_query& query) const {
    constexpr std::size_t hits_per_read = 1'000;
    constexpr std::size_t most_hits = 20'000;
    const auto end = query.offset + query.limit;
    const auto wanted = std::max(end + 1, query.counts ? highest_count : 0);
    auto next = query;
    next.offset = 0;
    next.limit = std::min(wanted, hits_per_read);
    next.counts = false;
    found_page out;
    std::size_t seen = 0;
    bool has_more = true;
    while (has_more && seen < wanted && next.offset < most_hits) {
        auto page = required_index().find(next);
        for (auto& hit : page.hits) {
            if (!is_visible(hit.row) || seen == wanted) continue;
            if (seen >= query.offset && seen < end)
                out.found.push_back(found_in(hit, query.members));
            ++seen;
        }
        next.offset += page.hits.size();
        has_more = page.has_more;
    }
    out.has_more = seen > end;
    if (query.counts) out.count = std::min(seen, highest_count);
    return out;
}

selected_rows conversation_history::select(
    std::string_view sql,
    const std::vector<indexed_value>& parameters,
    sql_limits limits
) const {
    if (reader_) throw store_refused("SQL reads the conversations of all users");
    std::vector<sql_value> bound;
    for (const auto& each : parameters)
        std::visit([&](const auto& value) { bound.emplace_back(value); }, each);
    auto result = required_index().select(sql, bound, limits);
    selected_rows out{std::move(result.columns), {}, result.has_more};
    for (const auto& row : result.rows) {
        auto& values = out.rows.emplace_back();
        for (const auto& value : row)
            values.push_back(indexed_value_in(value));
    }
    return out;
}

std::optional<time_point> conversation_history::index_behind_since() const {
    required_index();
    const auto next = archive_.commits_after(index_.position(), 1);
    if (next.empty()) return std::nullopt;
    return time_of(next.front().head);
}

}  // namespace stube::live
