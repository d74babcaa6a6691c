#include "model.hpp"

#include <array>

namespace hotel {
namespace {

constexpr int breakfast_price = 14;  // euros a person and night

}  // namespace

int dates::nights() const {
    return static_cast<int>(
        (std::chrono::sys_days(departure) - std::chrono::sys_days(arrival)).count()
    );
}

int booking::total() const {
    int nightly = choice.price + (who.breakfast ? who.people * breakfast_price : 0);
    return nightly * stay.nights();
}

const std::vector<room>& rooms() {
    static const std::vector<room> all{
        {"Garden Room", "Ground floor, opens onto the roses", 90},
        {"Sea View", "Second floor, wide balcony to the west", 140},
        {"Tower Suite", "Two floors under the old roof", 220},
    };
    return all;
}

std::string date_text(date d) {
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<const char*, 12>
        months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (!d.ok()) return "";
    auto day = std::chrono::weekday(std::chrono::sys_days(d)).c_encoding();
    auto month = static_cast<unsigned>(d.month()) - 1;
    return std::string(days[day]) + " " + std::to_string(static_cast<unsigned>(d.day())) + " " +
           months[month] + " " + std::to_string(static_cast<int>(d.year()));
}

std::string nights_text(int nights) {
    return std::to_string(nights) + (nights == 1 ? " night" : " nights");
}

std::string euros(int amount) {
    return "€" + std::to_string(amount);
}

}  // namespace hotel
