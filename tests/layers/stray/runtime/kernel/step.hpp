#pragma once

#include "runtime/live/map.hpp"
