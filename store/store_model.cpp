#include "store/store_model.hpp"

#include <algorithm>
#include <utility>

namespace stube::storage {

change
creating(std::string id, std::uint64_t revision, std::vector<part> parts, record_status status) {
    return {std::move(id), change_kind::create, revision, status, std::move(parts), {}};
}

change
replacing(std::string id, std::uint64_t revision, std::vector<part> parts, record_status status) {
    return {std::move(id), change_kind::replace, revision, status, std::move(parts), {}};
}

change updating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> written,
    std::vector<std::string> dropped
) {
    return {
        std::move(id),
        change_kind::update,
        revision,
        record_status::kept,
        std::move(written),
        std::move(dropped)
    };
}

change removing(std::string id) {
    return {std::move(id), change_kind::remove, 0, record_status::kept, {}, {}};
}

record in_order(record stored) {
    std::ranges::sort(stored.parts, {}, &part::name);
    return stored;
}

void apply_change(contents& model, const change& applied) {
    if (applied.kind == change_kind::trim) return;
    if (applied.kind == change_kind::remove) {
        model.erase(applied.id);
        return;
    }
    record& stored = model[applied.id];
    stored.id = applied.id;
    stored.revision = applied.revision;
    stored.status = applied.status;
    if (applied.kind != change_kind::update) stored.parts.clear();
    const auto drop = [&](const std::string& name) {
        std::erase_if(stored.parts, [&](const part& each) { return each.name == name; });
    };
    for (const auto& written : applied.written) {
        drop(written.name);
        stored.parts.push_back(written);
    }
    for (const auto& name : applied.dropped)
        drop(name);
    stored = in_order(stored);
}

namespace {

void forget(archive_contents& model, const std::string& id) {
    model[id] = {};
    for (auto& [other, archived] : model)
        if (archived.origin && archived.origin->id == id) archived.origin.reset();
}

void trim(model_archive& archived, std::uint64_t last) {
    std::erase_if(archived.heads, [&](const archived_state& each) {
        return each.head.number <= last;
    });
}

/// The parts that a commit starts from.
std::vector<part>
parts_before(const model_archive& archived, const record* stored, const archived_commit& commit) {
    if (commit.is_whole || !stored) return {};
    const bool is_gap =
        archived.heads.empty() || archived.heads.back().head.number != stored->revision;
    return is_gap ? stored->parts : archived.heads.back().parts;
}

}  // namespace

void apply_commit(archive_contents& model, const contents& stored, const change& applied) {
    const auto found = stored.find(applied.id);
    const record* before = found == stored.end() ? nullptr : &found->second;
    if (applied.kind == change_kind::trim) return trim(model[applied.id], applied.revision);
    const bool is_removal = applied.kind == change_kind::remove;
    if (is_removal && applied.forgets) return forget(model, applied.id);
    if (!applied.commit || (is_removal && !before)) return;

    const archived_commit& commit = *applied.commit;
    model_archive& archived = model[applied.id];
    contents state;
    state[applied.id].parts = parts_before(archived, before, commit);
    apply_change(state, updating(applied.id, 0, commit.written, commit.dropped));
    archived.heads.push_back(
        {{applied.revision, commit.parent, commit.time, commit.event, commit.about, {}},
         std::move(state[applied.id].parts)}
    );
    if (commit.origin) archived.origin = commit.origin;
    for (const auto& name : commit.aliases)
        if (std::ranges::find(archived.aliases, name) == archived.aliases.end())
            archived.aliases.push_back(name);
    std::ranges::sort(archived.aliases);
}

void apply_failure(archive_contents& model, const archived_failure& failed) {
    const auto found = model.find(failed.id);
    if (found == model.end() || found->second.heads.empty()) return;
    auto& kept = found->second.failures;
    kept.push_back(failed);
    if (kept.size() > kept_failures) kept.erase(kept.begin());
}

}  // namespace stube::storage
