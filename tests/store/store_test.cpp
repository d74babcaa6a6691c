#include "store/utf8.hpp"
#include "support.hpp"

#include <stube/store/memory_store.hpp>

using namespace store_test;

TEST_CASE("a memory store keeps nothing and reports it") {
    auto kept = stube::memory_store();
    load(*kept);
    save(*kept, {creating("a", 1, {{"head", "1"}})});

    CHECK_FALSE(kept->keeps());
    CHECK_FALSE(kept->saves_parts());
    CHECK(load(*kept).empty());
}

TEST_CASE("valid UTF-8 is distinguished from invalid text") {
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
        {"overlong with three bytes", "\xe0\x9f\xbf", false},
        {"overlong with four bytes", "\xf0\x8f\xbf\xbf", false},
        {"surrogate", "\xed\xa0\x80", false},
        {"before the surrogates", "\xed\x9f\xbf", true},
        {"lone continuation", "a\x80", false},
        {"cut off", "abcdefgh\xe2\x82", false},
        {"broken third byte", "\xe2\x82\x28", false},
        {"invalid first byte", "\xff", false},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        CHECK(stube::storage::is_utf8(row.text) == row.expected);
    }
}
