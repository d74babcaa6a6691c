#pragma once

#include "steps.hpp"

namespace hotel {

/// A booking as a task. It has no page of its own, its steps are members, and its state is data, so
/// it survives a restart at every point.
struct book_room {
    static constexpr std::string_view component = "hotel/book_room";

    booking wanted;

    stube::effects start();
    stube::effects dated(dates stay);
    stube::effects chosen(std::optional<room> choice);
    stube::effects described(guest who);
    stube::effects confirmed(bool yes);
    stube::effects again();
};
BOOST_DESCRIBE_STRUCT(book_room, (), (wanted, start, dated, chosen, described, confirmed, again))

}  // namespace hotel
