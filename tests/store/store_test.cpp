#include "contract.hpp"
#include "store/json_text.hpp"

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

TEST_CASE("the members of an object are found as their bytes") {
    std::string text = R"( { "a" : [1, {"b":"]}"}] ,"c\"":"x\\" , "d":-1.50e3,"e":{} } )";
    REQUIRE(stube::is_json(text));

    auto members = stube::json_members(text);

    REQUIRE(members);
    using member = stube::json_member;
    std::vector<member> expected{
        {"a", R"([1, {"b":"]}"}])"},
        {R"(c\")", R"("x\\")"},
        {"d", "-1.50e3"},
        {"e", "{}"}};
    CHECK((*members == expected));
    CHECK(stube::json_members("{}")->empty());
    CHECK_FALSE(stube::json_members("[1]"));
}

TEST_CASE("looking for members stays inside text that is not JSON") {
    std::string text = R"({"a":[1,{"b":"]}\\"}],"c":{"d":"\u00e4"}})";

    for (std::size_t size = 0; size < text.size(); ++size) {
        // A copy of just this size, so that a sanitizer sees a step too far.
        std::vector<char> copy(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK_FALSE(stube::json_members({copy.data(), copy.size()}));
    }
}

TEST_CASE("JSON may nest to the limit and not beyond") {
    auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };

    CHECK(stube::is_json(nested(stube::deepest_body)));
    CHECK_FALSE(stube::is_json(nested(stube::deepest_body + 1)));
    CHECK_FALSE(stube::is_json(""));
    CHECK_FALSE(stube::is_json("{} {}"));
    CHECK_FALSE(stube::is_json("\"\xff\""));
}
