#include "runtime/live/map.hpp"
