#include "runtime/component/text.hpp"
