#include <stube/stube.hpp>

#include <boost/describe/class.hpp>

#include <string_view>

using namespace stube;
using namespace stube::html;

struct counter {
    static constexpr std::string_view component = "consumer/counter";
    int n = 0;
    void inc() { ++n; }
    markup render() const { return div(span(n), button(on<"click", &counter::inc>, "+")); }
};
BOOST_DESCRIBE_STRUCT(counter, (), (n, inc))

int main() {
    app site;
    site.mount<counter>("/");
}
