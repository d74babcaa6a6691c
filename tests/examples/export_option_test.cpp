// The options of the gallery that read a store, in a process of its own.
#include <stube/store/sqlite_store.hpp>
#include <stube/store/store.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using namespace stube::storage;

/// A new folder, deleted with its content at the end.
class scratch {
public:
    scratch() {
        auto made = (fs::temp_directory_path() / "stube-export-XXXXXX").string();
        if (!mkdtemp(made.data())) throw std::runtime_error("cannot make " + made);
        folder_ = made;
    }

    scratch(const scratch&) = delete;
    scratch& operator=(const scratch&) = delete;

    ~scratch() { fs::remove_all(folder_); }

    std::string file(const std::string& name) const { return (folder_ / name).string(); }

private:
    fs::path folder_;
};

struct ended {
    int code = 0;
    std::string text;  ///< its standard output and standard error
};

std::string quoted(const std::string& word) {
    return " '" + word + "'";
}

/// Runs a command of the shell until it ends.
ended run(const std::string& text) {
    const std::string command = "exec 2>&1 </dev/null; " + text;
    std::FILE* output = ::popen(command.c_str(), "r");
    if (!output) throw std::runtime_error("cannot run " + command);
    ended out;
    std::array<char, 512> line{};
    while (std::fgets(line.data(), line.size(), output))
        out.text += line.data();
    const int status = ::pclose(output);
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

/// Runs the gallery. No argument contains an apostrophe.
ended run_gallery(const std::string& arguments) {
    return run(std::string("exec ") + STUBE_GALLERY_PROGRAM + arguments);
}

ended export_to(const std::string& store, const std::string& id, const std::string& file) {
    return run_gallery(" --store" + quoted(store) + " --export" + quoted(id) + quoted(file));
}

/// Makes a database with the conversation "c1", which has the alias "order-4711".
std::string
make_database(const std::string& file, bool with_archive, const std::string& text = "short") {
    const auto made = stube::sqlite_store(file, {.archive = with_archive});
    made->load_all([](record&&) {});
    change first;
    first.id = "c1";
    first.kind = change_kind::create;
    first.revision = 1;
    first.written = {
        {"head", R"({"mount":"/wizard","owner":"a secret"})"},
        {"i1", R"({"text":")" + text + R"("})"}
    };
    archived_commit commit;
    commit.event = R"({"kind":"visit"})";
    commit.about = R"({"revision":1})";
    commit.written = first.written;
    commit.aliases = {"order-4711"};
    first.commit = std::make_shared<const archived_commit>(std::move(commit));
    made->save(std::array{first});
    return "sqlite:" + file;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

std::string content_of(const std::string& file) {
    std::ifstream from(file);
    return {std::istreambuf_iterator<char>(from), {}};
}

}  // namespace

TEST_CASE("the gallery exports a conversation by its id or alias into a new private file") {
    const scratch folder;
    const auto store = make_database(folder.file("db"), true);
    for (const std::string name : {"c1", "order-4711"}) {
        CAPTURE(name);
        const auto file = folder.file(name + ".json");
        const auto ran = export_to(store, name, file);
        CHECK(ran.code == 0);
        CHECK(ran.text.empty());
        const auto exported = content_of(file);
        CHECK(exported.starts_with(R"({"format":1,)"));
        CHECK(contains(exported, R"("id":"c1","mount":"/wizard","aliases":[)"));
        CHECK_FALSE(contains(exported, "a secret"));
        CHECK(
            (fs::status(file).permissions() & fs::perms::mask) ==
            (fs::perms::owner_read | fs::perms::owner_write)
        );
    }
}

TEST_CASE("an export of an unknown conversation fails without a file") {
    const scratch folder;
    const auto store = make_database(folder.file("db"), true);
    const auto file = folder.file("out.json");
    for (const std::string name : {"c2", "not/an id"}) {
        const auto ran = export_to(store, name, file);
        CHECK(ran.code == 1);
        CHECK(ran.text == "gallery: the archive has no conversation " + name + "\n");
        CHECK_FALSE(fs::exists(file));
    }
}

TEST_CASE("an export into an existing file fails and leaves the file unchanged") {
    const scratch folder;
    const auto store = make_database(folder.file("db"), true);
    const auto file = folder.file("out.json");
    std::ofstream(file) << "kept";
    const auto ran = export_to(store, "c1", file);
    CHECK(ran.code == 1);
    CHECK(ran.text == "gallery: " + file + ": File exists\n");
    CHECK(content_of(file) == "kept");
}

TEST_CASE("an export into a folder that does not exist fails") {
    const scratch folder;
    const auto store = make_database(folder.file("db"), true);
    const auto file = folder.file("absent/out.json");
    const auto ran = export_to(store, "c1", file);
    CHECK(ran.code == 1);
    CHECK(ran.text == "gallery: " + file + ": No such file or directory\n");
}

TEST_CASE("an export that is larger than a file may become fails without a file") {
    const scratch folder;
    const auto store = make_database(folder.file("db"), true, std::string(200'000, 'x'));
    const auto file = folder.file("out.json");
    // 128 blocks of 512 bytes: enough for the files of SQLite, which only reads.
    const ended ran =
        run(std::string("ulimit -f 128; trap '' XFSZ; exec ") + STUBE_GALLERY_PROGRAM + " --store" +
            quoted(store) + " --export c1" + quoted(file));
    CHECK(ran.code == 1);
    CHECK(ran.text == "gallery: " + file + ": File too large\n");
    CHECK_FALSE(fs::exists(file));
}

TEST_CASE("an export from a store without an archive fails without a file") {
    const scratch folder;
    const auto file = folder.file("out.json");
    const auto without = export_to(make_database(folder.file("db"), false), "c1", file);
    CHECK(without.code == 1);
    CHECK(
        without.text ==
        "gallery: the store keeps no archive; open it with one to ask for its history\n"
    );
    for (const auto& store : {std::string("memory"), "file:" + folder.file("files")}) {
        const auto ran = export_to(store, "c1", file);
        CHECK(ran.code == 1);
        CHECK(ran.text == "gallery: a history needs --store sqlite:PATH\n");
    }
    CHECK_FALSE(fs::exists(file));
}

TEST_CASE("an export from an absent database fails and does not create the database") {
    const scratch folder;
    const auto ran = export_to("sqlite:" + folder.file("db"), "c1", folder.file("out.json"));
    CHECK(ran.code == 1);
    CHECK(ran.text.starts_with("gallery: "));
    CHECK(contains(ran.text, folder.file("db")));
    CHECK_FALSE(fs::exists(folder.file("db")));
    CHECK_FALSE(fs::exists(folder.file("out.json")));
}

TEST_CASE("the option --export needs an id and a file") {
    for (const std::string given : {" --export", " --export c1"}) {
        const auto ran = run_gallery(given);
        CHECK(ran.code == 1);
        CHECK(ran.text == "gallery: --export takes the id of a conversation and a file\n");
    }
    for (const std::string given : {" --export '' out.json", " --export c1 ''"}) {
        const auto ran = run_gallery(given);
        CHECK(ran.code == 1);
        CHECK(ran.text == "gallery: --export needs a value\n");
    }
}

TEST_CASE("no principal is erased from a store that does not exist") {
    const scratch at;
    for (const auto& store : {"sqlite:" + at.file("missing.db"), "file:" + at.file("missing")}) {
        const auto done = run_gallery(" --erase-principal ada --store" + quoted(store));
        CHECK(done.code == 2);
        CHECK(done.text.find("does not exist") != std::string::npos);
    }
    CHECK(!fs::exists(at.file("missing.db")));
    CHECK(!fs::exists(at.file("missing")));
}

TEST_CASE("two tasks of the command line are refused") {
    const auto done = run_gallery(" --erase-principal ada --check-store sqlite:x");
    CHECK(done.code == 1);
    CHECK(done.text.find("cannot be combined") != std::string::npos);
}
