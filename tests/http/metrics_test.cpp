#include "http/site/metrics.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace stube;
using namespace std::chrono_literals;

namespace {

bool has_text(const live::conversation_counts& counts, const std::string& part) {
    const auto text = http::metrics().text({}, counts);
    return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("metrics report the time for which the index is behind in whole seconds") {
    CHECK(has_text({.index_behind = 0ms}, "\nstube_index_behind_seconds 0\n"));
    CHECK(has_text({.index_behind = 999ms}, "\nstube_index_behind_seconds 0\n"));
    CHECK(has_text({.index_behind = 61'500ms}, "\nstube_index_behind_seconds 61\n"));
}

TEST_CASE("metrics of a store without an index do not name the index") {
    CHECK_FALSE(has_text({}, "stube_index_behind_seconds"));
}

TEST_CASE("metrics report deletions of old history by their outcome") {
    const live::conversation_counts counts{.trims_done = 7, .trims_failed = 2};
    CHECK(has_text(counts, "\n# TYPE stube_history_trims_total counter\n"));
    CHECK(has_text(counts, "\nstube_history_trims_total{result=\"done\"} 7\n"));
    CHECK(has_text(counts, "\nstube_history_trims_total{result=\"failed\"} 2\n"));
}

TEST_CASE("metrics report failed turns by whether the archive has them") {
    const live::conversation_counts counts{.failures_archived = 5, .failures_lost = 3};
    CHECK(has_text(counts, "\n# TYPE stube_archived_failures_total counter\n"));
    CHECK(has_text(counts, "\nstube_archived_failures_total{result=\"recorded\"} 5\n"));
    CHECK(has_text(counts, "\nstube_archived_failures_total{result=\"lost\"} 3\n"));
}
