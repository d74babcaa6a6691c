#pragma once

/// Everything that an application needs, in one include. It does not include Asio or Beast.

// First, so that compilers do not list the other headers before each message about a component.
// clang-format off
#include <stube/runtime/component.hpp>
// clang-format on

#include <stube/flow/flow.hpp>
#include <stube/http/app.hpp>
#include <stube/http/login.hpp>
#include <stube/runtime/behavior.hpp>
#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/component_error.hpp>
#include <stube/runtime/context.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/field.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/ui.hpp>
#include <stube/store/file_store.hpp>
#include <stube/store/memory_store.hpp>
#include <stube/store/sqlite_store.hpp>
#include <stube/store/store.hpp>

#include <boost/describe/class.hpp>
