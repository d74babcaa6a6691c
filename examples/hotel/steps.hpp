#pragma once

#include "model.hpp"

/// The steps of a booking: each shows one page and answers what the user said on it. They do not
/// know who called them; the task and the flow use the same ones.
namespace hotel {

/// Answers the dates of the stay.
struct pick_dates {
    static constexpr std::string_view component = "hotel/pick_dates";
    using answer_type = dates;

    stube::field<date> arrival;
    stube::field<date> departure;

    stube::answers<dates> next(stube::context& now);
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(pick_dates, (), (arrival, departure, next))

/// Answers a room, or nothing when the user wants other dates.
struct pick_room {
    static constexpr std::string_view component = "hotel/pick_room";
    using answer_type = std::optional<room>;

    dates stay;

    stube::answers<std::optional<room>> choose(const std::string& name);
    stube::answers<std::optional<room>> change_dates();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(pick_room, (), (stay, choose, change_dates))

/// Answers who comes.
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

/// Shows the booking; answers when the user wants another one.
struct show_receipt {
    static constexpr std::string_view component = "hotel/show_receipt";

    booking booked;
    std::string reference;

    void start(stube::context& now);
    stube::answers<> again();
    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(show_receipt, (), (booked, reference, again))

// The calls that fill in what is known already, so that going back loses nothing.
stube::call_request<pick_dates> ask_dates(const dates& known);
stube::call_request<guest_details> ask_guest(const guest& known);

}  // namespace hotel
