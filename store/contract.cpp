#include "store/contract_archive.hpp"
#include "store/contract_trial.hpp"

#include <stube/store/contract.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <random>

namespace stube::store_contract {

using namespace storage;
namespace {

change as_tombstone(change change) {
    change.status = record_status::tombstone;
    return change;
}

void new_is_empty(trial& run) {
    run.restart();
    run.restart();
    run.save({});
    run.restart();
}

void byte_for_byte(trial& run) {
    std::string deep = std::string(499, '[') + "{}" + std::string(499, ']');
    run.save(
        {creating("plain", 1, {{"head", "{}"}, {"i1", R"({"n":1})"}}),
         creating(
             "numbers",
             2,
             {{"head", "[9.824023684587937E2,1e400,18446744073709551615,-0,0.10]"}}
         ),
         creating("text", 3, {{"head", R"(["\"}{][,:\\","ä€😀","\u00e4\n\\"])"}}),
         creating(
             "space",
             4,
             {{"head", "{ \"a\" :\t[ 1 ,\n 2 ] }"}, {"i1", "\"text\""}, {"i2", "null"}}
         ),
         creating("deep", 5, {{"head", deep}}),
         creating("large", 6, {{"head", "{}"}, {"i1", '"' + std::string(1 << 20, 'x') + '"'}}),
         creating(
             std::string(64, 'Z'),
             (1ull << 63) - 1,
             {{"head", "0"}, {std::string(64, 'z'), "1"}}
         ),
         creating("-_azAZ09", 0, {{"head", "true"}, {"a_0", "false"}}),
         creating("case", 1, {{"head", "1"}}),
         creating("CASE", 1, {{"head", "2"}}),
         as_tombstone(creating("tombstone", 7, {{"head", R"({"owner":"x"})"}})),
         as_tombstone(creating("bare_tombstone", 8, {}))}
    );
    run.restart();
}

void replace_deletes_other_parts(trial& run) {
    run.save(
        {creating("a", 1, {{"head", "1"}, {"i1", "1"}, {"i2", "1"}}),
         creating("b", 1, {{"head", "1"}, {"i1", "1"}})}
    );
    run.save({replacing("a", 2, {{"head", "2"}, {"i2", "2"}, {"i3", "2"}})});
    run.save({as_tombstone(replacing("b", 2, {}))});
    run.restart();
    if (!run.keeps()) return;
    run.save({replacing("b", 3, {{"head", "3"}})});
    run.restart();
}

void update_leaves_other_parts(trial& run) {
    if (!run.opened().saves_parts()) return;
    run.save({creating("a", 1, {{"head", "1"}, {"i1", "1"}}), creating("b", 1, {})});
    for (const change& step :
         {updating("a", 2, {{"head", "2"}, {"i1", "2"}}),
          updating("a", 3, {{"head", "3"}, {"i2", "3"}, {"i3", "3"}}),
          updating("a", 4, {{"head", "4"}, {"i3", "4"}}, {"i1", "never_there"}),
          updating("a", 5, {{"i4", "5"}}),
          updating("a", 6, {}, {"i4"}),
          updating("a", 7, {{"head", "7"}, {"i1", "7"}}, {"i2", "i3"}),
          updating("a", 8, {}),
          as_tombstone(updating("b", 2, {{"head", "2"}})),
          updating("b", 3, {{"i1", "3"}})}) {
        run.save({step});
        run.restart();
    }
}

void removed_can_be_created(trial& run) {
    run.save({creating("a", 5, {{"head", "1"}, {"i1", "1"}}), creating("b", 5, {{"head", "1"}})});
    run.save({removing("a"), removing("never_there")});
    run.save({removing("a")});
    run.restart();
    run.save({creating("a", 1, {{"head", "2"}})});
    run.save({removing("b")});
    run.restart();
}

void late_change_is_a_conflict(trial& run) {
    run.save({creating("a", 5, {{"head", "5"}}), creating("gone", 5, {{"head", "5"}})});
    run.save({removing("gone")});
    for (int restarted = 0; restarted < 2; ++restarted) {
        run.expect_conflict({replacing("a", 5, {{"head", "x"}})});
        run.expect_conflict({replacing("a", 4, {{"head", "x"}})});
        run.expect_conflict({creating("a", 6, {{"head", "x"}})});
        run.expect_conflict({replacing("gone", 6, {{"head", "x"}})});
        run.expect_conflict({as_tombstone(replacing("gone", 6, {}))});
        run.expect_conflict({replacing("never_there", 1, {{"head", "x"}})});
        if (run.opened().saves_parts()) {
            run.expect_conflict({updating("a", 5, {{"head", "x"}})});
            run.expect_conflict({updating("gone", 6, {{"head", "x"}})});
            run.expect_conflict({updating("never_there", 1, {{"head", "x"}})});
        }
        run.restart();
    }
    if (!run.keeps()) return;
    run.save({replacing("a", 9, {{"head", "9"}})});
    run.expect_conflict({replacing("a", 9, {{"head", "x"}})});
    run.restart();
}

void refused_batch_changes_nothing(trial& run) {
    if (!run.keeps()) return;
    run.save(
        {creating("a", 1, {{"head", "1"}}),
         creating("b", 5, {{"head", "1"}}),
         creating("late", 7, {{"head", "1"}})}
    );
    const batch valid{creating("new", 1, {{"head", "2"}}), replacing("a", 2, {{"head", "2"}})};
    batch first = valid;
    first.push_back(removing("b"));
    first.push_back(replacing("late", 1, {{"head", "2"}}));
    run.expect_conflict(first);
    batch second = valid;
    second.push_back(replacing("b", 4, {{"head", "2"}}));
    run.expect_conflict(second);
    batch third = valid;
    third.push_back(replacing("b", 6, {{"head", "\"\xff\""}}));
    run.expect_refused(third);
    // The refused batches left no trace: the new id can still be created, and the stored
    // conversation can still change.
    run.save({creating("new", 1, {{"head", "3"}}), replacing("a", 2, {{"head", "3"}})});
    run.restart();
}

void invalid_change_is_refused(trial& run) {
    const auto head = [](std::string body) { return std::vector<part>{{"head", std::move(body)}}; };
    const auto dropping = [](std::vector<std::string> names) {
        return updating("a", 2, {}, std::move(names));
    };
    for (const auto& bad :
         {creating("", 1, {}),
          creating("../a", 1, {}),
          creating(std::string(65, 'a'), 1, {}),
          removing("a/b"),
          creating("a", 1, {{"Head", "1"}}),
          creating("a", 1, {{"a\"b", "1"}}),
          creating("a", 1, {{"i1", "1"}, {"head", "1"}, {"i1", "1"}}),
          creating("a", 1, head("\"\xff\"")),
          creating("a", 1, head("\"12345678\xe2\x82")),
          creating("a", 1, head("\"\xed\xa0\x80\"")),
          creating("a", 1ull << 63, {}),
          dropping({"head"}),
          dropping({"a b"}),
          creating("good", 2, head("1"))})  // twice in the batch
        run.expect_refused({creating("good", 1, head("1")), bad});
    run.restart();
}

void exception_propagates(trial& run) {
    run.save({creating("a", 1, {{"head", "1"}})});
    run.restart();
    if (!run.keeps()) return;
    bool has_passed = false;
    try {
        run.opened().load_all([](record&&) { throw std::out_of_range("callback"); });
    } catch (const std::out_of_range&) {
        has_passed = true;
    }
    expect(has_passed, "an exception of the callback did not propagate through load_all");
    run.restart();
}

void store_follows_a_model(trial& run) {
    if (!run.keeps()) return;
    const unsigned seed = std::random_device{}();
    random_changes changes(seed, run.opened().saves_parts(), false);
    try {
        for (int round = 1; round <= 200; ++round) {
            run.save(changes.next(run.model()));
            if (round % 10 == 0) run.restart();
        }
    } catch (const broken& violation) {
        throw broken(std::string(violation.what()) + " (seed " + std::to_string(seed) + ")");
    }
}

void full_disk_is_a_refusal(trial& run) {
    if (!run.can_inject()) return;
    run.save({creating("a", 1, {{"head", "1"}}), creating("gone", 1, {{"head", "1"}})});
    const std::string body = '"' + std::string(100000, 'x') + '"';
    const batch changes{
        replacing("a", 2, {{"head", body}}),
        creating("new", 1, {{"head", body}}),
        removing("gone")
    };
    run.inject(fault::disk_full);
    try {
        run.expect_refused(changes);
    } catch (...) {
        run.inject(fault::none);
        throw;
    }
    run.inject(fault::none);
    run.save(changes);
    run.restart();
}

/// True if each conversation is as in `before` or as in `after`.
bool is_a_mixture(const contents& found, const contents& before, const contents& after) {
    const auto look_up = [](const contents& in, const std::string& id) {
        const auto stored = in.find(id);
        return stored == in.end() ? std::optional<record>() : stored->second;
    };
    for (const contents* side : {&found, &before, &after})
        for (const auto& [id, ignored] : *side) {
            const auto stored = look_up(found, id);
            if (stored != look_up(before, id) && stored != look_up(after, id)) return false;
        }
    return true;
}

bool is_unknown(store& opened, const batch& changes) {
    try {
        opened.save(changes);
    } catch (const store_unknown&) {
        return true;
    } catch (const std::exception&) {
        return false;
    }
    return false;
}

void unknown_stops_the_store(trial& run) {
    if (!run.can_inject()) return;
    run.save({creating("a", 1, {{"head", "1"}}), creating("gone", 1, {{"head", "1"}})});
    const contents before = run.model();
    contents after = before;
    const batch changes{
        replacing("a", 2, {{"head", "2"}}),
        creating("new", 1, {{"head", "2"}}),
        removing("gone")
    };
    for (const auto& change : changes)
        apply_change(after, change);
    run.inject(fault::failed_sync);
    const bool is_first_unknown = is_unknown(run.opened(), changes);
    run.inject(fault::none);
    expect(is_first_unknown, "a save whose sync failed did not throw store_unknown");
    expect(
        is_unknown(run.opened(), {creating("other", 1, {{"head", "1"}})}),
        "a store whose outcome is unknown accepted another save"
    );
    expect(
        is_a_mixture(run.stored_after_restart(), before, after),
        "after an unknown outcome a conversation is neither old nor new"
    );
}

/// A place that is deleted or replaced needs a test of its own for each store.
void untouched_place_is_accepted(trial& run) {
    const auto check = [&](const char* when) {
        auto* watch = dynamic_cast<place_watch*>(&run.opened());
        if (!watch) return;
        try {
            watch->check_place();
        } catch (const std::exception& error) {
            throw broken(
                "check_place reports an untouched place as lost " + std::string(when) + ": " +
                error.what()
            );
        }
    };
    check("after loading");
    run.save({creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})});
    check("after a save");
    run.save({replacing("a", 2, {{"head", "2"}}), removing("b")});
    check("after a removal");
    run.restart();
    check("after a restart");
}

}  // namespace

const std::vector<rule>& rules() {
    static const std::vector<rule> all = [] {
        std::vector<rule> made{
            make_rule("a new store is empty", new_is_empty),
            make_rule("a saved conversation comes back byte for byte", byte_for_byte),
            make_rule(
                "a replacement deletes the other parts and ends a tombstone",
                replace_deletes_other_parts
            ),
            make_rule("an update writes some parts and leaves the rest", update_leaves_other_parts),
            make_rule("a removed conversation is gone and can be created", removed_can_be_created),
            make_rule(
                "a change that does not follow the stored state is a conflict",
                late_change_is_a_conflict
            ),
            make_rule("a refused batch changes nothing", refused_batch_changes_nothing),
            make_rule("an invalid change is refused", invalid_change_is_refused),
            make_rule("an exception of the callback leaves load_all", exception_propagates),
            make_rule("a store follows a model through random batches", store_follows_a_model),
            make_rule("an untouched place is not reported as lost", untouched_place_is_accepted),
            make_rule("a full disk is a refusal", full_disk_is_a_refusal),
            make_rule("a failed sync stops the store until a restart", unknown_stops_the_store),
        };
        std::ranges::move(archive_rules(), std::back_inserter(made));
        return made;
    }();
    return all;
}

}  // namespace stube::store_contract
