#include "store/checksum.hpp"
#include "support.hpp"

#include <fstream>
#include <functional>
#include <sstream>
#include <sys/stat.h>

using namespace store_test;
using stube::store_refused;
using stube::storage::checksum;
using stube::storage::hex;

namespace {

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

void put(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

std::string refusal(const std::function<void()>& run) {
    try {
        run();
    } catch (const store_refused& refused) {
        return refused.what();
    }
    return "not refused";
}

/// The text of a file with a valid checksum. `rest` is everything after the checksum.
std::string file_with(const std::string& rest, int format = 1) {
    return numbered("{\"format\":", format) + ",\"checksum\":\"" +
           hex(checksum(std::to_string(format)) ^ checksum(rest)) + rest;
}

}  // namespace

TEST_CASE("a conversation is one readable file") {
    file_place place;
    auto kept = open_and_load(place);
    save(
        *kept,
        {creating("a", 3, {{"head", R"({"n":1})"}, {"i1", "[ ]"}}),
         creating("b", 1, {}, record_status::tombstone)}
    );

    CHECK(
        text_of(place.path() / "a.json") ==
        file_with("\",\"id\":\"a\",\"revision\":3,\"saved\":1,\"status\":\"kept\","
                  "\"sizes\":{\"head\":7,\"i1\":3},\"parts\":{\n"
                  "\"head\":{\"n\":1},\n\"i1\":[ ]\n}}\n")
    );
    CHECK(
        text_of(place.path() / "b.json") ==
        file_with("\",\"id\":\"b\",\"revision\":1,\"saved\":1,\"status\":\"not_kept\","
                  "\"sizes\":{},\"parts\":{\n}}\n")
    );
    save(*kept, {removing("a")});
    CHECK_FALSE(fs::exists(place.path() / "a.json"));
}

TEST_CASE("bodies are found by their sizes whatever they contain") {
    file_place place;
    contents expected;
    std::vector<change> batch{
        creating("a", 1, {{"head", "1,\n\"i1\":2"}, {"i1", ""}, {"i2", "\n}}\n"}}),
        creating("b", 1, {{"head", std::string("\0\"", 2)}, {"i1", " 1 "}})
    };
    for (const auto& change : batch)
        apply_change(expected, change);

    save(*open_and_load(place), batch);

    CHECK(stored_in(place) == expected);
}

TEST_CASE("only the owner can read the folder and its files") {
    file_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});

    CHECK(mode_of(place.path()) == 0700);
    CHECK(mode_of(place.path() / "a.json") == 0600);
    CHECK(mode_of(place.path() / "lock") == 0600);
    CHECK(mode_of(place.path() / ".mark") == 0600);
}

TEST_CASE("unreadable files are quarantined and block no other conversation") {
    struct row {
        std::string name;
        std::string text;
    };
    const std::string from_id = R"(","id":"bad","revision":1,"saved":1,"status":)";
    const std::string start = from_id + R"("kept","sizes":{)";
    const std::string sound = start + "\"head\":1},\"parts\":{\n\"head\":1\n}}\n";
    const row rows[] = {
        {"empty", ""},
        {"not an object", "[1]"},
        {"without a checksum", R"({"format":1,"id":"bad","revision":1,"status":"kept"})"},
        {"a digit of the format", "{\"format\":2" + file_with(sound).substr(11)},
        {"a digit of the checksum", file_with(sound + " ").substr(0, 44) + sound},
        {"format 0", file_with(sound, 0)},
        {"another id", file_with(R"(","id":"good","revision":1,"saved":1,"status":"kept",)")},
        {"text after the end", file_with(sound + " ")},
        {"unknown status", file_with(from_id + R"("?","sizes":{},"parts":{)")},
        {"no parts", file_with(start)},
        {"a size too large", file_with(start + "\"head\":99},\"parts\":{\n\"head\":1\n}}\n")},
        {"a size too small", file_with(start + "\"head\":0},\"parts\":{\n\"head\":1\n}}\n")},
        {"another name", file_with(start + "\"head\":1},\"parts\":{\n\"hedd\":1\n}}\n")},
        {"negative revision", file_with(R"(","id":"bad","revision":-1,"saved":1)")},
    };

    for (const auto& row : rows) {
        CAPTURE(row.name);
        file_place place;
        save(*open_and_load(place), {creating("good", 1, {{"head", "1"}})});
        put(place.path() / "bad.json", row.text);

        auto kept = place.open();
        std::vector<std::string> ids;
        auto report = kept->load_all([&](record&& loaded) { ids.push_back(loaded.id); });

        CHECK(report.loaded == 1);
        CHECK((ids == std::vector<std::string>{"good"}));
        REQUIRE(report.quarantined.size() == 1);
        CHECK(report.quarantined[0].id == "bad");
        CHECK_FALSE(report.quarantined[0].why.empty());
        CHECK(
            report.quarantined[0].where ==
            (fs::canonical(place.path()) / "quarantine/bad.json").string()
        );
        CHECK(text_of(report.quarantined[0].where) == row.text);
        CHECK_NOTHROW(save(*kept, {creating("bad", 1, {{"head", "1"}})}));
        kept.reset();
        CHECK(stored_in(place).size() == 2);
    }
}

TEST_CASE("files without the name of a conversation are ignored") {
    file_place place;
    save(*open_and_load(place), {creating("good", 1, {{"head", "1"}})});
    for (const char* name : {"no id.json", "export.2026.json", "notes.txt"})
        put(place.path() / name, "mine");

    auto report = place.open()->load_all([](record&&) {});

    CHECK(report.loaded == 1);
    CHECK(report.quarantined.empty());
    for (const char* name : {"no id.json", "export.2026.json", "notes.txt"})
        CHECK(text_of(place.path() / name) == "mine");
}

TEST_CASE("anything but a regular file of at most 64 MiB is quarantined") {
    file_place place;
    save(*open_and_load(place), {creating("good", 1, {{"head", "1"}})});
    fs::create_directory(place.path() / "folder.json");
    fs::create_symlink("good.json", place.path() / "link.json");
    REQUIRE(::mkfifo((place.path() / "pipe.json").c_str(), 0600) == 0);
    put(place.path() / "huge.json", "");
    fs::resize_file(place.path() / "huge.json", (64u << 20) + 1);

    auto report = place.open()->load_all([](record&&) {});

    CHECK(report.loaded == 1);
    CHECK(report.quarantined.size() == 4);
    for (const char* name : {"folder.json", "link.json", "pipe.json", "huge.json"}) {
        CAPTURE(name);
        CHECK(fs::exists(fs::symlink_status(place.path() / "quarantine" / name)));
        CHECK_FALSE(fs::exists(fs::symlink_status(place.path() / name)));
    }
}

TEST_CASE("a second bad file of the same name does not replace the first") {
    file_place place;
    open_and_load(place);
    for (const char* text : {"first", "second", "third"}) {
        put(place.path() / "bad.json", text);
        place.open()->load_all([](record&&) {});
    }

    CHECK(text_of(place.path() / "quarantine/bad.json") == "first");
    CHECK(text_of(place.path() / "quarantine/bad.json.1") == "second");
    CHECK(text_of(place.path() / "quarantine/bad.json.2") == "third");
}

TEST_CASE("unfinished files are removed and foreign files are ignored") {
    file_place place;
    open_and_load(place);
    put(place.path() / "a.tmp", "{\"format\":1,");
    put(place.path() / "README", "mine");
    put(place.path() / "no id.tmp", "mine");

    CHECK(stored_in(place).empty());
    CHECK_FALSE(fs::exists(place.path() / "a.tmp"));
    CHECK(fs::exists(place.path() / "README"));
    CHECK(fs::exists(place.path() / "no id.tmp"));
}

TEST_CASE("a file of a newer release is refused and left where it is") {
    file_place place;
    save(*open_and_load(place), {creating("a", 1, {{"head", "1"}})});
    put(place.path() / "b.json", file_with("\",\"something\":\"new\"}", 2));

    std::string text = refusal([&] { place.open()->load_all([](record&&) {}); });

    CAPTURE(text);
    CHECK(text.find("b.json") != std::string::npos);
    CHECK(text.find("newer release") != std::string::npos);
    CHECK(fs::exists(place.path() / "b.json"));
}

TEST_CASE("an unusable folder is refused with a clear message") {
    temporary_folder folder;
    put(folder.path() / "file", "text");
    struct row {
        fs::path path;
        const char* text;
    };
    const row rows[] = {
        {"", "it has no name"},
        {folder.path() / "file", "is not a folder"},
        {folder.path() / "file/kept", "is not a folder"},
        {folder.path() / "missing/kept", "does not exist"},
        {"/proc/kept", "cannot make the folder"},
        {"/proc/self", "cannot open"},
    };

    for (const auto& row : rows) {
        CAPTURE(row.path);
        std::string text = refusal([&] { stube::file_store(row.path)->load_all([](record&&) {}); });
        CAPTURE(text);
        CHECK(text.find(row.text) != std::string::npos);
    }
}

TEST_CASE("a file store accepts whole conversations only") {
    file_place place;
    auto kept = open_and_load(place);

    CHECK_FALSE(kept->saves_parts());
    CHECK_THROWS_AS(save(*kept, {updating("a", 1, {{"head", "1"}})}), store_refused);
}

TEST_CASE("a conversation too large to load again is refused") {
    file_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("a", 1, {{"head", "1"}})});

    std::string body = '"' + std::string(64u << 20, 'x') + '"';
    CHECK_THROWS_AS(save(*kept, {replacing("a", 2, {{"head", body}})}), store_refused);
    kept.reset();

    contents expected;
    apply_change(expected, creating("a", 1, {{"head", "1"}}));
    CHECK(stored_in(place) == expected);
}

TEST_CASE("a failed rename refuses the batch at its first file and stops the store at a later one"
) {
    file_place place;
    auto kept = open_and_load(place);
    save(*kept, {creating("a", 1, {{"head", "1"}})});
    fs::create_directories(
        place.path() / "b.json/inside"
    );  // a rename onto it fails, even for root

    CHECK_THROWS_AS(save(*kept, {creating("b", 1, {{"head", "1"}})}), store_refused);
    CHECK_FALSE(fs::exists(place.path() / "b.tmp"));
    CHECK_NOTHROW(save(*kept, {replacing("a", 2, {{"head", "2"}})}));
    CHECK_THROWS_AS(
        save(*kept, {replacing("a", 3, {{"head", "3"}}), creating("b", 1, {{"head", "1"}})}),
        stube::store_unknown
    );
    CHECK_THROWS_AS(save(*kept, {replacing("a", 4, {{"head", "4"}})}), stube::store_unknown);
}
