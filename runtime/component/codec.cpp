#include <stube/runtime/codec.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <new>
#include <optional>

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

void set_bool(boost::json::value& to, bool value) {
    to = value;
}

void set_int(boost::json::value& to, long long value) {
    to = value;
}

void set_uint(boost::json::value& to, unsigned long long value) {
    to = value;
}

void set_text(boost::json::value& to, std::string_view value) {
    to.emplace_string().assign(value.data(), value.size());
}

// Boost.JSON reads one in five numbers of full length with a wrong last bit. Such numbers are
// written as strings.
void set_double(boost::json::value& to, double value) {
    if (!std::isfinite(value)) {
        throw std::logic_error("stube: a number that is not finite cannot be stored");
    }
    const auto text = boost::json::serialize(boost::json::value(value));
    if (boost::json::parse(text).to_number<double>() == value) {
        to = value;
    } else {
        set_text(to, text_codec<double>::print(value));
    }
}

void set_date(boost::json::value& to, std::chrono::year_month_day value) {
    const int year = static_cast<int>(value.year());
    if (value.ok() && (year < 0 || year > 9999)) {
        throw std::logic_error("stube: a date outside the years 0 to 9999 cannot be stored");
    }
    set_text(to, text_codec<std::chrono::year_month_day>::print(value));
}

boost::json::array& make_array(boost::json::value& to, std::size_t size) {
    auto& out = to.emplace_array();
    out.reserve(size);
    return out;
}

boost::json::object& make_object(boost::json::value& to, std::size_t size) {
    auto& out = to.emplace_object();
    out.reserve(size);
    return out;
}

boost::json::value& add_element(boost::json::array& to) {
    return to.emplace_back(nullptr);
}

boost::json::value* add_member(boost::json::object& to, std::string_view name) {
    const auto [where, is_new] = to.emplace({name.data(), name.size()}, nullptr);
    return is_new ? &where->value() : nullptr;
}

bool is_null(const boost::json::value& from) {
    return from.is_null();
}

bool is_object(const boost::json::value& from) {
    return from.is_object();
}

bool bool_of(const boost::json::value& from) {
    if (!from.is_bool()) throw_decode_error("true or false");
    return from.get_bool();
}

std::string_view text_of(const boost::json::value& from, std::string_view wanted) {
    if (!from.is_string()) throw_decode_error(wanted);
    return {from.get_string().data(), from.get_string().size()};
}

template <std::integral T>
T decode_whole(const boost::json::value& from) {
    boost::json::error_code ec;
    const auto number = from.to_number<T>(ec);
    if (ec) throw_decode_error("a whole number in range");
    return number;
}

template char decode_whole(const boost::json::value&);
template signed char decode_whole(const boost::json::value&);
template unsigned char decode_whole(const boost::json::value&);
template wchar_t decode_whole(const boost::json::value&);
template char8_t decode_whole(const boost::json::value&);
template char16_t decode_whole(const boost::json::value&);
template char32_t decode_whole(const boost::json::value&);
template short decode_whole(const boost::json::value&);
template unsigned short decode_whole(const boost::json::value&);
template int decode_whole(const boost::json::value&);
template unsigned decode_whole(const boost::json::value&);
template long decode_whole(const boost::json::value&);
template unsigned long decode_whole(const boost::json::value&);
template long long decode_whole(const boost::json::value&);
template unsigned long long decode_whole(const boost::json::value&);

double decode_double(const boost::json::value& from) {
    if (from.is_number()) return from.to_number<double>();
    auto number = from.is_string() ? text_codec<double>::parse(std::string_view(from.get_string()))
                                   : std::nullopt;
    if (!number) throw_decode_error("a number");
    return *number;
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

const boost::json::array& array_of(const boost::json::value& from) {
    if (!from.is_array()) throw_decode_error("an array");
    return from.get_array();
}

const boost::json::object& object_of(const boost::json::value& from) {
    if (!from.is_object()) throw_decode_error("an object");
    return from.get_object();
}

const boost::json::array& array_of(const boost::json::value& from, std::size_t size) {
    if (!from.is_array() || from.get_array().size() != size)
        throw_decode_error("an array of that length");
    return from.get_array();
}

std::size_t size_of(const boost::json::array& of) {
    return of.size();
}

const boost::json::value& element_of(const boost::json::array& of, std::size_t index) {
    return of[index];
}

std::size_t size_of(const boost::json::object& of) {
    return of.size();
}

named_value nth_member(const boost::json::object& of, std::size_t index) {
    const auto& found = of.begin()[static_cast<std::ptrdiff_t>(index)];
    return {{found.key().data(), found.key().size()}, found.value()};
}

const boost::json::value* find_member(const boost::json::object& in, std::string_view name) {
    return in.if_contains({name.data(), name.size()});
}

json_holder::json_holder() noexcept {
    static_assert(
        sizeof(boost::json::value) <= sizeof space_ && alignof(boost::json::value) <= alignof(void*)
    );
    new (space_) boost::json::value();
}

json_holder::json_holder(json_holder&& other) noexcept {
    new (space_) boost::json::value(std::move(*other));
}

json_holder::~json_holder() {
    (**this).~value();
}

boost::json::value& json_holder::operator*() noexcept {
    return *std::launder(reinterpret_cast<boost::json::value*>(space_));
}

const boost::json::value& json_holder::operator*() const noexcept {
    return *std::launder(reinterpret_cast<const boost::json::value*>(space_));
}

std::string arguments_to_text(const boost::json::array& arguments) {
    return arguments.empty() ? std::string() : boost::json::serialize(arguments);
}

}  // namespace detail

}  // namespace stube
