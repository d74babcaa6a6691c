#include "release/golden.hpp"
#include "runtime/conversation/decoder.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/runtime/check_store.hpp>
#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// Stores that earlier releases have written. Every later release must be able to use them.
// golden_write.cpp has written those of the newest format.
namespace {

namespace fs = std::filesystem;
using namespace golden;

struct kind {
    const char* name;
    bool is_database;
};

constexpr std::array kinds{
    kind{"format1.db", true},
    kind{"format1", false},
    kind{"format2.db", true},
    kind{"format2", false}
};

/// A copy of the golden stores that is removed with this object.
class copy {
public:
    copy() {
        REQUIRE(roots().size() == 2);
        std::string name = (fs::temp_directory_path() / "stube-golden-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no folder");
        path_ = name;
        fs::copy(GOLDEN, path_, fs::copy_options::recursive);
    }

    copy(const copy&) = delete;
    copy& operator=(const copy&) = delete;

    ~copy() { fs::remove_all(path_); }

    fs::path place(const kind& of) const { return path_ / of.name; }

    std::unique_ptr<store> open(const kind& of) const {
        return of.is_database ? sqlite_store(place(of)) : file_store(place(of));
    }

    std::unique_ptr<store> open_to_read(const kind& of) const {
        return of.is_database ? sqlite_store(place(of), {.read_only = true})
                              : file_store(place(of), {.read_only = true});
    }

private:
    fs::path path_;
};

std::string id(int number) {
    return "conversation_" + std::to_string(number);
}

class site {
public:
    site(const copy& of, const kind& which)
        : map(of.open(which), options(now)), me(map, event_id(1) << 32) {
        map.use({&me.thread});
        summary = map.load();
    }

    ~site() {
        map.stop();
        me.thread.run_all();
    }

    site(const site&) = delete;
    site& operator=(const site&) = delete;

    std::string shows(int number) { return text_of(me.open(id(number))); }

    void pass(std::chrono::hours time) {
        now += time;
        map.fire_due();
        me.thread.run_all();
    }

    time_point now = written + std::chrono::minutes(1);
    conversation_map map;
    golden::visitor me;
    load_summary summary;

private:
    static conversation_options options(const time_point& now) {
        conversation_options out;
        out.clock = [&now] { return now; };
        out.watch_clock = false;
        out.logger = std::make_shared<spdlog::logger>(
            "golden",
            std::make_shared<spdlog::sinks::null_sink_mt>()
        );
        return out;
    }
};

const std::string buttons = "+GrowAskListenWait";

}  // namespace

TEST_CASE("each page of a golden store is loaded unchanged") {
    for (const auto& kind : kinds) {
        CAPTURE(kind.name);
        const copy stores;
        site s(stores, kind);
        CHECK(s.summary.loaded == 9);
        CHECK(s.summary.lost == 1);
        CHECK(s.summary.newer_shape + s.summary.unknown_component + s.summary.unusable == 0);
        CHECK(s.summary.quarantined == 0);
        CHECK(s.me.open("mark").result == status::lost);

        const std::string values = "€ \"quoted\"\n yes -9007199254740993 third blue 2026 90"
                                   "High Street7Low Street02one3n=";
        CHECK(s.shows(1) == values + "0+");
        CHECK(s.shows(2) == values + "1+");
        CHECK(s.shows(3) == "n=3 heard=top=1+?row 1=0+?row 2=0+?row 3=0+?" + buttons);
        CHECK(s.shows(4) == "Go on?YesNo");
        CHECK(s.shows(5).find("n=0 heard=New label?") == 0);
        CHECK(s.shows(6) == "n=202 heard=top=0+?" + buttons);
        CHECK(s.shows(7) == "n=0 heard=top=0+?" + buttons);
        CHECK(s.shows(8) == "n=0 heard=top=0+?" + buttons);
        CHECK(s.shows(9) == "n=0 heard=top=0+?" + buttons);
    }
}

TEST_CASE("each conversation of a golden store continues and is stored again") {
    for (const auto& kind : kinds) {
        CAPTURE(kind.name);
        const copy stores;
        {
            site s(stores, kind);
            CHECK(s.me.send(id(1), "inc").result == status::ok);
            CHECK(s.me.send(id(2), "inc").result == status::ok);
            CHECK(s.me.send(id(3), "grow").result == status::ok);
            CHECK(s.me.send(id(4), "yes").result == status::ok);
            CHECK(s.me.send(id(5), "cancel", 3).result == status::ok);
            CHECK(s.me.back(id(6)).result == status::ok);
            CHECK(s.me.send(id(7), "ask").result == status::ok);
            s.pass(std::chrono::hours(2));
            s.map.publish("news", R"(["hello"])");
            s.me.thread.run_all();
        }
        site s(stores, kind);
        CHECK(s.summary.loaded == 9);
        CHECK(s.shows(1).ends_with("n=1+"));
        CHECK(s.shows(2).ends_with("n=2+"));
        CHECK(s.shows(3).find("row 4=0") != std::string::npos);
        CHECK(s.shows(4).find("n=100 ") == 0);
        CHECK(s.shows(5) == "n=0 heard=top=0+?" + buttons);
        CHECK(s.shows(6) == "Go on?YesNo");
        CHECK(s.shows(7) == "Go on?YesNo");
        CHECK(s.shows(8).find("n=0 heard=rang") == 0);
        CHECK(s.shows(9).find("n=0 heard=hello") == 0);
    }
}

TEST_CASE("a check of a golden store changes nothing and finds that every conversation fits") {
    for (const auto& kind : kinds) {
        CAPTURE(kind.name);
        const copy stores;
        const auto from = stores.open_to_read(kind);
        const auto found = check_store(*from, {written});
        CHECK(found.all_can_continue());
        CHECK(found.not_kept == 1);
        CHECK(found.as_they_are + found.migrated == 9);
        CHECK_FALSE(fs::exists(stores.place(kind).string() + ".format-1.backup"));
    }
}

TEST_CASE("a database of an older format is kept as a backup for the older release") {
    const copy stores;
    const auto number_of = [](const fs::path& file) {
        return storage::sqlite_connection(file, storage::sqlite_connection::access::reads)
            .number("PRAGMA user_version");
    };
    stores.open(kinds[0])->load_all([](stube::storage::record&&) {});
    CHECK(number_of(stores.place(kinds[0])) == 2);
    CHECK(number_of(stores.place(kinds[0]).string() + ".format-1.backup") == 1);
}
