#include <stube/stube.hpp>
using namespace stube;
using namespace stube::html;

struct counter {
    static constexpr std::string_view component = "readme/counter";  // its stored name
    int n = 0;                                                       // its state
    void inc() { ++n; }                                              // its events
    void dec() { --n; }
    markup render() const {
        return div(
            button(on<"click", &counter::dec>, "−"),
            output(n),
            button(on<"click", &counter::inc>, "+")
        );
    }
};
BOOST_DESCRIBE_STRUCT(counter, (), (n, inc, dec))

int main() {
    app site;
    site.mount<counter>("/");
    return site.start(8080, sqlite_store("counter.db"));
}
