#include "contract.hpp"

#include <random>
#include <sys/wait.h>
#include <unistd.h>

// What every store that keeps anything must do. A store of your own: give it a place and add it
// here.
#define EVERY_PLACE file_place, sqlite_place

using namespace store_test;
using stube::store_refused;

TEST_CASE_TEMPLATE("a new store is empty", Place, EVERY_PLACE) {
    Place place;

    CHECK(stored_in(place).empty());
    CHECK(stored_in(place).empty());
    CHECK(place.open()->keeps());
}

TEST_CASE_TEMPLATE("what was saved comes back byte for byte", Place, EVERY_PLACE) {
    Place place;
    std::string deep = std::string(499, '[') + "{}" + std::string(499, ']');
    contents expected;
    std::vector<change> batch{
        replacing("plain", 1, {{"head", "{}"}, {"i1", R"({"n":1})"}}),
        replacing(
            "numbers",
            2,
            {{"head", "[9.824023684587937E2,1e400,18446744073709551615,-0,0.10]"}}
        ),
        replacing("text", 3, {{"head", R"(["\"}{][,:\\","ä€😀","\u00e4\n\\"])"}}),
        replacing(
            "space",
            4,
            {{"head", "{ \"a\" :\t[ 1 , 2 ] }"}, {"i1", "\"text\""}, {"i2", "null"}}
        ),
        replacing("deep", 5, {{"head", deep}}),
        replacing("large", 6, {{"head", "{}"}, {"i1", '"' + std::string(1 << 20, 'x') + '"'}}),
        replacing(
            std::string(64, 'Z'),
            (1ull << 63) - 1,
            {{"head", "0"}, {std::string(64, 'z'), "1"}}
        ),
        replacing("-_azAZ09", 0, {{"head", "true"}, {"a_0", "false"}}),
        replacing("mark", 7, {{"head", R"({"owner":"x"})"}}, keeping::not_kept),
        replacing("bare_mark", 8, {}, keeping::not_kept)};
    for (const change& one : batch)
        follow(expected, one);

    open_and_load(place)->save(batch);

    CHECK(stored_in(place) == expected);
}

TEST_CASE_TEMPLATE("a replacement forgets the other parts and the mark", Place, EVERY_PLACE) {
    Place place;
    auto kept = open_and_load(place);
    save(*kept, {replacing("a", 1, {{"head", "1"}, {"i1", "1"}, {"i2", "1"}})});
    save(*kept, {replacing("b", 1, {{"head", "1"}, {"i1", "1"}})});

    save(*kept, {replacing("a", 2, {{"head", "2"}, {"i2", "2"}, {"i3", "2"}})});
    save(*kept, {replacing("b", 2, {}, keeping::not_kept)});
    save(*kept, {replacing("b", 3, {{"head", "3"}})});
    kept.reset();

    contents expected;
    follow(expected, replacing("a", 2, {{"head", "2"}, {"i2", "2"}, {"i3", "2"}}));
    follow(expected, replacing("b", 3, {{"head", "3"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE_TEMPLATE("a removed conversation is gone and can be made anew", Place, EVERY_PLACE) {
    Place place;
    auto kept = open_and_load(place);
    save(*kept, {replacing("a", 5, {{"head", "1"}}), replacing("b", 5, {{"head", "1"}})});

    save(*kept, {removing("a"), removing("never_there")});
    save(*kept, {removing("a")});
    CHECK_NOTHROW(save(*kept, {replacing("a", 1, {{"head", "2"}})}));
    save(*kept, {removing("b")});
    kept.reset();

    contents expected;
    follow(expected, replacing("a", 1, {{"head", "2"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE_TEMPLATE("a revision that is not above the stored one is refused", Place, EVERY_PLACE) {
    Place place;
    save(*open_and_load(place), {replacing("a", 5, {{"head", "5"}})});
    auto kept = open_and_load(place);

    CHECK_THROWS_AS(save(*kept, {replacing("a", 5, {{"head", "x"}})}), store_refused);
    CHECK_THROWS_AS(save(*kept, {replacing("a", 4, {{"head", "x"}})}), store_refused);
    CHECK_NOTHROW(save(*kept, {replacing("a", 9, {{"head", "9"}})}));
    CHECK_THROWS_AS(save(*kept, {replacing("a", 9, {{"head", "x"}})}), store_refused);
    kept.reset();

    contents expected;
    follow(expected, replacing("a", 9, {{"head", "9"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE_TEMPLATE("a refused batch changes nothing", Place, EVERY_PLACE) {
    Place place;
    auto kept = open_and_load(place);
    save(*kept, {replacing("a", 1, {{"head", "1"}}), replacing("b", 5, {{"head", "1"}})});

    std::vector<change> batch{
        replacing("new", 1, {{"head", "2"}}),
        replacing("a", 2, {{"head", "2"}}),
        removing("b"),
        replacing("late", 1, {{"head", "2"}})};
    save(*kept, {replacing("late", 7, {{"head", "1"}})});
    CHECK_THROWS_AS(kept->save(batch), store_refused);
    batch.pop_back();
    batch.pop_back();
    batch.push_back(replacing("b", 4, {{"head", "2"}}));
    CHECK_THROWS_AS(kept->save(batch), store_refused);

    // Nothing of it is remembered either: what was new is still new, what was old can go on.
    save(*kept, {replacing("new", 1, {{"head", "3"}}), replacing("a", 2, {{"head", "3"}})});
    kept.reset();

    contents expected;
    follow(expected, replacing("a", 2, {{"head", "3"}}));
    follow(expected, replacing("b", 5, {{"head", "1"}}));
    follow(expected, replacing("late", 7, {{"head", "1"}}));
    follow(expected, replacing("new", 1, {{"head", "3"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE_TEMPLATE(
    "a change that breaks the promises is refused as a whole batch",
    Place,
    EVERY_PLACE
) {
    Place place;
    auto kept = open_and_load(place);
    struct row {
        std::string name;
        change bad;
    };
    auto dropped = [](std::vector<std::string> names) {
        return updating("a", 2, {}, std::move(names));
    };
    const row rows[] = {
        {"empty id", replacing("", 1, {})},
        {"id with a path", replacing("../a", 1, {})},
        {"id too long", replacing(std::string(65, 'a'), 1, {})},
        {"id removed", removing("a/b")},
        {"part name", replacing("a", 1, {{"Head", "1"}})},
        {"part name with a quote", replacing("a", 1, {{"a\"b", "1"}})},
        {"part twice", replacing("a", 1, {{"i1", "1"}, {"head", "1"}, {"i1", "1"}})},
        {"not UTF-8", replacing("a", 1, {{"head", "\"\xff\""}})},
        {"UTF-8 cut off", replacing("a", 1, {{"head", "\"12345678\xe2\x82"}})},
        {"surrogate", replacing("a", 1, {{"head", "\"\xed\xa0\x80\""}})},
        {"revision too high", replacing("a", 1ull << 63, {})},
        {"dropped head", dropped({"head"})},
        {"dropped nonsense", dropped({"a b"})},
        {"twice in a batch", replacing("good", 2, {{"head", "1"}})},
    };

    for (const row& each : rows) {
        CAPTURE(each.name);
        if (each.bad.id != "good") CHECK_THROWS_AS(check_change(each.bad), std::invalid_argument);
        CHECK_THROWS_AS(
            save(*kept, {replacing("good", 1, {{"head", "1"}}), each.bad}),
            store_refused
        );
    }
    kept.reset();

    CHECK(stored_in(place).empty());
}

TEST_CASE_TEMPLATE(
    "an empty batch is fine and saving before loading is a bug",
    Place,
    EVERY_PLACE
) {
    Place place;
    auto kept = place.open();

    CHECK_THROWS_AS(save(*kept, {replacing("a", 1, {{"head", "1"}})}), std::logic_error);
    load(*kept);
    CHECK_NOTHROW(save(*kept, {}));
}

TEST_CASE_TEMPLATE("an exception of whoever takes the records passes through", Place, EVERY_PLACE) {
    Place place;
    save(*open_and_load(place), {replacing("a", 1, {{"head", "1"}})});
    auto kept = place.open();

    CHECK_THROWS_WITH_AS(
        kept->load_all([](record&&) { throw std::out_of_range("not mine"); }),
        "not mine",
        std::out_of_range
    );
    CHECK(load(*kept).size() == 1);
}

TEST_CASE_TEMPLATE("a second owner is refused at once", Place, EVERY_PLACE) {
    Place place;
    auto kept = open_and_load(place);
    auto text_of_refusal = [&]() -> std::string {
        try {
            place.open();
            return "not refused";
        } catch (const store_refused& refused) {
            return refused.what();
        }
    };

    SUBCASE("in the same process") {
        CAPTURE(text_of_refusal());
        CHECK(text_of_refusal().find("another server is using it") != std::string::npos);
        CHECK(text_of_refusal().find(place.path().string()) != std::string::npos);
    }
    SUBCASE("in another process") {
        pid_t child = ::fork();
        if (child == 0) {
            std::string text = text_of_refusal();
            std::string owner = "(process " + std::to_string(::getppid()) + ")";
            ::_exit(text.find(owner) != std::string::npos ? 0 : 1);
        }
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK_NOTHROW(save(*kept, {replacing("a", 1, {{"head", "1"}})}));
    kept.reset();
    CHECK(stored_in(place).size() == 1);
}

TEST_CASE_TEMPLATE("a store keeps to the path it was given", Place, EVERY_PLACE) {
    Place place;
    fs::path before = fs::current_path();
    fs::current_path(place.folder.path());
    std::unique_ptr<stube::store> kept;
    if constexpr (std::is_same_v<Place, file_place>)
        kept = stube::file_store("kept/");
    else
        kept = stube::sqlite_store("kept.db");
    fs::current_path("/");
    load(*kept);
    save(*kept, {replacing("a", 1, {{"head", "1"}})});
    fs::current_path(before);
    kept.reset();

    CHECK(stored_in(place).size() == 1);
}

namespace {

/// A change that a store must take, made by chance.
class random_changes {
public:
    random_changes(unsigned seed, bool with_updates) : random_(seed), with_updates_(with_updates) {}

    std::vector<change> batch(const contents& model) {
        std::map<std::string, change> by_id;
        for (int count = between(1, 12); count > 0; --count) {
            std::string id = numbered("c", between(1, 30));
            by_id.insert_or_assign(id, one(id, model));
        }
        std::vector<change> all;
        all.reserve(by_id.size());
        for (auto& each : by_id)
            all.push_back(std::move(each.second));
        return all;
    }

private:
    int between(int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random_);
    }

    std::vector<part> some_parts() {
        std::vector<part> parts;
        for (int i = 1; i <= 6; ++i)
            if (between(0, 2) == 0) parts.push_back({numbered("i", i), body()});
        return parts;
    }

    std::string body() {
        std::size_t size = between(0, 9) == 0 ? 9000 : 300;
        auto length = static_cast<std::size_t>(between(0, static_cast<int>(size)));
        return numbered("{\"n\":", random_()) + ",\"t\":\"" + std::string(length, 'x') + "\"}";
    }

    change one(const std::string& id, const contents& model) {
        auto stored = model.find(id);
        bool is_new = stored == model.end();
        int what = between(0, 9);
        if (what == 0) return removing(id);
        std::uint64_t revision =
            (is_new ? 0 : stored->second.revision) + static_cast<std::uint64_t>(between(1, 3));
        if (is_new || !with_updates_ || what == 1) {
            change whole = replacing(id, revision, some_parts());
            whole.status = what == 2 ? keeping::not_kept : keeping::kept;
            if (what != 3) whole.written.push_back({"head", body()});
            return whole;
        }
        change some = updating(id, revision, some_parts());
        some.status = what == 2 ? keeping::not_kept : keeping::kept;
        if (what != 3) some.written.push_back({"head", body()});
        for (int i = 7; i > 0; --i) {
            std::string name = numbered("i", i);
            bool written =
                std::any_of(some.written.begin(), some.written.end(), [&](const part& p) {
                    return p.name == name;
                });
            if (!written && between(0, 3) == 0) some.dropped.push_back(name);
        }
        return some;
    }

    std::mt19937 random_;
    bool with_updates_;
};

}  // namespace

TEST_CASE_TEMPLATE("a store follows a model through random batches", Place, EVERY_PLACE) {
    Place place;
    unsigned seed = std::random_device{}();
    CAPTURE(seed);
    auto kept = open_and_load(place);
    random_changes changes(seed, kept->saves_parts());
    contents model;

    for (int round = 0; round < 200; ++round) {
        CAPTURE(round);
        auto batch = changes.batch(model);
        REQUIRE_NOTHROW(kept->save(batch));
        for (const change& one : batch)
            follow(model, one);
        if (round % 10 == 9) {
            kept.reset();
            kept = place.open();
            REQUIRE(load(*kept) == model);
        }
    }
}
