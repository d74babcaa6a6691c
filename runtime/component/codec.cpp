#include <stube/runtime/codec.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <cmath>

namespace stube {

namespace detail {

namespace {

// Stores can read 500 levels. The stored form of a conversation adds a few levels around the state.
constexpr int deepest = 400;
thread_local int depth = 0;

}  // namespace

nesting::nesting() {
    if (depth >= deepest)
        throw std::logic_error("stube: the state is nested too deeply to be stored");
    ++depth;
}

nesting::~nesting() {
    --depth;
}

void throw_decode_error(std::string_view wanted) {
    throw decode_error("expected " + std::string(wanted));
}

void throw_not_described(long long enumerator) {
    throw std::logic_error(
        "stube: " + std::to_string(enumerator) +
        " is not a described enumerator, so it cannot be stored"
    );
}

// Boost.JSON reads one in five numbers of full length with a wrong last bit. Such numbers are
// written as strings.
boost::json::value encode_double(double number) {
    if (!std::isfinite(number)) {
        throw std::logic_error("stube: a number that is not finite cannot be stored");
    }
    const auto text = boost::json::serialize(boost::json::value(number));
    if (boost::json::parse(text).to_number<double>() == number) return number;
    return boost::json::string(text_codec<double>::print(number));
}

double decode_double(const boost::json::value& from) {
    if (from.is_number()) return from.to_number<double>();
    auto number = from.is_string() ? text_codec<double>::parse(std::string_view(from.get_string()))
                                   : std::nullopt;
    if (!number) throw_decode_error("a number");
    return *number;
}

boost::json::value encode_date(std::chrono::year_month_day date) {
    const int year = static_cast<int>(date.year());
    if (date.ok() && (year < 0 || year > 9999)) {
        throw std::logic_error("stube: a date outside the years 0 to 9999 cannot be stored");
    }
    return boost::json::string(text_codec<std::chrono::year_month_day>::print(date));
}

std::chrono::year_month_day decode_date(const boost::json::value& from) {
    if (from.is_string() && from.get_string().empty()) return {};
    auto date =
        from.is_string()
            ? text_codec<std::chrono::year_month_day>::parse(std::string_view(from.get_string()))
            : std::nullopt;
    if (!date) throw_decode_error("a date such as \"2026-12-01\"");
    return *date;
}

const boost::json::array& array_of(const boost::json::value& from, std::size_t size) {
    if (!from.is_array() || from.get_array().size() != size)
        throw_decode_error("an array of that length");
    return from.get_array();
}

}  // namespace detail

}  // namespace stube
