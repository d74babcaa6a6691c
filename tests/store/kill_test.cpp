#include "part_index.hpp"
#include "support.hpp"

#include <stube/store/upkeep.hpp>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

// A child process saves and reports each acknowledged revision. It is killed at a random moment,
// and then the stored state is compared with the report. The state of a conversation is a function
// of its number and its revision, so that the comparison detects a torn conversation.

using namespace store_test;

namespace {

constexpr std::uint32_t conversations = 40;
constexpr std::uint64_t life = 50;  // a conversation is removed and created every 50 revisions

struct acknowledgement {
    std::uint32_t conversation;
    std::uint64_t revision;
};

std::string id_of(std::uint32_t conversation) {
    return numbered("conversation-", conversation);
}

std::string body_of(std::uint32_t conversation, std::uint64_t revision) {
    std::size_t size = (std::uint64_t{conversation} * 131 + revision * 37) % 3000;
    return numbered("{\"of\":", conversation) + numbered(",\"at\":", revision) + ",\"text\":\"" +
           std::string(size, 'x') + "\"}";
}

bool is_removed_at(std::uint64_t revision) {
    return revision % life == life - 1;
}

/// Each revision writes the head and one of four parts. A fifth part is added and dropped.
record state_at(std::uint32_t conversation, std::uint64_t revision) {
    std::uint64_t born = revision - revision % life;
    record state{id_of(conversation), revision, record_status::kept, {}};
    state.parts.push_back({"head", body_of(conversation, revision)});
    for (std::uint64_t i = 0; i < 4; ++i) {
        std::uint64_t written = revision - (revision + 4 - i) % 4;
        std::uint64_t at = written < born || written > revision ? born : written;
        state.parts.push_back({numbered("i", i), body_of(conversation, at)});
    }
    if (revision % 8 >= 5)
        state.parts.push_back({"passing", body_of(conversation, revision - revision % 8)});
    return in_order(state);
}

/// The change from the previous revision to this one.
change change_to(std::uint32_t conversation, std::uint64_t revision, bool in_parts) {
    if (is_removed_at(revision)) return removing(id_of(conversation));
    record next = state_at(conversation, revision);
    if (revision % life == 0) return creating(next.id, revision, next.parts);
    if (!in_parts) return replacing(next.id, revision, next.parts);

    change update = updating(next.id, revision, {});
    const record last = state_at(conversation, revision - 1);
    for (const auto& part : next.parts)
        if (std::ranges::count(last.parts, part) == 0) update.written.push_back(part);
    for (const auto& part : last.parts)
        if (std::ranges::count(next.parts, part.name, &part::name) == 0)
            update.dropped.push_back(part.name);
    return update;
}

/// The commit of a change. A removal has a head of its own.
archived_commit commit_of(const change& next, std::uint64_t revision) {
    archived_commit commit;
    commit.parent = revision - 1;
    commit.time = static_cast<std::int64_t>(revision);
    commit.event = numbered("{\"event\":", revision) + "}";
    commit.about = "{}";
    commit.is_whole = next.kind != change_kind::update;
    commit.written = next.written;
    commit.dropped = next.dropped;
    if (next.kind == change_kind::remove) commit.written = {{"head", "\"removed\""}};
    return commit;
}

std::vector<part> archived_parts_at(std::uint32_t conversation, std::uint64_t revision) {
    if (is_removed_at(revision)) return {{"head", "\"removed\""}};
    return state_at(conversation, revision).parts;
}

bool keeps_archive(stube::store& kept) {
    auto* archived = dynamic_cast<archive*>(&kept);
    return archived && archived->keeps_archive();
}

using revisions = std::vector<std::uint64_t>;

/// The index of a store with an archive; empty for another one.
template <class Place>
std::optional<part_index> open_index(const Place& place, stube::store& kept) {
    if (!keeps_archive(kept)) return std::nullopt;
    return std::optional<part_index>(std::in_place, place.path(), *archive_of(kept));
}

/// Saves batches of the next revisions until it is killed. The index follows now and then.
template <class Place>
[[noreturn]] void save_until_killed(const Place& place, revisions at, unsigned seed, int pipe) {
    auto kept = place.open();
    kept->load_all([](record&&) {});
    auto index = open_index(place, *kept);
    std::mt19937 random(seed);
    for (;;) {
        std::vector<change> batch;
        std::vector<acknowledgement> done;
        std::uint32_t first = static_cast<std::uint32_t>(random()) % conversations;
        std::uint32_t count = 1 + static_cast<std::uint32_t>(random()) % 8;
        for (std::uint32_t i = 0; i < count; ++i) {
            std::uint32_t conversation = (first + i * 5) % conversations;
            std::uint64_t revision = ++at[conversation];
            batch.push_back(change_to(conversation, revision, kept->saves_parts()));
            if (keeps_archive(*kept)) {
                change& next = batch.back();
                next.revision = revision;
                next.commit = std::make_shared<const archived_commit>(commit_of(next, revision));
            }
            done.push_back({conversation, revision});
        }
        kept->save(batch);
        auto size = static_cast<ssize_t>(done.size() * sizeof(acknowledgement));
        if (::write(pipe, done.data(), static_cast<std::size_t>(size)) != size) ::_exit(1);
        if (index && random() % 3 == 0) index->catch_up(1 + random() % 8);
    }
}

/// Waits for the next acknowledgement. Returns false if the child has ended.
bool read_acknowledgement(int pipe, revisions& at) {
    acknowledgement next;
    if (::read(pipe, &next, sizeof next) != sizeof next) return false;
    at[next.conversation] = next.revision;
    return true;
}

/// Compares the stored state with the acknowledged revisions, and sets `at` to the stored
/// revisions.
void compare(const contents& found, revisions& at) {
    for (std::uint32_t conversation = 0; conversation < conversations; ++conversation) {
        std::uint64_t acknowledged = at[conversation];
        CAPTURE(conversation);
        CAPTURE(acknowledged);
        auto stored = found.find(id_of(conversation));
        if (stored == found.end()) {
            // The removal was acknowledged, or belongs to the batch that was under way.
            if (!is_removed_at(acknowledged)) CHECK(is_removed_at(++at[conversation]));
            continue;
        }
        std::uint64_t revision = stored->second.revision;
        CHECK(revision >= acknowledged);      // otherwise an acknowledged save is lost
        CHECK(revision <= acknowledged + 1);  // at most one batch was under way
        CHECK(stored->second == state_at(conversation, revision));  // otherwise it is torn
        at[conversation] = revision;
    }
}

/// Each conversation has one head for each of its revisions. Reads the newest 100 heads, and the
/// states of the newest and of the oldest of these.
void compare_archive(stube::store& kept, const revisions& at) {
    if (!keeps_archive(kept)) return;
    auto& archived = dynamic_cast<archive&>(kept);
    for (std::uint32_t conversation = 0; conversation < conversations; ++conversation) {
        CAPTURE(conversation);
        const std::uint64_t saves = at[conversation] - (life - 1);
        const auto heads = archived.heads(id_of(conversation), ~0ull, 100);
        REQUIRE(heads.size() == std::min<std::uint64_t>(saves, 100));
        for (std::uint64_t i = 0; i < heads.size(); ++i)
            CHECK(heads[i].number == at[conversation] - i);
        if (heads.empty()) continue;
        for (const std::uint64_t revision : {heads.front().number, heads.back().number}) {
            auto state = archived.state(id_of(conversation), revision);
            REQUIRE(state);
            std::ranges::sort(state->parts, {}, &part::name);
            CHECK(state->parts == archived_parts_at(conversation, revision));
        }
    }
}

/// The index catches up, and then equals one that no kill has interrupted. `is_thorough`: equals a
/// rebuild from the first commit, and all heads and bodies of the archive match their digests.
template <class Place>
void compare_index(const Place& place, stube::store& kept, bool is_thorough) {
    if (!keeps_archive(kept)) return;
    {
        auto index = open_index(place, kept);
        CHECK(index->rebuilt_because().empty());
        CHECK_FALSE(index->began_again());
        index->catch_up(1'000);
    }
    const auto fresh = place.path().string() + ".fresh";
    if (is_thorough) {
        remove_index(fresh + ".index");
        auto& upkeep = dynamic_cast<archive_upkeep&>(kept);
        const auto checked = upkeep.check_archive(check_depth::deep);
        CHECK(checked.fault_count == 0);
        CHECK(checked.garbage == 0);
    }
    part_index(fresh, *archive_of(kept)).catch_up(1'000);
    for (const auto& each : differences(fresh, place.path()))
        FAIL_CHECK("the index differs from a rebuild: ", each);
}

/// For runs by hand: STUBE_KILL_ROUNDS, STUBE_SEED.
unsigned from_environment(const char* name, unsigned otherwise) {
    const char* value = std::getenv(name);
    return value ? static_cast<unsigned>(std::strtoul(value, nullptr, 10)) : otherwise;
}

template <class Place>
void kill_loop(unsigned rounds) {
    rounds = from_environment("STUBE_KILL_ROUNDS", rounds);
    Place place;
    unsigned seed = from_environment("STUBE_SEED", std::random_device{}());
    CAPTURE(seed);
    std::mt19937 random(seed);
    revisions at(conversations, life - 1);  // so that the first change creates the conversation
    std::uint64_t before = 0;
    std::uint64_t rounds_with_saves = 0;

    for (unsigned round = 0; round < rounds; ++round) {
        CAPTURE(round);
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        auto child_seed = static_cast<unsigned>(random());
        pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            try {
                save_until_killed(place, at, child_seed, ends[1]);
            } catch (...) {
                ::_exit(2);
            }
        }
        ::close(ends[1]);
        // Half of the kills hit the store while it saves. The others may also hit it while it
        // opens.
        if (random() % 2 == 0) read_acknowledgement(ends[0], at);
        ::usleep(static_cast<useconds_t>(2000 + random() % 30000));
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        while (read_acknowledgement(ends[0], at)) {
        }
        ::close(ends[0]);

        auto kept = place.open();
        compare(load(*kept), at);
        compare_archive(*kept, at);
        compare_index(place, *kept, round % 50 == 49 || round + 1 == rounds);
        kept.reset();
        std::uint64_t now = 0;
        for (std::uint64_t revision : at)
            now += revision;
        rounds_with_saves += now > before;
        before = now;
    }
    CHECK(rounds_with_saves > 0);
    MESSAGE(rounds, " kills, ", before - conversations * (life - 1), " saves, seed ", seed);
}

}  // namespace

TEST_CASE_TEMPLATE(
    "nothing acknowledged is lost or torn by kill -9",
    Place,
    file_place,
    sqlite_place,
    archive_place
) {
    kill_loop<Place>(20);
}

TEST_CASE_TEMPLATE(
    "nothing acknowledged is lost or torn by 1000 kills",
    Place,
    file_place,
    sqlite_place,
    archive_place
) {
    kill_loop<Place>(1000);
}
