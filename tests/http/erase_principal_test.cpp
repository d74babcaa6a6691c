#include "http/fixture.hpp"

#include <stube/runtime/conversation_history.hpp>
#include <stube/store/sqlite_store.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>

using namespace testing;

namespace {

struct diary {
    static constexpr std::string_view component = "erase/diary";
    std::string saved;
    field<std::string> text;

    void save() { saved = text.value(); }

    effects finish() { return end(html::p("Closed")); }

    markup render() const {
        using namespace html;
        return form(
            output(saved),
            input(bind<&diary::text>(*this)),
            button(on<"click", &diary::save>, "save"),
            button(on<"click", &diary::finish>, "close")
        );
    }
};
BOOST_DESCRIBE_STRUCT(diary, (), (saved, text, save, finish))

app make_site() {
    app site;
    site.mount<diary>("/diary");
    site.mount<wait_flow>("/flow");
    site.principal([](const request_info& from) { return std::string(from.cookie("user")); });
    return site;
}

/// A folder with a database that a server has served from.
class place {
public:
    std::unique_ptr<store> open() const {
        return sqlite_store(folder.file("conversations.db"), {.archive = true});
    }

    scratch_folder folder;
};

class diary_server {
public:
    explicit diary_server(const place& on) : running(make_site(), on_any_port(), on.open()) {
        running.start_threads();
    }

    /// A page of a user, in a browser of their own.
    opened begin(const std::string& user, const std::string& path = "/diary") const {
        const auto cookie = "user=" + user;
        auto page = read_page(client(running.port()).ask(get(path, "Cookie: " + cookie + "\r\n")));
        page.cookie += "; " + cookie;
        return page;
    }

    void write(const opened& page, const std::string& text) const {
        client c(running.port());
        CHECK(c.ask(page.post("1/save", "i1-text=" + text)).status < 300);
    }

    std::string shown(const opened& page) const {
        client c(running.port());
        return c.ask(get("/diary?c=" + page.conversation, "Cookie: " + page.cookie + "\r\n")).body;
    }

    server running;
};

/// Replaces a text in a file by another one of the same length.
void replace_in(const std::string& path, std::string_view from, std::string_view to) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const auto at = bytes.find(from);
    REQUIRE(at != bytes.npos);
    bytes.replace(at, from.size(), to);
    std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("an erased principal is in no file of the store and other users continue") {
    place where;
    opened of_grace;
    {
        const diary_server on(where);
        const auto of_ada = on.begin("ada.lovelace");
        on.write(of_ada, "seed-1");
        on.write(of_ada, "seed-2");
        const auto ended = on.begin("ada.lovelace");
        on.write(ended, "seed-3");
        CHECK(client(on.running.port()).ask(ended.post("1/finish")).status < 300);
        on.begin("ada.lovelace", "/flow");
        of_grace = on.begin("grace");
        on.write(of_grace, "tea");
    }
    // A name this long does not occur in random ids and hashes by chance.
    for (const char* text : {"ada.lovelace", "seed-1", "seed-2", "seed-3"})
        CHECK(where.folder.holds_text(text));

    std::ostringstream report;
    CHECK(make_site().erase_principal(where.open(), "ada.lovelace", report) == 0);

    CHECK(report.str().find("erased: 2 conversations, 2 archived ones, 6 heads\n") == 0);
    for (const char* text : {"ada.lovelace", "seed-"})
        CHECK_FALSE(where.folder.holds_text(text));
    {
        const diary_server on(where);
        CHECK(on.shown(of_grace).find("tea") != std::string::npos);
        on.write(of_grace, "milk");
        CHECK(on.running.history().event_view(of_grace.conversation).size() == 3);
    }
    std::ostringstream checked;
    CHECK(make_site().check_store(where.open(), checked, check_depth::deep) == 0);
    CHECK(checked.str().find("conversations, 2 archived, 6 heads\n") != std::string::npos);
}

TEST_CASE("a name in the state of another user is reported with exit code 1") {
    place where;
    opened of_grace;
    {
        const diary_server on(where);
        on.begin("ada");
        of_grace = on.begin("grace");
        on.write(of_grace, "ask+ada");
    }
    std::ostringstream report;

    CHECK(make_site().erase_principal(where.open(), "ada", report) == 1);

    CHECK(
        report.str().find(
            "still contains the name: conversation " + of_grace.conversation + " (current state)\n"
        ) != std::string::npos
    );
    CHECK(report.str().ends_with("something is left, and a person must decide\n"));
}

TEST_CASE("a store that is in use or cannot erase is reported with exit code 2") {
    place where;
    const diary_server on(where);
    std::ostringstream in_use;
    CHECK(make_site().erase_principal(where.open(), "ada", in_use) == 2);
    CHECK(in_use.str().find("another server is using it") != std::string::npos);
    std::ostringstream in_memory;
    CHECK(make_site().erase_principal(memory_store(), "ada", in_memory) == 2);
    CHECK(in_memory.str().find("this store cannot erase") != std::string::npos);
}

TEST_CASE("check_store of an app reports a damaged archive with exit code 1") {
    place where;
    {
        const diary_server on(where);
        on.write(on.begin("ada"), "tea");
    }
    std::ostringstream good, bad;
    CHECK(make_site().check_store(where.open(), good, check_depth::deep) == 0);
    replace_in(where.folder.file("conversations.db"), R"("member":"save")", R"("member":"sAve")");
    CHECK(make_site().check_store(where.open(), bad, check_depth::deep) == 1);
    CHECK(bad.str().find("damaged: conversation ") != std::string::npos);
}
