#include "report.hpp"

#include <numeric>
#include <stdexcept>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

bool is_prime(int n) {
    if (n < 2) return false;
    for (int divisor = 2; divisor <= n / divisor; ++divisor)
        if (n % divisor == 0) return false;
    return true;
}

int count_primes(int first, int end) {
    int found = 0;
    for (int n = first; n < end; ++n)
        found += is_prime(n) ? 1 : 0;
    return found;
}

/// "10,000,000" for 10000000.
std::string with_commas(int n) {
    auto text = std::to_string(n);
    for (auto at = static_cast<int>(text.size()) - 3; at > 0; at -= 3)
        text.insert(static_cast<std::size_t>(at), ",");
    return text;
}

int parts_for(distance wanted) {
    return wanted == distance::near ? 5 : 50;
}

}  // namespace

/// The work runs on another thread, perhaps much later, so it captures copies of its input.
effects report::next_part() const {
    const int first = static_cast<int>(counts.size()) * part_size;
    return run<&report::ready>([first, end = first + part_size, jams = jam.value()] {
               if (jams) throw std::runtime_error("the machine is jammed");
               return count_primes(first, end);
           }
    ).or_else<&report::failed>();
}

effects report::go() {
    if (is_running || is_done()) return {};
    if (counts.empty()) all_parts = parts_for(how_far.value());
    is_running = true;
    problem.clear();
    return next_part();
}

effects report::ready(int primes) {
    counts.push_back(primes);
    is_running = !is_done();
    return is_running ? next_part() : effects();
}

/// The work threw, or a restart interrupted it.
void report::failed(const failure& why) {
    is_running = false;
    problem = why.message;
}

void report::clear() {
    if (!is_running) counts.clear();
}

markup report::render() const {
    const auto parts = static_cast<int>(counts.size());
    const auto end_of = [&](distance offered) {
        return with_commas(parts_for(offered) * part_size);
    };
    const auto total = std::accumulate(counts.begin(), counts.end(), 0);
    const auto status = is_running ? "Working on part " + std::to_string(parts + 1) + " of " +
                                         std::to_string(all_parts)
                        : is_done() ? "Done: " + with_commas(total) + " primes"
                                    : "Nothing is running";
    return section(
        class_("card"),
        h1("Report"),
        p("How many primes are there below ", with_commas(all_parts * part_size), "?"),
        progress(attr("aria-label", "Progress"), max(all_parts), value(parts)),
        p(role("status"), status),
        when(!problem.empty(), p(class_("notice"), role("alert"), problem)),
        when(
            !is_running && !is_done(),
            [&] {
                return form(
                    on<"submit", &report::go>,
                    when(
                        counts.empty(),
                        ui::select_for<&report::how_far>(
                            *this,
                            "Up to",
                            ui::choices_of<distance>(end_of)
                        )
                    ),
                    ui::check_box_for<&report::jam>(*this, "Jam the machine"),
                    button(problem.empty() ? "Start" : "Go on")
                );
            }
        ),
        when(is_done(), button(class_("secondary"), on<"click", &report::clear>, "Clear"))
    );
}

}  // namespace gallery
