#include "book_room.hpp"

namespace hotel {

using namespace stube;

effects book_room::start() {
    return ask_dates(wanted.stay).then<&book_room::dated>();
}

effects book_room::dated(dates stay) {
    wanted.stay = stay;
    return call<pick_room>(stay).then<&book_room::chosen>();
}

effects book_room::chosen(std::optional<room> choice) {
    if (!choice) return start();
    wanted.choice = *choice;
    return ask_guest(wanted.who).then<&book_room::described>();
}

effects book_room::described(guest who) {
    wanted.who = who;
    return call<check_booking>(wanted).then<&book_room::confirmed>();
}

effects book_room::confirmed(bool yes) {
    if (!yes) return call<pick_room>(wanted.stay).then<&book_room::chosen>();
    return no_way_back() + call<show_receipt>(wanted).then<&book_room::again>();
}

effects book_room::again() {
    return become<book_room>();
}

}  // namespace hotel
