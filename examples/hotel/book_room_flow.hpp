#pragma once

#include "steps.hpp"

namespace hotel {

/// The same booking as a coroutine: shorter, but lost in a restart.
stube::flow<> book_room_flow();

}  // namespace hotel
