#include "http/fixture.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace testing {

namespace {

class disk_store final : public store {
public:
    explicit disk_store(std::shared_ptr<disk> where) : disk_(std::move(where)) {}

    load_report load_all(const std::function<void(record&&)>& each) override {
        std::lock_guard lock(disk_->mutex);
        load_report report;
        for (const auto& [id, stored] : disk_->records) {
            each(record(stored));
            ++report.loaded;
        }
        return report;
    }

    void save(std::span<const change> batch) override {
        std::lock_guard lock(disk_->mutex);
        if (disk_->now == disk::condition::refusing) throw store_refused("the disk is full");
        if (disk_->now == disk::condition::failed) throw store_unknown("the sync failed");
        for (const auto& each : batch) {
            if (each.kind == change_kind::remove) {
                disk_->records.erase(each.id);
            } else {
                disk_->records[each.id] = {each.id, each.revision, each.status, each.written};
            }
        }
    }

private:
    std::shared_ptr<disk> disk_;
};

std::string between(std::string_view text, std::string_view before, std::string_view after) {
    const auto at = text.find(before);
    if (at == text.npos)
        throw std::runtime_error("no " + std::string(before) + " in: " + std::string(text));
    const auto from = at + before.size();
    return std::string(text.substr(from, text.find(after, from) - from));
}

}  // namespace

std::unique_ptr<store> store_on(std::shared_ptr<disk> where) {
    return std::make_unique<disk_store>(std::move(where));
}

std::shared_ptr<spdlog::logger> quiet() {
    return std::make_shared<spdlog::logger>(
        "quiet",
        std::make_shared<spdlog::sinks::null_sink_mt>()
    );
}

server_options on_any_port(server_options options) {
    options.port = 0;
    if (options.threads == 0) options.threads = 2;
    if (options.hosts.empty()) options.hosts = {"*"};
    if (!options.conversations.logger) options.conversations.logger = quiet();
    return options;
}

scratch_folder::scratch_folder() {
    auto name = (std::filesystem::temp_directory_path() / "stube-http-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no folder");
    path_ = name;
}

scratch_folder::~scratch_folder() {
    std::filesystem::remove_all(path_);
}

std::string scratch_folder::content() const {
    std::string out;
    for (const auto& each : std::filesystem::recursive_directory_iterator(path_)) {
        if (!each.is_regular_file()) continue;
        std::ifstream file(each.path(), std::ios::binary);
        out.append(std::istreambuf_iterator<char>(file), {});
    }
    return out;
}

served::served(server_options options, std::unique_ptr<store> storage)
    : running(make_site(), on_any_port(std::move(options)), std::move(storage)) {
    running.start_threads();
}

app served::make_site() {
    app site;
    site.mount<tally>("/t", {.title = "Tally & <co>"});
    site.mount<visitor>("/who");
    site.mount<broken>("/broken");
    site.mount<note>("/note");
    site.mount<wait_flow>("/flow");
    site.mount<asking_flow>("/asking");
    site.page("/about", {.title = "About"}, html::p("About this"));
    site.asset("/app.css", "text/css; charset=utf-8", "p { color: red }");
    site.principal([](const request_info& from) {
        if (from.header("x-fail") == "yes") throw std::runtime_error("secret reason");
        if (from.header("x-fail") == "oddly") throw 1;
        return std::string(
            from.header("x-user").empty() ? from.cookie("user") : from.header("x-user")
        );
    });
    site.mount<chapter>("/chapter", [](const request_info& from) {
        if (from.query("page") == "secret") throw std::runtime_error("secret reason");
        if (from.query("page") == "odd") throw 1;
        return chapter{.page = std::stoi(from.query("page").value_or("1"))};
    });
    site.mount<visitor>("/mine", {.login = "/login"});
    site.mount<appendix>("/login");
    site.behavior("test/draw", "export default {};");
    site.post("/login", [](const request_info& from) -> redirect {
        const auto name = from.form("name").value_or("");
        if (name.empty()) throw std::invalid_argument("no name");
        if (name == "broken") throw std::runtime_error("secret reason");
        if (name == "odd") throw 1;
        return {
            from.form("next").value_or("/mine"),
            {{"user", name, 60s}, {"seen", "yes"}, {"old", "", 0s}}
        };
    });
    site.post("/forget", [](const request_info&) -> redirect { return {"/a?b=c"}; });
    return site;
}

std::string
opened::post(std::string_view instance_and_member, std::string_view body, std::uint64_t id) const {
    return change("event/" + conversation + "/" + std::string(instance_and_member), body, id);
}

std::string opened::back(std::string_view body, std::uint64_t id) const {
    return change("back/" + conversation, body, id);
}

std::string opened::change(const std::string& path, std::string_view body, std::uint64_t id) const {
    // Each event is from a page of its own, since several clients may send at once.
    static std::atomic<std::uint64_t> last_page = 0x1000;
    char event_id[17];
    std::snprintf(
        event_id,
        sizeof event_id,
        "%016llx",
        static_cast<unsigned long long>(id ? id : (++last_page << 24) + 1)
    );
    return "POST /stube/" + path +
           " HTTP/1.1\r\nHost: a.test\r\nContent-Type: "
           "application/x-www-form-urlencoded;charset=UTF-8\r\n"
           "Stube-Event-Id: " +
           event_id + "\r\nCookie: " + cookie +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string opened::stream(std::string_view headers) const {
    return get(
        "/stube/stream/" + conversation + "?rev=" + revision,
        "Cookie: " + cookie + "\r\n" + std::string(headers)
    );
}

opened read_page(response page, std::string_view cookie) {
    opened out;
    out.cookie = cookie.empty() ? between(page.head, "Set-Cookie: ", ";") : std::string(cookie);
    out.conversation = between(page.body, "data-conversation=\"", "\"");
    out.revision = between(page.body, "?rev=", "\"");
    out.page = std::move(page);
    return out;
}

opened open_page(std::uint16_t port, std::string_view path, std::string_view cookie) {
    client c(port);
    const auto headers = cookie.empty() ? std::string() : "Cookie: " + std::string(cookie) + "\r\n";
    return read_page(c.ask(get(path, headers)), cookie);
}

void send_slow(client& on, const opened& page) {
    const int before = tally::slow_begun;
    on.send(page.post("1/slow"));
    while (tally::slow_begun == before)
        std::this_thread::sleep_for(1ms);
}

void attach(client& on, const opened& page, std::string_view headers) {
    on.send(page.stream(headers));
    const auto head = on.read_head();
    if (head.status != 200) throw std::runtime_error("no stream: " + head.head);
    on.read_until("event: stube-beat\n\n\r\n");
}

}  // namespace testing
