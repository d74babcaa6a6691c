// Books rooms in the gallery's hotel.
#pragma once

#include "visitor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kill_test {

enum class step { dates, room, details, check, receipt };

/// All that was said on the way, as the fields of the forms show it.
struct said {
    std::string arrival;  // as browsers send dates: 2026-12-01
    std::string departure;
    int nights = 0;
    std::string room;
    std::string name;
    std::string email;
    std::string guests = "2";
    std::string breakfast = "on";
};

struct booking_state {
    step at = step::dates;
    said what;
};

/// What is wrong with the page in this state; empty if nothing is.
std::string difference(const page& shown, const booking_state& expected);

/// Goes through the steps of the booking and now and then back, enters something wrong, clicks on a
/// step that was left. Knows what each page must show.
class booking_visitor final : public visitor {
public:
    using visitor::visitor;

    void resume(std::uint16_t port, extent what) override;
    void act() override;
    std::vector<std::string> conversations() const override;

private:
    struct under_way {
        event what;
        booking_state after;
    };

    void compare();
    void settle(const std::vector<page>& answers);
    void see(const page& shown) const;
    void send_again(const event& what);
    void plan_next();
    void plan(const control& chosen, form fields, booking_state after);
    void plan_dates(booking_state after);
    void plan_room(booking_state after);
    void plan_details(booking_state after);

    std::string conversation_;
    page shown_;
    booking_state state_;
    std::optional<under_way> pending_;
    std::optional<event> last_;  ///< the last one that was acknowledged
    std::optional<event> left_;  ///< the last one of a step that was left
    int bookings_ = 0;
};

}  // namespace kill_test
