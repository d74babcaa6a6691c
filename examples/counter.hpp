#pragma once

#include <stube/stube.hpp>

namespace gallery {

/// A number and two buttons: the smallest component there is.
struct counter {
    static constexpr std::string_view component = "gallery/counter";

    int n = 0;

    void inc() { ++n; }

    void dec() { --n; }

    stube::markup render() const;
};
BOOST_DESCRIBE_STRUCT(counter, (), (n, inc, dec))

}  // namespace gallery
