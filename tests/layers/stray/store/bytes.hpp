#pragma once

#include "runtime/component/text.hpp"
