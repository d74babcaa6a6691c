#include "store/contract_archive.hpp"

#include "store/contract_trial.hpp"

#include <stube/store/upkeep.hpp>

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

namespace stube::store_contract {

using namespace storage;
namespace {

/// The change with a commit of the same parts.
change recorded(change next, archived_commit commit = {}) {
    commit.is_whole = next.kind != change_kind::update;
    commit.written = next.written;
    commit.dropped = next.dropped;
    next.commit = std::make_shared<const archived_commit>(std::move(commit));
    return next;
}

change with_alias(change next, std::string name) {
    archived_commit commit;
    commit.aliases = {std::move(name)};
    return recorded(std::move(next), std::move(commit));
}

change forgetting(std::string id) {
    change next = removing(std::move(id));
    next.forgets = true;
    return next;
}

/// A removal whose head has the last parts.
change ending(std::string id, std::uint64_t revision, std::vector<part> parts) {
    archived_commit commit;
    commit.event = R"({"kind":"end"})";
    commit.written = std::move(parts);
    change next = removing(std::move(id));
    next.revision = revision;
    next.commit = std::make_shared<const archived_commit>(std::move(commit));
    return next;
}

std::size_t count_heads(archive& from, std::string_view id) {
    return from.heads(id, std::numeric_limits<std::uint64_t>::max(), 1000).size();
}

void archive_follows_a_model(trial& run) {
    if (!run.archived()) return;
    const unsigned seed = std::random_device{}();
    random_changes changes(seed, run.opened().saves_parts(), true);
    try {
        for (int round = 1; round <= 200; ++round) {
            run.save(changes.next(run.model()));
            if (round % 20 == 0) run.restart();
        }
        run.compare_archive(true);
    } catch (const broken& violation) {
        throw broken(std::string(violation.what()) + " (seed " + std::to_string(seed) + ")");
    }
}

void heads_are_paged(trial& run) {
    if (!run.archived()) return;
    run.save({recorded(creating("a", 3, {{"head", "3"}}))});
    for (const std::uint64_t revision : {4u, 7u, 8u, 9u})
        run.save({recorded(replacing("a", revision, {{"head", std::to_string(revision)}}))});
    for (int restarted = 0; restarted < 2; ++restarted) {
        archive& from = *run.archived();
        const auto numbers = [&](std::uint64_t before, std::size_t count) {
            std::string text;
            for (const auto& head : from.heads("a", before, count))
                text += std::to_string(head.number) + ' ';
            return text;
        };
        expect(numbers(100, 100) == "9 8 7 4 3 ", "the heads are not the newest first");
        expect(numbers(9, 2) == "8 7 ", "the heads are not those below a number");
        expect(numbers(6, 2) == "4 3 ", "the heads are not those below a number between heads");
        expect(numbers(3, 2).empty(), "there are heads below the first one");
        expect(numbers(100, 0).empty(), "there are more heads than were asked for");
        expect(!from.state("a", 5), "there is a state between two heads");
        expect(!from.state("a", 10), "there is a state after the newest head");
        expect(count_heads(from, "never_there") == 0, "an unknown conversation has heads");
        expect(!from.state("never_there", 1), "an unknown conversation has a state");
        run.restart();
    }
}

void unrecorded_saves_leave_a_gap(trial& run) {
    if (!run.archived()) return;
    run.save({creating("a", 1, {{"head", "1"}, {"i1", "1"}, {"i2", "1"}})});
    run.save({recorded(replacing("a", 2, {{"head", "2"}, {"i1", "2"}, {"i2", "2"}}))});
    run.restart();
    if (run.opened().saves_parts()) {
        run.save({updating("a", 3, {{"i1", "3"}, {"i3", "3"}})});
        run.save({recorded(updating("a", 4, {{"i2", "4"}}))});
        run.compare_archive(true);
        run.save({updating("a", 5, {{"i1", "5"}})});
        run.restart();
        run.save({recorded(updating("a", 6, {{"i2", "6"}}, {"i3"}))});
        run.compare_archive(true);
    }
    run.save({replacing("a", 7, {{"head", "7"}})});
    run.save({recorded(replacing("a", 8, {{"head", "8"}}))});
    run.restart();
    run.compare_archive(true);
}

void end_keeps_the_history(trial& run) {
    if (!run.archived()) return;
    const std::vector<part> parts{{"head", "1"}, {"i1", "1"}};
    run.save(
        {recorded(creating("recorded", 1, parts)),
         recorded(creating("silent", 1, parts)),
         creating("unarchived", 1, parts)}
    );
    run.save({ending("recorded", 2, {{"head", "2"}}), removing("silent"), removing("unarchived")});
    run.save({removing("recorded"), ending("never_there", 1, parts)});
    for (int restarted = 0; restarted < 2; ++restarted) {
        archive& from = *run.archived();
        expect(count_heads(from, "recorded") == 2, "the last head is not recorded");
        expect(count_heads(from, "silent") == 1, "a removal without a commit has lost the heads");
        expect(count_heads(from, "unarchived") == 0, "an unrecorded conversation has heads");
        expect(count_heads(from, "never_there") == 0, "a removal of nothing has left a head");
        run.restart();
    }
    run.expect_conflict({recorded(creating("recorded", 2, parts))});
    run.expect_conflict({creating("silent", 1, parts)});
    run.save({recorded(creating("recorded", 3, parts)), creating("silent", 2, parts)});
    run.save({recorded(replacing("recorded", 4, parts)), recorded(replacing("silent", 3, parts))});
    run.restart();
    run.compare_archive(true);
    expect(count_heads(*run.archived(), "recorded") == 4, "a second life has lost the first one");
    expect(count_heads(*run.archived(), "silent") == 2, "a second life has lost the first one");
}

void alias_is_unique(trial& run) {
    if (!run.archived()) return;
    run.save({with_alias(creating("a", 1, {{"head", "1"}}), "Order 1/ä")});
    run.save({creating("b", 1, {{"head", "1"}})});
    run.expect_conflict({with_alias(replacing("b", 2, {{"head", "2"}}), "Order 1/ä")});
    run.expect_conflict(
        {with_alias(replacing("a", 2, {{"head", "2"}}), "both"),
         with_alias(replacing("b", 2, {{"head", "2"}}), "both")}
    );
    expect(!run.archived()->find_alias("both"), "a refused alias is stored");
    run.save(
        {with_alias(replacing("a", 2, {{"head", "3"}}), "Order 1/ä"),
         with_alias(replacing("b", 2, {{"head", "3"}}), "Order 2")}
    );
    run.restart();
    run.save({removing("a")});
    run.expect_conflict({with_alias(replacing("b", 3, {{"head", "4"}}), "Order 1/ä")});
    run.restart();
    expect(run.archived()->find_alias("Order 1/ä") == "a", "an alias ended with its conversation");
}

void invalid_commit_is_refused(trial& run) {
    const auto with = [](auto edit) {
        archived_commit commit;
        edit(commit);
        change next = creating("a", 1, {{"head", "1"}});
        next.commit = std::make_shared<const archived_commit>(std::move(commit));
        return next;
    };
    const auto alias = [&](std::string name) {
        return with([&](auto& commit) { commit.aliases = {name}; });
    };
    for (const auto& bad :
         {alias(""),
          alias(std::string(201, 'a')),
          alias("a\nb"),
          alias("a\x7f"),
          alias("a\xc2\x85"),
          alias("\xff"),
          with([](auto& commit) { commit.written = {{"Head", "1"}}; }),
          with([](auto& commit) { commit.written = {{"i1", "\"\xff\""}}; }),
          with([](auto& commit) { commit.written = {{"i1", "1"}, {"i1", "1"}}; }),
          with([](auto& commit) { commit.dropped = {"head"}; }),
          with([](auto& commit) { commit.event = "\xff"; }),
          with([](auto& commit) { commit.about = "\xff"; }),
          with([](auto& commit) { commit.parent = 1ull << 63; }),
          with([](auto& commit) { commit.origin = fork_origin{"../a", 1}; })})
        run.expect_refused({bad, creating("good", 1, {{"head", "1"}})});
    run.save({alias(std::string(200, 'a'))});
    run.restart();
}

void forks_are_found(trial& run) {
    if (!run.archived()) return;
    const auto fork = [](std::string id, std::uint64_t head) {
        archived_commit commit;
        commit.origin = fork_origin{"source", head};
        return recorded(creating(std::move(id), 1, {{"head", "1"}}), std::move(commit));
    };
    run.save({recorded(creating("source", 1, {{"head", "1"}}))});
    run.save({fork("fork1", 1), fork("fork2", 1)});
    run.save({removing("fork2")});
    for (int restarted = 0; restarted < 2; ++restarted) {
        const auto derived = run.archived()->derivations("source");
        expect(derived.size() == 2, "a conversation does not have all of its forks");
        const auto own = run.archived()->derivations("fork1");
        expect(
            own.size() == 1 && own[0].id == "fork1" && own[0].origin == fork_origin{"source", 1},
            "a fork has another origin"
        );
        run.restart();
    }
}

/// The change that deletes a head and all heads before it.
change trimming(archive_upkeep& from, const std::string& id, std::uint64_t head) {
    change next;
    next.id = id;
    next.kind = change_kind::trim;
    next.revision = head;
    std::uint64_t at = 0;
    do {
        const auto slice = from.appended_after(at, 7);
        for (const auto& each : slice.heads)
            if (each.id == id && each.head == head) next.position = each.position;
        at = slice.last_position;
    } while (at != 0);
    return next;
}

archive_upkeep* upkeep_of(trial& run) {
    return run.archived() ? dynamic_cast<archive_upkeep*>(&run.opened()) : nullptr;
}

/// The newest head that can be trimmed; 0 if no head can.
std::uint64_t newest_to_trim(const std::vector<archived_state>& heads) {
    const std::size_t last_states = !heads.empty() && heads.back().parts.empty() ? 2 : 1;
    return heads.size() <= last_states ? 0 : heads[heads.size() - 1 - last_states].head.number;
}

/// Trims one in three conversations up to a random head.
void trim_some(trial& run, std::mt19937& random) {
    for (const auto& [id, archived] : run.archive_model()) {
        const std::uint64_t newest = newest_to_trim(archived.heads);
        if (newest == 0 || random() % 3 != 0) continue;
        const auto& any = archived.heads[random() % archived.heads.size()];
        run.save({trimming(*upkeep_of(run), id, std::min(any.head.number, newest))});
    }
}

void expect_intact(trial& run) {
    const auto checked = upkeep_of(run)->check_archive(check_depth::deep);
    expect(checked.garbage == 0, "rows of the archive are left that nothing needs");
    for (const auto& fault : checked.faults)
        expect(fault.head == 0, fault.id + ": " + fault.why);
}

void trimmed_archive_follows_a_model(trial& run) {
    if (!upkeep_of(run)) return;
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    random_changes changes(seed, run.opened().saves_parts(), true);
    try {
        for (int round = 1; round <= 200; ++round) {
            run.save(changes.next(run.model()));
            if (round % 40 == 0) run.restart();
            if (round % 10 != 0) continue;
            trim_some(run, random);
            run.compare_archive(true);
        }
        run.restart();
        run.compare_archive(true);
        expect_intact(run);
    } catch (const broken& violation) {
        throw broken(std::string(violation.what()) + " (seed " + std::to_string(seed) + ")");
    }
}

void last_state_is_not_trimmed(trial& run) {
    if (!upkeep_of(run)) return;
    const std::vector<part> parts{{"head", "1"}, {"i1", "1"}};
    for (const char* id : {"live", "ended"}) {
        run.save({recorded(creating(id, 1, parts))});
        run.save({recorded(replacing(id, 2, {{"head", "2"}}))});
    }
    run.save({ending("ended", 3, {})});
    archive_upkeep& upkeep = *upkeep_of(run);
    run.expect_conflict({trimming(upkeep, "live", 2)});
    run.expect_conflict({trimming(upkeep, "ended", 3)});
    run.expect_conflict({trimming(upkeep, "ended", 2)});
    run.expect_conflict({trimming(upkeep, "live", 7)});
    change elsewhere = trimming(upkeep, "live", 1);
    elsewhere.id = "ended";
    run.expect_conflict({elsewhere});
    run.compare_archive(true);

    const change again = trimming(upkeep, "live", 1);
    run.save({again, trimming(upkeep, "ended", 1)});
    run.save({again});
    run.compare_archive(true);
    run.save({recorded(replacing("live", 3, parts))});
    run.restart();
    run.compare_archive(true);
}

void forgotten_leaves_nothing(trial& run) {
    if (!run.archived()) return;
    const auto life = [&](const std::string& id, const std::string& alias) {
        archived_commit commit;
        commit.origin = fork_origin{"source", 1};
        commit.aliases = {alias};
        run.save({recorded(creating(id, 1, {{"head", "1"}, {"i1", "1"}}), commit)});
        for (std::uint64_t revision = 2; revision < 100; ++revision)
            run.save({recorded(replacing(id, revision, {{"head", std::to_string(revision)}}))});
    };
    const auto check = [&] {
        for (const char* id : {"live", "ended"}) {
            expect(count_heads(*run.archived(), id) == 0, "a forgotten conversation has heads");
            expect(!run.archived()->state(id, 1), "a forgotten conversation has a state");
            expect(run.archived()->derivations(id).empty(), "a forgotten fork has an origin");
            expect(run.archived()->aliases(id).empty(), "a forgotten conversation has aliases");
        }
        expect(!run.archived()->find_alias("alias of live"), "a forgotten alias is found");
    };
    life("live", "alias of live");
    life("ended", "alias of ended");
    if (auto* upkeep = upkeep_of(run))
        run.save({trimming(*upkeep, "live", 70), trimming(*upkeep, "ended", 90)});
    run.save({recorded(creating("other", 1, {{"head", "1"}}))});
    run.save({ending("ended", 100, {{"head", "100"}})});
    run.save({forgetting("live"), forgetting("ended"), forgetting("never_there")});
    check();
    run.restart();
    check();
    run.save({with_alias(creating("live", 1, {{"head", "1"}}), "alias of ended")});
    run.restart();
    run.compare_archive(true);
    expect(count_heads(*run.archived(), "live") == 1, "a new life has the forgotten heads");
}

void refused_save_leaves_no_head(trial& run) {
    if (!run.archived()) return;
    run.save({recorded(creating("a", 1, {{"head", "1"}, {"i1", "1"}})), creating("b", 5, {})});
    const change next = recorded(replacing("a", 2, {{"head", "2"}, {"i1", "2"}}));
    run.expect_conflict({next, replacing("b", 5, {})});
    run.expect_conflict({recorded(creating("new", 1, {{"head", "2"}})), replacing("b", 5, {})});
    run.expect_conflict({forgetting("a"), replacing("b", 5, {})});
    expect(count_heads(*run.archived(), "a") == 1, "a refused save has left a head");
    expect(count_heads(*run.archived(), "new") == 0, "a refused save has left a head");
    run.compare_archive(true);
    run.save({recorded(replacing("a", 2, {{"head", "2"}, {"i1", "3"}}))});
    run.save({recorded(replacing("a", 3, {{"head", "3"}, {"i1", "2"}}))});
    run.compare_archive(true);
    run.restart();
    run.compare_archive(true);
}

archived_failure failure_of(std::string id, std::uint64_t number) {
    return {std::move(id), 1, static_cast<std::int64_t>(number), "{}", std::to_string(number)};
}

void newest_failures_are_kept(trial& run) {
    if (!run.archived()) return;
    run.save(
        {recorded(creating("a", 1, {{"head", "1"}})),
         recorded(creating("forgotten", 1, {{"head", "1"}})),
         creating("unarchived", 1, {{"head", "1"}})}
    );
    archive_contents model;
    model["a"].heads.emplace_back();
    for (std::uint64_t number = 1; number <= kept_failures + 2; ++number) {
        const std::vector<archived_failure> failed{
            failure_of("a", number),
            failure_of("forgotten", number),
            failure_of("unarchived", number),
            failure_of("never_there", number)
        };
        run.archived()->append_failures(failed);
        apply_failure(model, failed.front());
    }
    run.save({forgetting("forgotten"), removing("a")});
    for (int restarted = 0; restarted < 2; ++restarted) {
        archive& from = *run.archived();
        expect(
            from.failures("a") == model["a"].failures,
            "other failures than the newest are kept"
        );
        expect(from.failures("forgotten").empty(), "a forgotten conversation has failures");
        expect(from.failures("unarchived").empty(), "an unrecorded conversation has failures");
        expect(from.failures("never_there").empty(), "an unknown conversation has failures");
        run.restart();
    }
}

void invalid_failure_is_refused(trial& run) {
    if (!run.archived()) return;
    run.save({recorded(creating("a", 1, {{"head", "1"}}))});
    const std::string long_text(longest_failure, 'x');
    for (const archived_failure& bad :
         {archived_failure{"../a", 1, 1, "{}", ""},
          archived_failure{"a", 1ull << 63, 1, "{}", ""},
          archived_failure{"a", 1, 1, "\xff", ""},
          archived_failure{"a", 1, 1, "{}", "\xff"},
          archived_failure{"a", 1, 1, "{}", long_text}}) {
        bool is_refused = false;
        try {
            run.archived()->append_failures(std::vector{failure_of("a", 1), bad});
        } catch (const store_refused&) {
            is_refused = true;
        }
        expect(is_refused, "an invalid failure was not refused");
    }
    expect(run.archived()->failures("a").empty(), "a refused failure is stored");
    run.archived()->append_failures(std::vector{failure_of("a", 1)});
    expect(run.archived()->failures("a").size() == 1, "a failure after a refused one is lost");
}

void commits_of_one_conversation(trial& run) {
    if (!run.archived()) return;
    run.save(
        {recorded(creating("a", 3, {{"head", "3"}, {"i1", "1"}})),
         recorded(creating("b", 1, {{"head", "1"}}))}
    );
    run.save({recorded(replacing("a", 5, {{"head", "5"}, {"i1", "1"}}))});
    run.save({recorded(replacing("b", 2, {{"head", "2"}}))});
    run.save({ending("a", 6, {})});
    for (int restarted = 0; restarted < 2; ++restarted) {
        archive& from = *run.archived();
        const auto numbers = [&](std::string_view id, std::uint64_t first) {
            std::string text;
            for (const auto& commit : from.commits_of(id, first))
                text += commit.id + std::to_string(commit.head.number) + ' ';
            return text;
        };
        expect(numbers("a", 0) == "a3 a5 a6 ", "the commits are not the oldest first");
        expect(numbers("a", 5) == "a5 a6 ", "the commits do not begin with a number");
        expect(numbers("a", 4).empty(), "there are commits from a number between heads on");
        expect(numbers("a", 1).empty(), "there are commits from a number below all heads on");
        expect(numbers("a", 7).empty(), "there are commits after the newest one");
        expect(numbers("never_there", 0).empty(), "an unknown conversation has commits");
        const auto from_second = from.commits_of("a", 5);
        expect(
            from_second[0].is_whole && from_second[0].written.size() == 2,
            "the first commit has not all parts"
        );
        run.restart();
    }
    run.save({forgetting("a")});
    expect(run.archived()->commits_of("a", 0).empty(), "a forgotten conversation has commits");
}

void commits_are_in_order(trial& run) {
    if (!run.archived()) return;
    run.save(
        {recorded(creating("b", 1, {{"head", "1"}, {"i1", "1"}})),
         recorded(creating("a", 4, {{"head", "2"}}))}
    );
    run.save({recorded(replacing("a", 5, {{"head", "3"}})), creating("silent", 1, {})});
    run.save({recorded(replacing("b", 2, {{"head", "1"}, {"i2", "2"}}))});
    run.save({ending("a", 6, {})});
    for (int restarted = 0; restarted < 2; ++restarted) {
        archive& from = *run.archived();
        const auto all = from.commits_after(0, 100);
        std::string order;
        for (const auto& commit : all)
            order += commit.id + std::to_string(commit.head.number) + ' ';
        expect(order == "b1 a4 a5 b2 a6 ", "the commits are not in the order of their append");
        const auto page = from.commits_after(all[1].position, 2);
        expect(
            page.size() == 2 && page[0].id == "a" && page[1].id == "b",
            "a page of commits does not begin after its position"
        );
        expect(from.commits_after(all[4].position, 1).empty(), "there are commits after the last");
        expect(from.commits_after(0, 0).empty(), "there are more commits than were asked for");

        const auto state = from.state_at(all[3].position);
        expect(state && state->head.number == 2, "a position has the state of another commit");
        expect(state->parts.size() == 2, "the state at a position has other parts");
        expect(from.state_at(all[4].position)->parts.empty(), "an end without parts has parts");
        expect(!from.state_at(0), "there is a state before the first commit");
        expect(!from.state_at(all[4].position + 1000), "there is a state after the last commit");
        run.restart();
    }
    run.save({forgetting("a")});
    const auto left = run.archived()->commits_after(0, 100);
    expect(left.size() == 2 && left[0].id == "b", "the commits of a forgotten conversation remain");
}

}  // namespace

std::vector<rule> archive_rules() {
    return {
        make_rule("an archive follows a model through random batches", archive_follows_a_model),
        make_rule("the heads of an archive are read in pages", heads_are_paged),
        make_rule(
            "the first head after unrecorded saves has the whole state",
            unrecorded_saves_leave_a_gap
        ),
        make_rule("a conversation that has ended keeps its heads", end_keeps_the_history),
        make_rule("an alias belongs to one conversation", alias_is_unique),
        make_rule("an invalid commit is refused", invalid_commit_is_refused),
        make_rule("a fork and its origin are found", forks_are_found),
        make_rule("a forgotten conversation leaves nothing", forgotten_leaves_nothing),
        make_rule(
            "a trimmed archive keeps every later state through random batches",
            trimmed_archive_follows_a_model
        ),
        make_rule("the last state of a conversation is not trimmed", last_state_is_not_trimmed),
        make_rule("a refused save leaves no head", refused_save_leaves_no_head),
        make_rule("the newest failures of a conversation are kept", newest_failures_are_kept),
        make_rule("an invalid failure is refused", invalid_failure_is_refused),
        make_rule("the commits are read in the order of their append", commits_are_in_order),
        make_rule("the commits of a conversation are read at once", commits_of_one_conversation),
    };
}

}  // namespace stube::store_contract
