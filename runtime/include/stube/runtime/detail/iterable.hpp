#pragma once

#include <iterator>

/// In place of std::ranges::input_range, whose header <ranges> takes long to compile.
namespace stube::detail {

namespace iteration {

using std::begin;
using std::end;

template <class T>
concept has_begin_and_end = requires(T& range) {
    begin(range) != end(range);
    *begin(range);
};

}  // namespace iteration

/// True for containers, views, arrays and other types that a range-based `for` accepts.
template <class T>
concept iterable = iteration::has_begin_and_end<T>;

}  // namespace stube::detail
