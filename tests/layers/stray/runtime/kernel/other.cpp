#include "runtime/kernel/step.hpp"
