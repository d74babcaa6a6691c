#pragma once

#include <map>
#include <span>
#include <string>

namespace stube::http {

/// The source of each function, such as "/home/ada/shop/counter.cpp:12", as the debug information
/// of the program has it: `addr2line` of the binutils reads it. A function without one is left out,
/// and so are all of them if the program has no debug information or the machine has no
/// `addr2line`. Starts processes and waits for them, which takes up to some seconds.
/// Threads: any.
std::map<const void*, std::string> source_lines(std::span<const void* const> functions);

}  // namespace stube::http
