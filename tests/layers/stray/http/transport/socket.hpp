#pragma once

#include "http/handlers/visit.hpp"
