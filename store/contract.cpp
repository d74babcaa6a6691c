#include <stube/store/contract.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string_view>

namespace stube {
namespace {

/// What is stored, by id, the parts by name.
using contents = std::map<std::string, record>;
using batch = std::vector<change>;

void expect(bool is_so, const std::string& otherwise) {
    if (!is_so) throw contract_broken(otherwise);
}

change creating(std::string id, std::uint64_t revision, std::vector<part> parts) {
    return {std::move(id), change::kind::create, revision, keeping::kept, std::move(parts), {}};
}

change replacing(std::string id, std::uint64_t revision, std::vector<part> parts) {
    return {std::move(id), change::kind::replace, revision, keeping::kept, std::move(parts), {}};
}

change updating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> written,
    std::vector<std::string> dropped = {}
) {
    change one = replacing(std::move(id), revision, std::move(written));
    one.what = change::kind::update;
    one.dropped = std::move(dropped);
    return one;
}

change removing(std::string id) {
    return {std::move(id), change::kind::remove, 0, keeping::kept, {}, {}};
}

change as_mark(change one) {
    one.status = keeping::not_kept;
    return one;
}

record in_order(record one) {
    std::sort(one.parts.begin(), one.parts.end(), [](const part& a, const part& b) {
        return a.name < b.name;
    });
    return one;
}

/// What a store does, in the simplest way.
void follow(contents& model, const change& one) {
    if (one.what == change::kind::remove) {
        model.erase(one.id);
        return;
    }
    record& kept = model[one.id];
    kept.id = one.id;
    kept.revision = one.revision;
    kept.status = one.status;
    if (one.what != change::kind::update) kept.parts.clear();
    auto drop = [&](const std::string& name) {
        std::erase_if(kept.parts, [&](const part& each) { return each.name == name; });
    };
    for (const part& each : one.written) {
        drop(each.name);
        kept.parts.push_back(each);
    }
    for (const std::string& name : one.dropped)
        drop(name);
    kept = in_order(kept);
}

contents load(store& from) {
    contents all;
    load_report report = from.load_all([&](record&& one) {
        std::string id = one.id;
        bool is_new = all.emplace(id, in_order(std::move(one))).second;
        expect(is_new, "load_all handed out " + id + " twice");
    });
    expect(report.loaded == all.size(), "load_report::loaded is not the number of records");
    for (const unreadable& each : report.quarantined)
        expect(false, "load_all could not read " + each.id + ": " + each.why);
    return all;
}

/// One run: a store, what it should hold, and what it does hold after a restart.
class trial {
public:
    explicit trial(const tested_store& tested) : tested_(tested) { start(); }

    store& kept() { return *store_; }
    bool keeps() const { return store_->keeps(); }
    const contents& model() const { return model_; }

    void save(const batch& changes) {
        try {
            store_->save(changes);
        } catch (const std::exception& error) {
            throw contract_broken(named(changes) + " was not saved: " + error.what());
        }
        for (const change& one : changes)
            follow(model_, one);
    }

    void refuse(const batch& changes) {
        try {
            store_->save(changes);
        } catch (const store_refused&) {
            return;
        }
        expect(false, named(changes) + " was not refused with store_refused");
    }

    /// Nothing to be in conflict with if nothing is kept.
    void conflict(const batch& changes) {
        if (!keeps()) return;
        try {
            store_->save(changes);
        } catch (const store_conflict&) {
            return;
        }
        expect(false, named(changes) + " was not refused with store_conflict");
    }

    void restart() {
        store_.reset();
        start();
        if (store_->keeps())
            compare();
        else
            model_.clear();
    }

    void suffer(trouble what) { tested_.suffer(what); }
    bool can_suffer() const { return tested_.suffer && keeps(); }

    /// For what only a restart can tell.
    contents stored_after_restart() {
        store_.reset();
        start();
        return found_;
    }

private:
    void start() {
        store_ = tested_.open();
        expect(store_ != nullptr, "open answered null");
        found_ = load(*store_);
    }

    void compare() const {
        for (const auto& [id, one] : model_) {
            auto stored = found_.find(id);
            expect(stored != found_.end(), id + " is lost");
            expect(stored->second.revision == one.revision, id + " has another revision");
            expect(stored->second.status == one.status, id + " has another status");
            expect(stored->second.parts == one.parts, id + " has other parts");
        }
        for (const auto& each : found_)
            expect(model_.contains(each.first), each.first + " is there and should not be");
    }

    static std::string named(const batch& changes) {
        std::string ids;
        for (const change& one : changes)
            ids += (ids.empty() ? "" : ", ") + one.id.substr(0, 70) + " revision " +
                   std::to_string(one.revision);
        return "[" + ids + "]";
    }

    const tested_store& tested_;
    std::unique_ptr<store> store_;
    contents found_;
    contents model_;
};

void new_is_empty(trial& with) {
    with.restart();
    with.restart();
    with.save({});
    with.restart();
}

void byte_for_byte(trial& with) {
    std::string deep = std::string(499, '[') + "{}" + std::string(499, ']');
    with.save(
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
         as_mark(creating("mark", 7, {{"head", R"({"owner":"x"})"}})),
         as_mark(creating("bare_mark", 8, {}))}
    );
    with.restart();
}

void replace_forgets(trial& with) {
    with.save(
        {creating("a", 1, {{"head", "1"}, {"i1", "1"}, {"i2", "1"}}),
         creating("b", 1, {{"head", "1"}, {"i1", "1"}})}
    );
    with.save({replacing("a", 2, {{"head", "2"}, {"i2", "2"}, {"i3", "2"}})});
    with.save({as_mark(replacing("b", 2, {}))});
    with.restart();
    if (!with.keeps()) return;
    with.save({replacing("b", 3, {{"head", "3"}})});
    with.restart();
}

void update_leaves_the_rest(trial& with) {
    if (!with.kept().saves_parts()) return;
    change mark = as_mark(updating("mark", 2, {{"head", "2"}}));
    with.save({creating("a", 1, {{"head", "1"}, {"i1", "1"}}), creating("mark", 1, {})});
    for (const change& step :
         {updating("a", 2, {{"head", "2"}, {"i1", "2"}}),
          updating("a", 3, {{"head", "3"}, {"i2", "3"}, {"i3", "3"}}),
          updating("a", 4, {{"head", "4"}, {"i3", "4"}}, {"i1", "never_there"}),
          updating("a", 5, {{"i4", "5"}}),
          updating("a", 6, {}, {"i4"}),
          updating("a", 7, {{"head", "7"}, {"i1", "7"}}, {"i2", "i3"}),
          updating("a", 8, {}),
          mark,
          updating("mark", 3, {{"i1", "3"}})}) {
        with.save({step});
        with.restart();
    }
}

void removed_is_gone(trial& with) {
    with.save({creating("a", 5, {{"head", "1"}, {"i1", "1"}}), creating("b", 5, {{"head", "1"}})});
    with.save({removing("a"), removing("never_there")});
    with.save({removing("a")});
    with.restart();
    with.save({creating("a", 1, {{"head", "2"}})});
    with.save({removing("b")});
    with.restart();
}

void late_is_a_conflict(trial& with) {
    with.save({creating("a", 5, {{"head", "5"}}), creating("gone", 5, {{"head", "5"}})});
    with.save({removing("gone")});
    for (int restarted = 0; restarted < 2; ++restarted) {
        with.conflict({replacing("a", 5, {{"head", "x"}})});
        with.conflict({replacing("a", 4, {{"head", "x"}})});
        with.conflict({creating("a", 6, {{"head", "x"}})});
        with.conflict({replacing("gone", 6, {{"head", "x"}})});
        with.conflict({as_mark(replacing("gone", 6, {}))});
        with.conflict({replacing("never_there", 1, {{"head", "x"}})});
        if (with.kept().saves_parts()) {
            with.conflict({updating("a", 5, {{"head", "x"}})});
            with.conflict({updating("gone", 6, {{"head", "x"}})});
            with.conflict({updating("never_there", 1, {{"head", "x"}})});
        }
        with.restart();
    }
    if (!with.keeps()) return;
    with.save({replacing("a", 9, {{"head", "9"}})});
    with.conflict({replacing("a", 9, {{"head", "x"}})});
    with.restart();
}

void refused_changes_nothing(trial& with) {
    if (!with.keeps()) return;
    with.save(
        {creating("a", 1, {{"head", "1"}}),
         creating("b", 5, {{"head", "1"}}),
         creating("late", 7, {{"head", "1"}})}
    );
    batch most{creating("new", 1, {{"head", "2"}}), replacing("a", 2, {{"head", "2"}})};
    batch first = most;
    first.push_back(removing("b"));
    first.push_back(replacing("late", 1, {{"head", "2"}}));
    with.conflict(first);
    batch second = most;
    second.push_back(replacing("b", 4, {{"head", "2"}}));
    with.conflict(second);
    batch third = most;
    third.push_back(replacing("b", 6, {{"head", "\"\xff\""}}));
    with.refuse(third);
    // Nothing of it is remembered either: what was new is still new, what was old can go on.
    with.save({creating("new", 1, {{"head", "3"}}), replacing("a", 2, {{"head", "3"}})});
    with.restart();
}

void broken_promises_are_refused(trial& with) {
    auto head = [](std::string body) { return std::vector<part>{{"head", std::move(body)}}; };
    auto dropping = [](std::vector<std::string> names) {
        return updating("a", 2, {}, std::move(names));
    };
    for (const change& bad :
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
        with.refuse({creating("good", 1, head("1")), bad});
    with.restart();
}

void exception_passes(trial& with) {
    with.save({creating("a", 1, {{"head", "1"}})});
    with.restart();
    if (!with.keeps()) return;
    bool passed = false;
    try {
        with.kept().load_all([](record&&) { throw std::out_of_range("mine"); });
    } catch (const std::out_of_range&) {
        passed = true;
    }
    expect(passed, "an exception of whoever takes the records did not pass through load_all");
    with.restart();
}

/// Changes that a store must take, made by chance.
class random_changes {
public:
    random_changes(unsigned seed, bool with_updates) : random_(seed), with_updates_(with_updates) {}

    batch next(const contents& model) {
        std::map<std::string, change> by_id;
        for (unsigned count = between(1, 12); count > 0; --count) {
            std::string id = numbered("c", between(1, 30));
            by_id.insert_or_assign(id, one(id, model));
        }
        batch all;
        all.reserve(by_id.size());
        for (auto& each : by_id)
            all.push_back(std::move(each.second));
        return all;
    }

private:
    /// Not `"i" + std::to_string(n)`, of which g++ 12 warns without cause.
    static std::string numbered(const char* text, unsigned long number) {
        return std::string(text).append(std::to_string(number));
    }

    unsigned between(unsigned low, unsigned high) {
        return std::uniform_int_distribution<unsigned>(low, high)(random_);
    }

    std::string body() {
        std::size_t length = between(0, between(0, 9) == 0 ? 9000 : 300);
        return numbered("{\"n\":", random_()) + ",\"t\":\"" + std::string(length, 'x') + "\"}";
    }

    std::vector<part> some_parts(bool with_head) {
        std::vector<part> parts;
        for (unsigned i = 1; i <= 6; ++i)
            if (between(0, 2) == 0) parts.push_back({numbered("i", i), body()});
        if (with_head) parts.push_back({"head", body()});
        return parts;
    }

    change one(const std::string& id, const contents& model) {
        auto stored = model.find(id);
        unsigned what = between(0, 9);
        if (what == 0) return removing(id);
        std::uint64_t revision = between(1, 3);
        change some = creating(id, revision, some_parts(what != 3));
        if (what == 2) some.status = keeping::not_kept;
        if (stored == model.end()) return some;
        some.revision += stored->second.revision;
        some.what = what == 1 || !with_updates_ ? change::kind::replace : change::kind::update;
        if (some.what == change::kind::update) drop_some(some);
        return some;
    }

    void drop_some(change& from) {
        for (unsigned i = 7; i > 0; --i) {
            std::string name = numbered("i", i);
            bool is_written =
                std::any_of(from.written.begin(), from.written.end(), [&](const part& each) {
                    return each.name == name;
                });
            if (!is_written && between(0, 3) == 0) from.dropped.push_back(name);
        }
    }

    std::mt19937 random_;
    bool with_updates_;
};

void follows_a_model(trial& with) {
    if (!with.keeps()) return;
    unsigned seed = std::random_device{}();
    random_changes changes(seed, with.kept().saves_parts());
    try {
        for (int round = 1; round <= 200; ++round) {
            with.save(changes.next(with.model()));
            if (round % 10 == 0) with.restart();
        }
    } catch (const contract_broken& broken) {
        throw contract_broken(std::string(broken.what()) + " (seed " + std::to_string(seed) + ")");
    }
}

void full_disk_is_a_refusal(trial& with) {
    if (!with.can_suffer()) return;
    with.save({creating("a", 1, {{"head", "1"}}), creating("gone", 1, {{"head", "1"}})});
    std::string body = '"' + std::string(100000, 'x') + '"';
    batch changes{
        replacing("a", 2, {{"head", body}}),
        creating("new", 1, {{"head", body}}),
        removing("gone")
    };
    with.suffer(trouble::disk_full);
    try {
        with.refuse(changes);
    } catch (...) {
        with.suffer(trouble::none);
        throw;
    }
    with.suffer(trouble::none);
    with.save(changes);
    with.restart();
}

/// Each conversation is as in `one` or as in `other`.
bool is_a_mixture(const contents& found, const contents& one, const contents& other) {
    auto in = [](const contents& all, const std::string& id) {
        auto at = all.find(id);
        return at == all.end() ? std::optional<record>() : at->second;
    };
    for (const contents* all : {&found, &one, &other})
        for (const auto& each : *all) {
            auto stored = in(found, each.first);
            if (stored != in(one, each.first) && stored != in(other, each.first)) return false;
        }
    return true;
}

bool is_unknown(store& kept, const batch& changes) {
    try {
        kept.save(changes);
    } catch (const store_unknown&) {
        return true;
    } catch (const std::exception&) {
        return false;
    }
    return false;
}

void unknown_stops_the_store(trial& with) {
    if (!with.can_suffer()) return;
    with.save({creating("a", 1, {{"head", "1"}}), creating("gone", 1, {{"head", "1"}})});
    contents before = with.model();
    contents after = before;
    batch changes{
        replacing("a", 2, {{"head", "2"}}),
        creating("new", 1, {{"head", "2"}}),
        removing("gone")
    };
    for (const change& one : changes)
        follow(after, one);
    with.suffer(trouble::failed_sync);
    bool first = is_unknown(with.kept(), changes);
    with.suffer(trouble::none);
    expect(first, "a save whose sync failed did not throw store_unknown");
    expect(
        is_unknown(with.kept(), {creating("other", 1, {{"head", "1"}})}),
        "a store whose outcome is unknown took another save"
    );
    expect(
        is_a_mixture(with.stored_after_restart(), before, after),
        "after an unknown outcome a conversation is neither old nor new"
    );
}

/// What happens when somebody does touch it differs from place to place: that is each store's own
/// test.
void untouched_place_is_sound(trial& with) {
    const auto check = [&](const char* when) {
        auto* watch = dynamic_cast<place_watch*>(&with.kept());
        if (!watch) return;
        try {
            watch->check_place();
        } catch (const std::exception& error) {
            throw contract_broken(
                "a place that nobody touched is said to be lost " + std::string(when) + ": " +
                error.what()
            );
        }
    };
    check("after loading");
    with.save({creating("a", 1, {{"head", "1"}}), creating("b", 1, {{"head", "1"}})});
    check("after a save");
    with.save({replacing("a", 2, {{"head", "2"}}), removing("b")});
    check("after a removal");
    with.restart();
    check("after a restart");
}

store_rule rule(std::string name, void (*check)(trial&)) {
    return {std::move(name), [check](const tested_store& tested) {
                trial with(tested);
                check(with);
            }};
}

}  // namespace

const std::vector<store_rule>& store_contract() {
    static const std::vector<store_rule> rules{
        rule("a new store is empty", new_is_empty),
        rule("what was saved comes back byte for byte", byte_for_byte),
        rule("a replacement forgets the other parts and the mark", replace_forgets),
        rule("an update writes some parts and leaves the rest", update_leaves_the_rest),
        rule("a removed conversation is gone and can be made anew", removed_is_gone),
        rule("a change that does not follow what is stored is a conflict", late_is_a_conflict),
        rule("a refused batch changes nothing", refused_changes_nothing),
        rule("a change that breaks the promises is refused", broken_promises_are_refused),
        rule("an exception of whoever takes the records passes through", exception_passes),
        rule("a store follows a model through random batches", follows_a_model),
        rule("a place that nobody touches is the one it was", untouched_place_is_sound),
        rule("a full disk is a refusal", full_disk_is_a_refusal),
        rule("a failed sync stops the store until a restart", unknown_stops_the_store),
    };
    return rules;
}

}  // namespace stube
