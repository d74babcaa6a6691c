#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/index_builder.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/check_store.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace stube {

using namespace kernel;
using namespace storage;
namespace {

using shape = std::pair<std::string, int>;

constexpr std::size_t max_others = 20;

/// The reason why a conversation cannot continue, and the component that is the cause.
struct refusal {
    enum class kind { newer, unknown, failed } reason = kind::failed;
    std::optional<shape> cause = {};
    std::string why;
};

/// Renders the components of the page one by one, to find the component that throws.
std::optional<shape> find_throwing(const conversation& in, const environment& env) {
    std::optional<shape> found;
    in.instances.each([&](const instance_ptr& each) {
        if (found || !each->type->render || !in.is_shown(each->id)) return;
        try {
            each->type->render(each->state.get(), kernel::context_of(in, env));
        } catch (...) {
            found.emplace(std::string(each->type->name), each->type->version);
        }
    });
    return found;
}

/// The error if the page cannot be rendered or the conversation cannot be encoded again. Empty if
/// both succeed.
std::string show_and_encode(const conversation& of, const environment& env) {
    try {
        render_view(of, env);
        check_change(encode_change(nullptr, of, false));
    } catch (...) {
        return "cannot be shown: " + current_exception_message();
    }
    return {};
}

class check {
public:
    explicit check(const environment& env) : env_(env) {}

    void add(const record& stored) {
        if (stored.status == record_status::tombstone) return add_tombstone(stored);
        std::set<shape> shapes;
        std::optional<refusal> wrong;
        try {
            shapes = stored_shapes(stored);
            wrong = try_one(stored);
        } catch (const std::exception& e) {
            wrong = refusal{.why = e.what()};
        }
        for (const auto& each : shapes)
            ++row_of(each).conversations;
        wrong ? count_wrong(stored.id, *wrong) : count_good(shapes);
    }

    store_check finish(std::vector<unreadable_record> quarantined) {
        found_.unreadable = quarantined.size();
        for (auto& each : quarantined)
            add_other(std::move(each));
        for (auto& [key, row] : rows_)
            found_.shapes.push_back(std::move(row));
        return std::move(found_);
    }

private:
    void add_tombstone(const record& stored) {
        try {
            decode_tombstone(stored);
            ++found_.not_kept;
        } catch (const std::exception& e) {
            count_wrong(stored.id, {.why = e.what()});
        }
    }

    /// Decodes, migrates, renders and encodes a conversation. Empty if all of that succeeds.
    std::optional<refusal> try_one(const record& stored) const {
        using enum refusal::kind;
        try {
            check_shapes(read_head(stored));
            const auto read = decode_conversation(stored);
            const auto why = show_and_encode(read, env_);
            if (why.empty()) return std::nullopt;
            return refusal{failed, as_stored(find_throwing(read, env_), stored), why};
        } catch (const newer_shape& e) {
            return refusal{newer, shape(e.component(), e.stored()), e.what()};
        } catch (const unknown_component& e) {
            return refusal{unknown, as_stored(shape(e.component(), 1), stored), e.what()};
        } catch (const bad_state& e) {
            return refusal{failed, shape(e.component(), e.stored()), e.what()};
        }
    }

    /// Looks up the version of the component that the conversation has stored.
    static std::optional<shape> as_stored(const std::optional<shape>& cause, const record& stored) {
        if (!cause) return cause;
        for (const auto& each : stored_shapes(stored)) {
            if (each.first == cause->first) return each;
        }
        return cause;
    }

    void count_good(const std::set<shape>& shapes) {
        const bool is_as_it_is = std::ranges::all_of(shapes, [&](const shape& each) {
            return row_of(each).outcome == stored_shape::migration_outcome::fits;
        });
        ++(is_as_it_is ? found_.as_they_are : found_.migrated);
    }

    void count_wrong(const std::string& id, const refusal& wrong) {
        using enum refusal::kind;
        switch (wrong.reason) {
        case newer:
            ++found_.newer_shape;
            break;
        case unknown:
            ++found_.unknown_component;
            break;
        case failed:
            ++found_.failed;
            break;
        }
        if (!wrong.cause) return add_other({id, wrong.why, {}});
        auto& row = row_of(*wrong.cause);
        if (row.failed++ > 0) return;
        row.example = id;
        row.why = wrong.why;
    }

    void add_other(unreadable_record other) {
        if (found_.others.size() < max_others) found_.others.push_back(std::move(other));
    }

    stored_shape& row_of(const shape& of) {
        auto [found, is_new] = rows_.try_emplace(of);
        auto& row = found->second;
        if (!is_new) return row;
        using enum stored_shape::migration_outcome;
        const auto* type = find_component(of.first);
        const bool is_known = type && type->durable();
        row.component = of.first;
        row.version = of.second;
        row.known = is_known ? type->version : 0;
        row.outcome = !is_known                 ? unknown
                      : row.version > row.known ? newer
                      : row.version < row.known ? migrates
                                                : fits;
        return row;
    }

    const environment& env_;
    store_check found_;
    std::map<shape, stored_shape> rows_;
};

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string version_of(const stored_shape& row) {
    auto out = std::to_string(row.version);
    if (row.outcome == stored_shape::migration_outcome::migrates)
        out += " -> " + std::to_string(row.known);
    return out;
}

std::string_view word_for(stored_shape::migration_outcome outcome) {
    switch (outcome) {
    case stored_shape::migration_outcome::fits:
        return "fits";
    case stored_shape::migration_outcome::migrates:
        return "migrates";
    case stored_shape::migration_outcome::newer:
        return "NEWER";
    case stored_shape::migration_outcome::unknown:
        return "UNKNOWN";
    }
    return {};
}

std::string describe(const stored_shape& row) {
    std::string out(word_for(row.outcome));
    if (row.failed == 0) return out;
    return out + ", " + std::to_string(row.failed) + " cannot continue, such as " + row.example +
           ": " + row.why;
}

std::string describe(const archive_check& found) {
    std::string out = "archive: conversations=" + std::to_string(found.conversations) +
                      " heads=" + std::to_string(found.heads) +
                      " bodies=" + std::to_string(found.bodies) +
                      " garbage=" + std::to_string(found.garbage) +
                      " faults=" + std::to_string(found.fault_count) + "\n";
    for (const auto& each : found.faults) {
        out += "damaged: conversation " + each.id;
        if (each.head != 0) out += " head " + std::to_string(each.head);
        out += ": " + each.why + "\n";
    }
    for (const auto& each : found.erasures)
        out += "erased at " + each + "\n";
    return out + (found.fault_count == 0 ? "the archive is intact\n" : "the archive is damaged\n");
}

}  // namespace

namespace {

/// Makes an index from the commits up to a position.
void build_index(const std::string& file, archive& from, std::uint64_t last) {
    constexpr std::size_t commits_per_page = 1'000;
    query_index index(file, known_index_schema());
    index_builder builder(
        {[&](std::uint64_t position) { return from.state_at(position); },
         [&](std::string_view id, std::uint64_t head) { return from.state(id, head); },
         [&](std::string_view id) { return index.row(id); }},
        [](const std::string&) {}
    );
    std::uint64_t position = 0;
    while (position < last) {
        auto page = from.commits_after(position, commits_per_page);
        std::erase_if(page, [&](const logged_commit& each) { return each.position > last; });
        if (page.empty()) return;
        const auto batch = builder.next(page);
        if (batch.watermark.position != 0) index.apply(batch);
        position = page.back().position;
    }
}

/// Does in a copy of the index what its next start does. Returns the copy's watermark.
index_watermark follow_deletions(const std::string& copy, archive& from) {
    query_index index(copy, known_index_schema());
    const auto begun = index.begun_deletions();
    for (const auto& id : begun)
        follow_deletion(index, from, id);
    index.end_deletions(begun);
    return index.watermark();
}

void check_index(archive& from, store_check& found) {
    constexpr std::size_t most_differences = 20;
    using enum store_check::index_state;
    const auto file = from.index_file();
    if (file.empty()) return;
    const auto state = inspect_index(file, known_index_schema());
    found.index_why = state.unusable_because;
    found.index = !state.exists ? missing : !found.index_why.empty() ? unusable : compared;
    if (found.index != compared) return;
    const std::string copy = file + ".copy";
    const std::string fresh = file + ".check";
    try {
        copy_index(file, copy);
        remove_index(fresh);
        build_index(fresh, from, follow_deletions(copy, from).position);
        found.index_differences = compare_indexes(fresh, copy, most_differences);
    } catch (const store_refused& error) {
        found.index = unusable;
        found.index_why = error.what();
    }
    remove_index(copy);
    remove_index(fresh);
}

std::string report_of_index(const store_check& found) {
    switch (found.index) {
    case store_check::index_state::none:
        return {};
    case store_check::index_state::missing:
        return "query index: missing, the next start makes it\n";
    case store_check::index_state::unusable:
        return "query index: the next start rebuilds it: " + found.index_why + "\n";
    case store_check::index_state::compared:
        break;
    }
    if (found.index_differences.empty()) return "query index: equal to a rebuild\n";
    std::string out = "query index: differs from a rebuild; delete its file, and the next start"
                      " makes it\n";
    for (const auto& each : found.index_differences)
        out += "  " + each + "\n";
    return out;
}

}  // namespace

store_check check_store(store& from, const environment& env, check_depth depth) {
    const detail::secret_keys_scope scope(env.secrets);
    check run(env);
    auto report = from.load_all([&](record&& stored) { run.add(stored); });
    auto found = run.finish(std::move(report.quarantined));
    auto* upkeep = archive_of(from) ? dynamic_cast<archive_upkeep*>(&from) : nullptr;
    if (upkeep) found.archive = upkeep->check_archive(depth);
    if (auto* archived = archive_of(from)) check_index(*archived, found);
    return found;
}

std::string report_of(const store_check& found) {
    std::size_t width = 9;
    for (const auto& row : found.shapes)
        width = std::max(width, row.component.size());
    std::string out;
    if (!found.shapes.empty()) out += padded("component", width) + "  version  conversations\n";
    for (const auto& row : found.shapes) {
        out += padded(row.component, width) + "  " + padded(version_of(row), 7) + "  " +
               padded(std::to_string(row.conversations), 13) + "  " + describe(row) + "\n";
    }
    for (const auto& each : found.others)
        out += "cannot be read: " + each.id + ": " + each.why + "\n";
    const auto number = [&](std::string_view name, std::size_t count) {
        out.append(name).append("=").append(std::to_string(count));
    };
    out += report_of_index(found);
    number("as_they_are", found.as_they_are);
    number(" migrated", found.migrated);
    number(" not_kept", found.not_kept);
    number(" newer_shape", found.newer_shape);
    number(" unknown_component", found.unknown_component);
    number(" failed", found.failed);
    number(" unreadable", found.unreadable);
    out += "\n";
    if (found.archive) out += describe(*found.archive);
    return out + (found.all_can_continue() ? "all can continue\n" : "some cannot continue\n");
}

}  // namespace stube
