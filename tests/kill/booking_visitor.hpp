// A visitor that books rooms in the gallery's hotel.
#pragma once

#include "visitor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kill_test {

enum class step { dates, room, details, check, receipt };

/// All values entered so far, as the fields of the forms show them.
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

/// The first difference between a page and the expected state; empty if they agree.
std::string difference(const page& shown, const booking_state& expected);

/// Performs the steps of the booking. Now and then it goes a step back, enters an invalid value, or
/// sends an event to an earlier step. Checks each page against the expected state.
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
    std::optional<event> last_;  ///< the last acknowledged event
    std::optional<event> left_;  ///< the last event of a step that was left
    int bookings_ = 0;
};

}  // namespace kill_test
