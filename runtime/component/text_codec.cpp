#include <stube/runtime/text_codec.hpp>

#include <charconv>
#include <cstddef>

namespace stube {

namespace detail {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace detail

namespace {

std::string padded(int number, std::size_t digits) {
    auto text = std::to_string(number);
    return text.size() < digits ? std::string(digits - text.size(), '0') + text : text;
}

/// The number in `text`, which must consist of exactly `digits` decimal digits.
std::optional<unsigned> fixed_number(std::string_view text, std::size_t digits) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.size() != digits || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

}  // namespace

std::optional<std::chrono::year_month_day>
text_codec<std::chrono::year_month_day>::parse(std::string_view text) {
    text = detail::trimmed(text);
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    auto y = fixed_number(text.substr(0, 4), 4);
    auto m = fixed_number(text.substr(5, 2), 2);
    auto d = fixed_number(text.substr(8, 2), 2);
    if (!y || !m || !d) return std::nullopt;
    using namespace std::chrono;
    year_month_day date{year(static_cast<int>(*y)), month(*m), day(*d)};
    return date.ok() ? std::optional(date) : std::nullopt;
}

std::string text_codec<std::chrono::year_month_day>::print(std::chrono::year_month_day value) {
    if (!value.ok()) return {};
    return padded(static_cast<int>(value.year()), 4) + "-" +
           padded(static_cast<int>(static_cast<unsigned>(value.month())), 2) + "-" +
           padded(static_cast<int>(static_cast<unsigned>(value.day())), 2);
}

using namespace std::chrono;

std::optional<minutes> text_codec<minutes>::parse(std::string_view text) {
    text = detail::trimmed(text);
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    auto h = fixed_number(text.substr(0, 2), 2);
    auto m = fixed_number(text.substr(3, 2), 2);
    if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
    return hours(*h) + minutes(*m);
}

std::string text_codec<minutes>::print(minutes since_midnight) {
    if (since_midnight < minutes(0) || since_midnight >= days(1)) return {};
    auto two_digits = [](auto number) { return padded(static_cast<int>(number), 2); };
    return two_digits(since_midnight / hours(1)) + ":" +
           two_digits(since_midnight % hours(1) / minutes(1));
}

std::optional<local_time<minutes>> text_codec<local_time<minutes>>::parse(std::string_view text) {
    text = detail::trimmed(text);
    const auto middle = text.find('T');
    if (middle == std::string_view::npos) return std::nullopt;
    auto date = text_codec<year_month_day>::parse(text.substr(0, middle));
    auto time = text_codec<minutes>::parse(text.substr(middle + 1));
    if (!date || !time) return std::nullopt;
    return local_days(*date) + *time;
}

std::string text_codec<local_time<minutes>>::print(local_time<minutes> value) {
    const auto day = floor<days>(value);
    const year_month_day date(day);
    const int y = static_cast<int>(date.year());
    if (y < 0 || y > 9999) return {};
    return text_codec<year_month_day>::print(date) + "T" + text_codec<minutes>::print(value - day);
}

std::optional<std::optional<bool>> text_codec<std::optional<bool>>::parse(std::string_view text) {
    text = detail::trimmed(text);
    if (text.empty()) return std::optional<std::optional<bool>>(std::in_place);
    if (text == "yes" || text == "on" || text == "true") return std::optional(true);
    if (text == "no" || text == "off" || text == "false") return std::optional(false);
    return std::nullopt;
}

std::string text_codec<std::optional<bool>>::print(std::optional<bool> value) {
    if (!value) return {};
    return *value ? "yes" : "no";
}

}  // namespace stube
