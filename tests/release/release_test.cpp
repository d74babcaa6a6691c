#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

// The output of program.cpp about a store, compiled as one release and as the next.
namespace {

namespace fs = std::filesystem;

struct said {
    int exit_code = 0;
    std::string text;
};

said run(const std::string& command) {
    said out;
    auto* pipe = popen((command + " 2>/dev/null").c_str(), "r");
    if (!pipe) throw std::runtime_error("cannot run " + command);
    std::array<char, 4096> piece;
    while (const auto length = std::fread(piece.data(), 1, piece.size(), pipe))
        out.text.append(piece.data(), length);
    const auto status = pclose(pipe);
    out.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

/// The output about one conversation.
struct fate {
    std::string opened;
    std::string touched;
    std::string text;
};

std::map<std::string, fate> use(const char* release, const std::string& store, int every) {
    const auto all = run(std::string(release) + " use " + store + " " + std::to_string(every));
    REQUIRE(all.exit_code == 0);
    std::map<std::string, fate> out;
    std::istringstream lines(all.text);
    for (std::string id, line; lines >> id;) {
        auto& one = out[id];
        lines >> one.opened >> one.touched;
        std::getline(lines, one.text);
    }
    return out;
}

bool is_order(const fate& one) {
    return one.text.find("till") == std::string::npos;
}

/// A folder that is removed with this object.
class scratch {
public:
    scratch() {
        std::string name = (fs::temp_directory_path() / "stube-release-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no folder");
        path_ = name;
    }

    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    ~scratch() { fs::remove_all(path_); }

    const fs::path& path() const { return path_; }

    std::string store(std::string_view kind) const {
        return std::string(kind) + ":" + (path_ / "store").string();
    }

private:
    fs::path path_;
};

/// The content of each file in a folder, except the index that readers of a log share.
std::map<std::string, std::string> bytes_of(const fs::path& folder) {
    std::map<std::string, std::string> out;
    for (const auto& each : fs::recursive_directory_iterator(folder)) {
        if (!each.is_regular_file() || each.path().string().ends_with("-shm")) continue;
        std::ifstream file(each.path(), std::ios::binary);
        out[each.path().string()].assign(std::istreambuf_iterator<char>(file), {});
    }
    return out;
}

constexpr int count = 48;  // eight of each of the six kinds

/// Goes to the next release and back, on one kind of store.
void roll_out_and_back(std::string_view kind) {
    const scratch folder;
    const auto store = folder.store(kind);
    REQUIRE(run(RELEASE_1 " write " + store + " " + std::to_string(count)).exit_code == 0);

    const auto before = run(RELEASE_2 " check " + store);
    CHECK(before.exit_code == 0);
    CHECK(before.text.find("as_they_are=8 migrated=40 not_kept=0") != std::string::npos);

    // Every second conversation gets an event from the new release. The others are only opened.
    const auto on_second = use(RELEASE_2, store, 2);
    CHECK(on_second.size() == count);
    for (const auto& [id, one] : on_second) {
        CAPTURE(one.text);
        CHECK(one.opened == "ok");
        CHECK((one.touched == "ok" || one.touched == "untouched"));
        const bool is_as_before = one.text.find("till 1") != std::string::npos ||
                                  one.text.find("Ada 120 none large") != std::string::npos ||
                                  one.text.find("Sure?") != std::string::npos;
        CHECK(is_as_before);
    }

    const auto after = run(RELEASE_1 " check " + store);
    CHECK(after.exit_code == 1);
    CHECK(after.text.find("NEWER") != std::string::npos);

    for (int time = 0; time < 2; ++time) {  // also after the first release has written to the store
        const auto on_first = use(RELEASE_1, store, 2);
        CHECK(on_first.size() == count);
        for (const auto& [id, one] : on_first) {
            const auto& earlier = on_second.at(id);
            CAPTURE(earlier.text);
            const bool is_newer = is_order(earlier) && earlier.touched == "ok";
            CHECK(one.opened == (is_newer ? "other_release" : "ok"));
        }
    }

    const auto again = use(RELEASE_2, store, 1000);
    CHECK(std::ranges::all_of(again, [](const auto& each) { return each.second.opened == "ok"; }));
}

}  // namespace

TEST_CASE("a check changes nothing and works while another process owns the store") {
    for (const auto* kind : {"sqlite", "file"}) {
        CAPTURE(std::string(kind));
        const scratch folder;
        const auto name = folder.store(kind);
        REQUIRE(run(RELEASE_1 " write " + name + " 12").exit_code == 0);
        const auto owner = name.starts_with("file") ? stube::file_store(folder.path() / "store")
                                                    : stube::sqlite_store(folder.path() / "store");
        const auto before = bytes_of(folder.path());

        const auto found = run(RELEASE_2 " check " + name);

        CHECK(found.exit_code == 0);
        CHECK(found.text.find("as_they_are=2 migrated=10") != std::string::npos);
        CHECK(bytes_of(folder.path()) == before);
    }
}

TEST_CASE("all conversations continue in the next release and a rollback refuses changed ones") {
    for (const auto* kind : {"sqlite", "file"}) {
        CAPTURE(std::string(kind));
        roll_out_and_back(kind);
    }
}
