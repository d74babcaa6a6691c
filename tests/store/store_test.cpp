#include "contract.hpp"
#include "store/utf8.hpp"

#include <stube/store/memory_store.hpp>

using namespace store_test;

TEST_CASE("a memory store keeps nothing and says so") {
    auto kept = stube::memory_store();
    load(*kept);
    save(*kept, {creating("a", 1, {{"head", "1"}})});

    CHECK_FALSE(kept->keeps());
    CHECK_FALSE(kept->saves_parts());
    CHECK(load(*kept).empty());
}

TEST_CASE("UTF-8 is told from what is not") {
    struct row {
        std::string name;
        std::string text;
        bool expected;
    };
    const row rows[] = {
        {"empty", "", true},
        {"ASCII longer than a word", "abcdefghijklmnopqrstuvwxyz", true},
        {"two bytes across a word", "abcdefg\xc3\xa4hijklmn", true},
        {"highest", "\xf4\x8f\xbf\xbf", true},
        {"above the highest", "\xf4\x90\x80\x80", false},
        {"overlong slash", "\xc0\xaf", false},
        {"overlong of three", "\xe0\x9f\xbf", false},
        {"overlong of four", "\xf0\x8f\xbf\xbf", false},
        {"surrogate", "\xed\xa0\x80", false},
        {"before the surrogates", "\xed\x9f\xbf", true},
        {"lone continuation", "a\x80", false},
        {"cut off", "abcdefgh\xe2\x82", false},
        {"broken third byte", "\xe2\x82\x28", false},
        {"not a first byte", "\xff", false},
    };

    for (const row& each : rows) {
        CAPTURE(each.name);
        CHECK(stube::is_utf8(each.text) == each.expected);
    }
}
