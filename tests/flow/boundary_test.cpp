#include "flow/live.hpp"
#include "runtime/conversation/decoder.hpp"

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <vector>

using namespace flow_test;

namespace {

flow<std::string> short_flow() {
    co_return co_await call<ask>("Anything?");
}

/// A plain component that calls a flow and shows its answer.
struct host {
    static constexpr std::string_view component = "test/host";

    std::string received;

    effects go() { return call<short_flow>().then<&host::back>(); }

    void back(std::string text) { received = text; }

    markup render() const {
        return html::div(received, html::button(on<"click", &host::go>, "Go"));
    }
};
BOOST_DESCRIBE_STRUCT(host, (), (received, go, back))

/// Records the saved changes. Refuses the next `refusals` saves.
class recording_store final : public store {
public:
    recording_store(std::vector<change>& saved, int& refusals)
        : saved_(saved), refusals_(refusals) {}

    load_report load_all(const std::function<void(record&&)>&) override { return {}; }

    void save(std::span<const change> batch) override {
        if (refusals_ > 0) {
            --refusals_;
            throw store_refused("the disk is full");
        }
        saved_.insert(saved_.end(), batch.begin(), batch.end());
    }

private:
    std::vector<change>& saved_;
    int& refusals_;
};

/// A site with a recording store.
struct fixture {
    fixture() { at.begin(call<host>().release()); }

    reply send(instance_id instance, std::string member, std::string arguments = {}) {
        return at.send(instance, std::move(member), std::move(arguments));
    }

    std::vector<change> saved;
    int refusals = 0;
    site at{std::make_unique<recording_store>(saved, refusals)};
};

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

}  // namespace

TEST_CASE("a conversation with a flow is stored as a tombstone and not saved again") {
    fixture f;
    REQUIRE(f.saved.size() == 1);
    CHECK(f.saved[0].status == record_status::kept);

    auto called = f.send(1, "go");

    REQUIRE(f.saved.size() == 2);
    CHECK(f.saved[1].status == record_status::tombstone);
    CHECK(f.saved[1].kind == change_kind::replace);
    REQUIRE(f.saved[1].written.size() == 1);
    CHECK(f.saved[1].written[0].name == "head");
    CHECK(called.value->stack().size() == 3);

    f.send(99, "say", "[\"stale\"]");
    CHECK(f.saved.size() == 2);
}

TEST_CASE("a conversation is saved whole again after its flow has answered") {
    fixture f;
    f.send(1, "go");

    auto back = f.send(3, "say", "[\"hello\"]");

    CHECK(back.result == status::ok);
    REQUIRE(f.saved.size() == 3);
    CHECK(f.saved[2].status == record_status::kept);
    CHECK(f.saved[2].kind == change_kind::replace);
    // The head, the version of the caller that Back returns to, and the caller.
    REQUIRE(f.saved[2].written.size() == 3);
    CHECK(f.saved[2].written[2].name == "i1");
    CHECK(count(f.saved[2].written[2].body, "hello") == 1);
}

TEST_CASE("the log warns once for each conversation and names the conversation and the flow") {
    fixture f;

    f.send(1, "go");
    f.send(3, "say", "[\"hello\"]");
    f.send(1, "go");

    CHECK(count(f.at.log.str(), "warning") == 1);
    CHECK(count(f.at.log.str(), "conversation=" + f.at.id) == 1);
    CHECK(count(f.at.log.str(), "short_flow") == 1);
}

TEST_CASE("a loaded tombstone contains the owner and the mount of its conversation") {
    fixture f;
    f.send(1, "go");
    record stored{f.at.id, f.saved[1].revision, f.saved[1].status, f.saved[1].written};

    auto mark = decode_tombstone(stored);

    CHECK(mark.owner == "me");
    CHECK(mark.mount == "/");
}

TEST_CASE("a later event saves a conversation whose save at the end of a flow was refused") {
    fixture f;
    f.send(1, "go");

    f.refusals = 1;
    auto back = f.send(3, "say", "[\"hello\"]");

    CHECK(back.result == status::ok);
    CHECK(contains(f.at.page(), "hello"));
    CHECK(count(f.at.log.str(), "the disk is full") == 1);
    CHECK(f.saved.size() == 2);

    CHECK(f.send(1, "go").result == status::ok);
    CHECK(f.send(5, "say", "[\"again\"]").result == status::ok);
    REQUIRE(f.saved.size() == 3);
    CHECK(f.saved[2].status == record_status::kept);
    std::string written;
    for (const auto& each : f.saved[2].written)
        written += each.body;
    CHECK(count(written, "again") == 1);
}

TEST_CASE("a flow whose tombstone cannot be saved does not begin") {
    fixture f;

    f.refusals = 1;
    CHECK(f.send(1, "go").result == status::not_saved);

    CHECK(contains(f.at.page(), "Go"));
    CHECK(f.send(1, "go").result == status::ok);
    CHECK(contains(f.at.page(), "Anything?"));
}

namespace {

/// A folder that is removed with this object.
class folder {
public:
    folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "stube-flow-XXXXXX").string();
        if (!mkdtemp(pattern.data())) throw std::runtime_error("no folder");
        path_ = pattern;
    }

    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    ~folder() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

struct named_store {
    const char* name;
    bool keeps;
    std::function<std::unique_ptr<store>(const std::filesystem::path&)> open;
};

const std::vector<named_store> all_stores{
    {"memory", false, [](const auto&) { return memory_store(); }},
    {"file", true, [](const auto& in) { return file_store(in / "files"); }},
    {"sqlite", true, [](const auto& in) { return sqlite_store(in / "flow.db"); }},
};

}  // namespace

TEST_CASE("a flow runs the same on every store and durable stores log one warning") {
    for (const auto& each : all_stores) {
        CAPTURE(each.name);
        folder where;
        site s(each.open(where.path()));
        s.begin(call<host>().release());

        for (const char* text : {"one", "two"}) {
            s.send("go");
            CHECK(contains(s.page(), "Anything?"));
            CHECK(s.say(text).result == status::ok);
            CHECK(contains(s.page(), text));
        }

        CHECK(count(s.log.str(), "not saved: conversation=" + s.id) == (each.keeps ? 1 : 0));
        CHECK(count(s.log.str(), "short_flow") == (each.keeps ? 1 : 0));
    }
}

TEST_CASE("a restart in the middle of a flow loses the conversation and restores no older state") {
    for (const auto& each : all_stores) {
        if (!each.keeps) continue;
        CAPTURE(each.name);
        folder where;
        std::string id;
        {
            site s(each.open(where.path()));
            s.begin(call<host>().release());
            s.send("go");
            id = s.id;
        }
        site again(each.open(where.path()));
        again.id = id;

        const auto found = again.open();
        CHECK(found.result == status::lost);
        CHECK(found.mount == "/");
        CHECK(again.send(1, "go").result == status::lost);

        again.begin(call<host>().release());
        CHECK(again.id != id);
        CHECK(contains(again.page(), "Go"));
    }
}

TEST_CASE("a restart after the end of a flow keeps the conversation with the flow's answer") {
    for (const auto& each : all_stores) {
        if (!each.keeps) continue;
        CAPTURE(each.name);
        folder where;
        std::string id;
        {
            site s(each.open(where.path()));
            s.begin(call<host>().release());
            s.send("go");
            s.say("hello");
            id = s.id;
        }
        site again(each.open(where.path()));
        again.id = id;
        again.last_event = 100;  // a browser's ids are not used twice

        CHECK(contains(again.page(), "hello"));
        CHECK(again.send("go").result == status::ok);
        CHECK(contains(again.page(), "Anything?"));
    }
}
