#include <stube/runtime/codec.hpp>
#include <stube/runtime/component.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace stube;

namespace codec_test {

enum class colour { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

enum class board { half = 1, full = 2 };
BOOST_DESCRIBE_ENUM(board, half, full)

struct point {
    int x = 1;
    int y = 2;

    bool operator==(const point&) const = default;
};
BOOST_DESCRIBE_STRUCT(point, (), (x, y))

struct named {
    std::string name = "none";

    bool operator==(const named&) const = default;
};
BOOST_DESCRIBE_STRUCT(named, (), (name))

struct place : named {
    point at;
    std::optional<point> back;
    std::vector<point> path;

    void visit() {}

    bool operator==(const place&) const = default;
};
BOOST_DESCRIBE_STRUCT(place, (named), (at, back, path, visit))

/// Members of each access, in a class and in its private base.
class kept_close {
public:
    int open = 1;

    int sum() const { return open + ajar + shut_; }

    void set(int to) { open = ajar = shut_ = to; }

protected:
    int ajar = 1;

private:
    int shut_ = 1;

    BOOST_DESCRIBE_CLASS(kept_close, (), (open, sum, set), (ajar), (shut_))
};

class kept_closer : kept_close {
public:
    int total() const { return sum() + near_; }

    void set_all(int to) {
        set(to);
        near_ = to;
    }

private:
    int near_ = 1;
    static inline int count_ = 0;

    BOOST_DESCRIBE_CLASS(kept_closer, (kept_close), (), (), (near_, count_))
};

struct tree {
    std::vector<tree> below;

    bool operator==(const tree&) const = default;
};
BOOST_DESCRIBE_STRUCT(tree, (), (below))

struct cents {
    long amount = 0;

    bool operator==(const cents&) const = default;
};

/// Its members have many types, with default values in many forms. All of them are described.
struct many_kinds {
    int number = 7;
    std::string text = "text";
    std::optional<std::string> perhaps = "perhaps";
    std::optional<point> perhaps_a_point = point{1, 2};
    std::vector<point> points{{1, 2}, {3, 4}};
    std::map<std::string, int> by_name{{"one", 1}};
    std::pair<int, std::string> pair{1, "two"};
    std::array<int, 2> array{1, 2};
    point inner{5, 6};
    bool flag = true;

    bool operator==(const many_kinds&) const = default;
};
BOOST_DESCRIBE_STRUCT(
    many_kinds,
    (),
    (number, text, perhaps, perhaps_a_point, points, by_name, pair, array, inner, flag)
)

template <class T>
std::string text(const T& value) {
    return boost::json::serialize(encode(value));
}

template <class T>
T read(std::string_view json) {
    T value{};
    decode(value, boost::json::parse({json.data(), json.size()}));
    return value;
}

/// Reads `json` over an existing value.
template <class T>
T read_over(T value, std::string_view json) {
    decode(value, boost::json::parse({json.data(), json.size()}));
    return value;
}

template <class T>
void survives(const T& value, std::string_view json) {
    CAPTURE(json);
    CHECK(text(value) == json);
    CHECK(read<T>(json) == value);
}

tree nested(int levels) {
    tree out;
    if (levels > 1) out.below.push_back(nested(levels - 1));
    return out;
}

}  // namespace codec_test

template <>
struct stube::codec<codec_test::cents> {
    static boost::json::value encode(const codec_test::cents& value) {
        return boost::json::string(std::to_string(value.amount) + " ct");
    }

    static void decode(codec_test::cents& to, const boost::json::value& from) {
        to.amount = std::stol(std::string(from.as_string()));
    }
};

using namespace codec_test;
using namespace std::chrono;

TEST_CASE("a struct with members of many kinds survives") {
    many_kinds changed;
    changed.number = 8;
    changed.points.pop_back();
    changed.flag = false;
    CHECK(read<many_kinds>(text(changed)) == changed);
}

TEST_CASE("numbers survive") {
    survives(0, "0");
    survives(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
    survives(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
    survives(std::int8_t(-128), "-128");
    survives('x', "120");
    survives(true, "true");
    survives(2.5, "2.5E0");
    survives(0.1, "1E-1");
    survives(1.5F, "1.5E0");
}

TEST_CASE("every finite double survives to the last bit") {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; ++i) {
        double number = 0;
        const auto bits = random();
        std::memcpy(&number, &bits, sizeof number);
        if (number - number != 0) continue;
        CAPTURE(bits);
        REQUIRE(read<double>(text(number)) == number);
    }
}

TEST_CASE("durations and points in time survive") {
    survives(minutes(90), "90");
    survives(milliseconds(-5), "-5");
    survives(duration<double>(0.5), "5E-1");
    survives(sys_days(year(2026) / 1 / 2), "20455");
    survives(sys_time<milliseconds>(milliseconds(1500)), "1500");
    CHECK_THROWS_AS(read<minutes>("\"90\""), decode_error);
}

TEST_CASE("a number that is not finite is refused when it is written") {
    CHECK_THROWS_AS(text(std::numeric_limits<double>::quiet_NaN()), std::logic_error);
    CHECK_THROWS_AS(text(std::numeric_limits<float>::infinity()), std::logic_error);
    CHECK_THROWS_AS(read<double>("\"nan\""), decode_error);
    CHECK_THROWS_AS(read<double>("\"inf\""), decode_error);
}

TEST_CASE("strings survive with any content") {
    survives(std::string(), "\"\"");
    survives(std::string("a\"b\\c\n€"), "\"a\\\"b\\\\c\\n€\"");
    survives(std::string("\0", 1), "\"\\u0000\"");
}

TEST_CASE("enumerators survive by name") {
    survives(colour::green, "\"green\"");
    CHECK_THROWS_AS(read<colour>("\"blue\""), decode_error);
    CHECK_THROWS_AS(read<colour>("1"), decode_error);
}

TEST_CASE("the zero of an enum survives without a name") {
    survives(board(), "\"\"");
    survives(board::full, "\"full\"");
    CHECK_THROWS_AS(text(board(7)), std::logic_error);
}

TEST_CASE("dates survive") {
    survives(year(2026) / 12 / 1, "\"2026-12-01\"");
    survives(year(2024) / 2 / 29, "\"2024-02-29\"");
    CHECK(text(year_month_day()) == "\"\"");
    CHECK(read<year_month_day>("\"\"") == year_month_day());
    for (auto wrong :
         {"\"2026-02-29\"",
          "\"2026-1-1\"",
          "\"26-01-01\"",
          "\"2026-13-01\"",
          "\"2026/01/01\"",
          "20260101",
          "\" \"",
          "\"+026-01-01\""}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(read<year_month_day>(wrong), decode_error);
    }
    CHECK_THROWS_AS(text(year(10000) / 1 / 1), std::logic_error);
}

TEST_CASE("containers survive") {
    survives(std::vector<int>{1, 2, 3}, "[1,2,3]");
    survives(std::vector<int>{}, "[]");
    survives(std::vector<bool>{true, false}, "[true,false]");
    survives(std::array<int, 2>{4, 5}, "[4,5]");
    survives(std::pair(1, std::string("a")), "[1,\"a\"]");
    survives(std::tuple(1, true, std::string("x")), "[1,true,\"x\"]");
    survives(std::optional<int>(), "null");
    survives(std::optional<int>(7), "7");
    survives(std::map<std::string, int>{{"a", 1}, {"b", 2}}, "{\"a\":1,\"b\":2}");
    survives(std::vector<std::optional<std::pair<int, int>>>{{}, {{1, 2}}}, "[null,[1,2]]");
}

TEST_CASE("described structs survive with their bases") {
    place home;
    home.name = "home";
    home.back = point{3, 4};
    home.path = {{5, 6}};
    survives(
        home,
        "{\"name\":\"home\",\"at\":{\"x\":1,\"y\":2},\"back\":{\"x\":3,\"y\":4},"
        "\"path\":[{\"x\":5,\"y\":6}]}"
    );
}

TEST_CASE("private and protected data members survive as do those of a private base class") {
    kept_close one;
    one.set(5);
    kept_close back;
    decode(back, boost::json::parse(boost::json::serialize(encode(one))));
    CHECK(back.sum() == 15);

    kept_closer other;
    other.set_all(6);
    CHECK(
        boost::json::serialize(encode(other)) == "{\"open\":6,\"ajar\":6,\"shut_\":6,\"near_\":6}"
    );
    kept_closer again;
    decode(again, encode(other));
    CHECK(again.total() == 24);
}

TEST_CASE("a member that is missing keeps its default and an unknown one is ignored") {
    CHECK(read<point>("{\"y\":9,\"z\":3}") == point{1, 9});
    CHECK(read<point>("{}") == point{1, 2});
    CHECK(read<place>("{\"at\":{\"x\":5}}").at == point{5, 2});
}

TEST_CASE("a value of the wrong kind is refused") {
    CHECK_THROWS_AS(read<int>("\"1\""), decode_error);
    CHECK_THROWS_AS(read<int>("1.5"), decode_error);
    CHECK_THROWS_AS(read<int>("null"), decode_error);
    CHECK_THROWS_AS(read<std::int8_t>("128"), decode_error);
    CHECK_THROWS_AS(read<unsigned>("-1"), decode_error);
    CHECK_THROWS_AS(read<bool>("1"), decode_error);
    CHECK_THROWS_AS(read<double>("true"), decode_error);
    CHECK_THROWS_AS(read<std::string>("7"), decode_error);
    CHECK_THROWS_AS(read<point>("[1,2]"), decode_error);
    CHECK_THROWS_AS(read<point>("{\"x\":\"1\"}"), decode_error);
    CHECK_THROWS_AS(read<std::vector<int>>("{}"), decode_error);
    CHECK_THROWS_AS((read<std::array<int, 2>>("[1]")), decode_error);
    CHECK_THROWS_AS((read<std::pair<int, int>>("[1,2,3]")), decode_error);
    CHECK_THROWS_AS((read<std::map<std::string, int>>("[]")), decode_error);
}

TEST_CASE("a whole number may be written with a fraction of zero") {
    CHECK(read<int>("3.0") == 3);
    CHECK(read<double>("3") == 3.0);
}

TEST_CASE("reading replaces the previous value") {
    CHECK(read_over(std::vector<int>{9, 9, 9}, "[1]") == std::vector<int>{1});
    CHECK(read_over(std::optional<int>(9), "null") == std::nullopt);
    CHECK(
        read_over(std::map<std::string, int>{{"old", 1}}, "{\"new\":2}") ==
        std::map<std::string, int>{{"new", 2}}
    );
}

TEST_CASE("an application's type brings its own codec") {
    survives(cents{250}, "\"250 ct\"");
    survives(std::vector<cents>{{1}, {2}}, "[\"1 ct\",\"2 ct\"]");
}

TEST_CASE("a state that nests deeper than stores keep is refused when it is written") {
    CHECK(nested(100) == nested(100));
    CHECK_NOTHROW(text(nested(150)));
    CHECK_THROWS_AS(text(nested(5000)), std::logic_error);
    CHECK_NOTHROW(text(nested(150)));
}
