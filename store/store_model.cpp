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

}  // namespace stube::storage
