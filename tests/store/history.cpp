#include "history.hpp"

#include <stube/store/upkeep.hpp>

#include <cstdlib>
#include <optional>
#include <random>
#include <stdlib.h>

namespace store_test {
namespace {

class maker {
public:
    explicit maker(const history_options& options)
        : options_(options), random_(options.seed), revisions_(options.conversations) {}

    history make() {
        made_.states.emplace_back();
        for (std::size_t i = 0; i < options_.batches; ++i)
            add_batch();
        return std::move(made_);
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void add_batch() {
        contents next = made_.states.back();
        std::vector<change> batch;
        std::size_t first = below(options_.conversations);
        for (std::size_t i = below(3) + 1; i > 0; --i) {
            batch.push_back(next_change((first + i * 5) % options_.conversations, next));
            if (options_.with_commits) add_commit(batch.back(), next);
            apply_commit(archived_, next, batch.back());
            apply_change(next, batch.back());
        }
        if (options_.with_commits && below(3) == 0) add_trim(batch);
        made_.batches.push_back(std::move(batch));
        made_.states.push_back(std::move(next));
    }

    change next_change(std::size_t conversation, const contents& now) {
        std::string id = numbered("conversation-", conversation);
        std::uint64_t revision = revisions_[conversation] += 1 + below(3);
        auto stored = now.find(id);
        if (stored == now.end()) return creating(id, revision, some_parts(3));
        switch (below(20)) {
        case 0:
            return removing(id);
        case 1:
            return replacing(id, revision, some_parts(1 + below(6)));
        case 2:
            return replacing(id, revision, {}, record_status::tombstone);
        case 3:
            return replacing(id, revision, {{"head", body()}}, record_status::tombstone);
        default:
            break;
        }
        if (stored->second.status == record_status::tombstone)
            return replacing(id, revision, some_parts(4));
        change next = update_of(stored->second, revision);
        return options_.in_parts ? next : as_replacement(next, now);
    }

    /// One in eight changes is not recorded. One in four removals forgets the conversation.
    void add_commit(change& next, const contents& now) {
        const bool is_removal = next.kind == change_kind::remove;
        if (is_removal) next.revision = revisions_[number_of(next.id)];
        next.forgets = is_removal && below(4) == 0;
        if (next.forgets || below(8) == 0) return;
        archived_commit commit;
        commit.parent = below(5);
        commit.time = static_cast<std::int64_t>(++bodies_);
        commit.event = numbered("{\"event\":", bodies_) + "}";
        commit.about = numbered("{\"about\":", bodies_) + "}";
        commit.is_whole = next.kind != change_kind::update;
        commit.written = is_removal ? now.at(next.id).parts : next.written;
        commit.dropped = next.dropped;
        if (below(10) == 0) commit.aliases.push_back(next.id + numbered(" alias ", below(3)));
        if (next.kind == change_kind::create && below(4) == 0)
            commit.origin = fork_origin{numbered("conversation-", below(12)), 1};
        next.commit = std::make_shared<const archived_commit>(std::move(commit));
    }

    /// Trims a conversation that the batch does not change.
    void add_trim(std::vector<change>& batch) {
        change trim = removing(numbered("conversation-", below(options_.conversations)));
        const auto& heads = archived_[trim.id].heads;
        if (heads.size() < 3 || std::ranges::count(batch, trim.id, &change::id) > 0) return;
        trim.kind = change_kind::trim;
        trim.revision = heads[below(heads.size() - 2)].head.number;
        apply_commit(archived_, {}, trim);
        batch.push_back(std::move(trim));
    }

    static std::size_t number_of(const std::string& id) {
        return std::stoul(id.substr(id.find('-') + 1));
    }

    change update_of(const record& stored, std::uint64_t revision) {
        change next = updating(stored.id, revision, {});
        if (below(8) != 0) next.written.push_back({"head", body()});
        std::vector<std::string> others;
        for (const auto& part : stored.parts)
            if (part.name != "head") others.push_back(part.name);
        if (!others.empty() && below(3) != 0)
            next.written.push_back({others[below(others.size())], body()});
        if (others.empty() || below(4) == 0)
            next.written.push_back({numbered("new", revision), body()});
        if (others.size() > 4 || (!others.empty() && below(8) == 0)) {
            const std::string& dropped = others[below(others.size())];
            std::erase_if(next.written, [&](const part& part) { return part.name == dropped; });
            next.dropped.push_back(dropped);
        }
        return next;
    }

    static change as_replacement(const change& update, contents now) {
        apply_change(now, update);
        return replacing(update.id, update.revision, now[update.id].parts);
    }

    std::vector<part> some_parts(std::size_t count) {
        std::vector<part> parts{{"head", body()}};
        for (std::size_t i = 1; i < count; ++i)
            parts.push_back({numbered("i", i), body()});
        return parts;
    }

    std::string body() {
        std::string text = numbered("{\"number\":", ++bodies_) + ",\"text\":\"";
        for (std::size_t size = below(options_.largest); size > 0; --size)
            text += static_cast<char>('a' + random_() % 26);
        return text + "\"}";
    }

    history_options options_;
    std::mt19937 random_;
    std::vector<std::uint64_t> revisions_;
    std::uint64_t bodies_ = 0;
    archive_contents archived_;
    history made_;
};

std::optional<record> find(const contents& all, const std::string& id) {
    const auto stored = all.find(id);
    if (stored == all.end()) return std::nullopt;
    return stored->second;
}

}  // namespace

history make_history(const history_options& options) {
    return maker(options).make();
}

archive_contents archive_after(const history& all, std::size_t batches) {
    archive_contents archived;
    for (std::size_t i = 0; i < batches; ++i) {
        contents now = all.states[i];
        for (const auto& change : all.batches[i]) {
            apply_commit(archived, now, change);
            apply_change(now, change);
        }
    }
    return archived;
}

std::vector<change> with_positions(stube::store& loaded, std::vector<change> batch) {
    for (auto& change : batch) {
        if (change.kind != change_kind::trim) continue;
        auto& upkeep = dynamic_cast<archive_upkeep&>(loaded);
        for (const auto& each : upkeep.appended_after(0, 1'000'000).heads)
            if (each.id == change.id && each.head == change.revision)
                change.position = each.position;
    }
    return batch;
}

void check_archive(stube::store& loaded, const archive_contents& expected) {
    auto* from = dynamic_cast<archive*>(&loaded);
    if (!from || !from->keeps_archive()) return;
    for (const auto& [id, archived] : expected) {
        CAPTURE(id);
        std::vector<std::uint64_t> numbers;
        for (const auto& each : archived.heads)
            numbers.insert(numbers.begin(), each.head.number);
        std::vector<std::uint64_t> found;
        const auto heads = from->heads(id, ~0ull, numbers.size() + 1);
        found.reserve(heads.size());
        for (const auto& head : heads)
            found.push_back(head.number);
        CHECK(found == numbers);
        for (const std::size_t at : {numbers.size() / 2 + 1, std::size_t{1}}) {
            if (at > numbers.size()) continue;
            const archived_state& wanted = archived.heads[archived.heads.size() - at];
            auto state = from->state(id, wanted.head.number);
            REQUIRE(state);
            std::ranges::sort(state->parts, {}, &part::name);
            CHECK(state->parts == wanted.parts);
            CHECK(state->head.event == wanted.head.event);
        }
        CHECK(from->aliases(id) == archived.aliases);
    }
    const auto checked = dynamic_cast<archive_upkeep&>(loaded).check_archive(check_depth::deep);
    CHECK(checked.garbage == 0);
    for (const auto& fault : checked.faults) {
        INFO(fault.id, ": ", fault.why);
        CHECK(fault.why.find("does not exist") != std::string::npos);  // an origin by chance
    }
}

std::vector<change> not_yet_in(const contents& found, const std::vector<change>& batch) {
    std::vector<change> left;
    for (const auto& change : batch) {
        const auto stored = found.find(change.id);
        const bool is_stored = stored != found.end();
        if (change.kind == change_kind::trim) {
            left.push_back(change);  // repeating it changes nothing
            continue;
        }
        const bool is_done = change.kind == change_kind::remove
                                 ? !is_stored
                                 : is_stored && stored->second.revision >= change.revision;
        if (!is_done) left.push_back(change);
    }
    return left;
}

bool is_a_mixture(const contents& found, const contents& before, const contents& after) {
    contents all = found;
    all.insert(before.begin(), before.end());
    all.insert(after.begin(), after.end());
    return std::ranges::all_of(all, [&](const auto& entry) {
        const auto stored = find(found, entry.first);
        return stored == find(before, entry.first) || stored == find(after, entry.first);
    });
}

quick_folder::quick_folder() {
    fs::path parent = fs::is_directory("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    std::string name = (parent / "stube-faults-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

quick_folder::~quick_folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void copy_as_killed(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(from)) {
        const std::string name = entry.path().filename().string();
        if (entry.is_directory())
            copy_as_killed(entry.path(), to / name);
        else if (!name.ends_with("-shm") && !name.ends_with("lock"))
            fs::copy_file(entry.path(), to / name);
    }
}

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* value = std::getenv(name);
    return value ? static_cast<unsigned>(std::strtoul(value, nullptr, 10)) : otherwise;
}

}  // namespace store_test
