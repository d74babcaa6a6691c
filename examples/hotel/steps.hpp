#pragma once

#include "model.hpp"

/// The steps of a booking. Each shows one page and answers the user's input. A step does not depend
/// on its caller, so the task and the flow use the same steps.
namespace hotel {

/// Answers the dates of the stay.
struct pick_dates {
    static constexpr std::string_view component = "hotel/pick_dates";
    using answer_type = dates;

    stube::field<date> arrival;
    stube::field<date> departure;

    stube::answers<dates> next(stube::context& around);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(pick_dates, (), (arrival, departure, next))

/// Answers a room, or std::nullopt if the user wants other dates.
struct pick_room {
    static constexpr std::string_view component = "hotel/pick_room";
    using answer_type = std::optional<room>;

    dates stay;

    stube::answers<std::optional<room>> choose(const std::string& name);
    stube::answers<std::optional<room>> change_dates();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(pick_room, (), (stay, choose, change_dates))

/// Answers the guest's details.
struct guest_details {
    static constexpr std::string_view component = "hotel/guest_details";
    using answer_type = guest;

    stube::field<std::string> name;
    stube::field<std::string> email;
    stube::field<int> guests;
    stube::field<bool> breakfast;

    stube::answers<guest> next();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(guest_details, (), (name, email, guests, breakfast, next))

/// Answers true to book, false to go back to the rooms.
struct check_booking {
    static constexpr std::string_view component = "hotel/check_booking";
    using answer_type = bool;

    booking wanted;

    stube::answers<bool> confirm();
    stube::answers<bool> back();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(check_booking, (), (wanted, confirm, back))

/// Shows the finished booking. Answers when the user wants to book another room.
struct show_receipt {
    static constexpr std::string_view component = "hotel/show_receipt";

    booking booked;
    std::string reference;

    void start(stube::context& around);
    stube::answers<> again();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(show_receipt, (), (booked, reference, again))

// Calls whose fields hold the input of an earlier visit, so that going back loses nothing.
stube::call_request<pick_dates> ask_dates(const dates& known);
stube::call_request<guest_details> ask_guest(const guest& known);

}  // namespace hotel
