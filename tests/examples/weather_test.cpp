#include "examples/weather.hpp"

#include <stube/runtime/snapshot.hpp>
#include <stube/runtime/test_conversation.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace stube;
using gallery::weather;

namespace {

void report(
    test_conversation& t,
    std::string_view place,
    std::string_view celsius,
    std::string_view speed
) {
    t.fill<&weather::place>(place).fill<&weather::celsius>(celsius).fill<&weather::speed>(speed);
    t.click("Report");
}

namespace fs = std::filesystem;

/// Replaces the system's folder of temporary files.
class temporary_files {
public:
    temporary_files() {
        auto name = (fs::temp_directory_path() / "stube-test-XXXXXX").string();
        path_ = mkdtemp(name.data());
        setenv("TMPDIR", path_.c_str(), 1);
    }

    ~temporary_files() {
        unsetenv("TMPDIR");
        fs::remove_all(path_);
    }

    /// The only folder in it.
    fs::path folder() const { return fs::directory_iterator(path_)->path(); }

    std::vector<fs::path> files() const {
        std::vector<fs::path> all;
        for (const auto& each : fs::directory_iterator(folder()))
            all.push_back(each.path());
        return all;
    }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("the file of a session is readable only for its owner") {
    const temporary_files temporary;
    test_conversation t{weather{}};
    report(t, "Oslo", "-3", "45");
    t.click("Write to a file");

    CHECK(temporary.files().size() == 1);
    CHECK(fs::status(temporary.folder()).permissions() == fs::perms::owner_all);
}

TEST_CASE("a file older than a day is removed when the next one is written") {
    const temporary_files temporary;
    test_conversation first{weather{}};
    first.click("Write to a file");
    const auto old = temporary.files().at(0);
    fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(25));

    test_conversation second{weather{}};
    second.click("Write to a file");
    CHECK_FALSE(fs::exists(old));
    CHECK(temporary.files().size() == 1);
}

TEST_CASE("a place is cold and windy when both facts about it are known") {
    test_conversation t{weather{}};

    report(t, "Oslo", "-3", "");
    report(t, "Rome", "", "60");
    CHECK(t.text().contains("No place is below"));
    report(t, "Oslo", "", "45");

    CHECK(t.text().contains("Oslo -3 °C, 45 km/h"));
    CHECK(t.text().contains("1 temperatures, 2 winds, 1 rules fired"));
    CHECK_FALSE(t.text().contains("Rome"));
}

TEST_CASE("at 5 degrees it is not cold and at 30 km/h it is not windy") {
    test_conversation t{weather{}};

    report(t, "Bergen", "5", "31");
    report(t, "Skagen", "4", "30");

    CHECK(t.text().contains("No place is below"));
}

TEST_CASE("a session that is restored from a snapshot continues and fires no rule twice") {
    test_conversation t{weather{}};
    report(t, "Oslo", "-3", "45");
    report(t, "Bergen", "2", "");
    const auto text = boost::json::serialize(snapshot(t.value()));

    test_conversation fresh(restore(boost::json::parse(text)));
    CHECK(fresh.text().str() == t.text().str());
    report(fresh, "Bergen", "", "50");

    CHECK(fresh.text().contains("Oslo -3 °C, 45 km/h"));
    CHECK(fresh.text().contains("Bergen 2 °C, 50 km/h"));
    CHECK(fresh.text().contains("2 rules fired"));
    CHECK(t.text().contains("1 rules fired"));
}
