#include "book_room_flow.hpp"

namespace hotel {

using namespace stube;

flow<> book_room_flow() {
    for (;;) {
        booking wanted;
        bool sure = false;
        wanted.stay = co_await ask_dates(wanted.stay);
        while (!sure) {
            auto choice = co_await call<pick_room>(wanted.stay);
            if (!choice) {
                wanted.stay = co_await ask_dates(wanted.stay);
                continue;
            }
            wanted.choice = *choice;
            wanted.who = co_await ask_guest(wanted.who);
            sure = co_await call<check_booking>(wanted);
        }
        co_await call<show_receipt>(wanted);
    }
}

}  // namespace hotel
