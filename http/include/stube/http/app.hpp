#pragma once

#include <stube/http/options.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/store/memory_store.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace stube {

namespace http {
struct request;
class site;
class switchboard;
}  // namespace http

/// What the shell around a page says.
struct page_options {
    std::string title = "stube";
    std::string lang = "en";  ///< of your texts; stube's own few messages are English
    /// Addresses of this server, "/...", without the base path: what lies elsewhere is blocked by
    /// the content security policy of the pages. Read in this order, after stube's own sheet and
    /// those of the components.
    std::vector<std::string> stylesheets = {};
    /// Address of the icon, likewise; stube's own if empty.
    std::string icon = {};
    /// Stands above the page: navigation, a name. Events in it go nowhere.
    markup header = {};
    /// Where visitors sign in, if this page is for those only that `app::principal` knows. Others
    /// are sent there, with the address they wanted as `?next=`. An address of this server, for
    /// pages with a conversation.
    std::string login = {};
};

/// A request, as far as an application sees any. Valid during the call it is passed to.
class request_info {
public:
    explicit request_info(const http::request& from) : from_(from) {}

    std::string_view path() const;  ///< decoded, without the base path

    /// Decoded; nothing if the address has no such value. The first, if it has several.
    std::optional<std::string> query(std::string_view name) const;

    /// Likewise for what a form sent to `app::post`.
    std::optional<std::string> form(std::string_view name) const;

    std::string_view header(std::string_view name) const;  ///< empty if there is none
    std::string_view cookie(std::string_view name) const;  ///< empty if there is none

private:
    const http::request& from_;
};

/// Something for a browser to remember. It is sent back with every request to this server and read
/// with `request_info::cookie`; scripts cannot read it (HttpOnly), links from other sites bring it
/// but their forms do not (SameSite=Lax), and behind TLS it never travels without (Secure).
struct cookie {
    std::string name;   ///< letters, digits, '-' and '_'
    std::string value;  ///< no blanks, quotes, commas, semicolons or backslashes, and ASCII only
    /// Without one until the browser is closed; zero makes it forget the cookie.
    std::optional<std::chrono::seconds> max_age = {};
};

/// What is answered to a form.
struct redirect {
    /// Where the browser goes: an address of this server, which begins with "/" and stands for
    /// itself (the base path is put before it). Anything else is refused (400), so that a value
    /// that came with the request cannot lead visitors elsewhere.
    std::string to;
    std::vector<cookie> cookies = {};
};

/// How long browsers may keep an asset.
enum class caching {
    revalidate,  ///< ask each time whether it has changed
    immutable,   ///< for ever: its address changes when it does
};

/// What a server serves: conversations, pages and files at their paths. A value.
///
/// Paths begin with "/" and are taken as they are; a path that is taken already, or that stube
/// needs for itself ("/stube/...", "/healthz", "/readyz", "/metrics"), throws
/// std::invalid_argument.
class app {
public:
    app();

    /// Visitors of `path` get a conversation with the component C.
    ///
    ///     site.mount<counter>("/counter", {.title = "Counter"});
    template <class C>
    app& mount(std::string path, page_options options = {}) {
        return add_mount(std::move(path), std::move(options), {[](const request_info&) {
                             return call<C>().release();
                         }});
    }

    /// The same with a component that is made from the request, such as from values in its query:
    ///
    ///     site.mount<report>("/report", [](const request_info& from) {
    ///         return report{.page = number_from(from.query("page").value_or("1"))};
    ///     });
    ///
    /// Runs on the server's threads, when a conversation begins: one that the address names (`c`)
    /// and that the visitor may see goes on as it was. If it is over, a new one is made from the
    /// address. std::invalid_argument is answered with 400, other exceptions with 500.
    template <class C, std::invocable<const request_info&> Make>
        requires std::same_as<std::invoke_result_t<Make&, const request_info&>, C>
    app& mount(std::string path, Make make, page_options options = {}) {
        return add_mount(
            std::move(path),
            std::move(options),
            {[make = std::move(make)](const request_info& from) {
                 return call_with<C>(std::make_shared<C>(make(from)));
             },
             true}
        );
    }

    /// Visitors of `path` get a conversation with the flow (a coroutine; see
    /// <stube/flow/flow.hpp>).
    template <auto Flow>
    app& mount(std::string path, page_options options = {}) {
        return add_mount(std::move(path), std::move(options), {[](const request_info&) {
                             return stube::call<Flow>().release();
                         }});
    }

    /// Visitors of `path` get a conversation that goes on from a snapshot (see
    /// <stube/runtime/snapshot.hpp>), which stays as it is: each visitor gets one of their own.
    ///
    ///     site.restore("/rules/saved", [](const request_info&) { return read("rules.json"); });
    ///
    /// Runs on the server's threads. std::invalid_argument is answered with 400; other exceptions,
    /// also those of a snapshot that cannot be read, with 500.
    app& restore(
        std::string path,
        std::function<boost::json::value(const request_info&)> from,
        page_options options = {}
    );

    /// A page without a conversation, in the same shell. Events in it go nowhere.
    app& page(std::string path, page_options options, markup content);

    /// The shell of pages that say what went wrong, such as that there is nothing at an address or
    /// that a conversation has ended. stube's own until this is called.
    app& error_pages(page_options options);

    /// A file from memory. `mime` as in Content-Type: "text/css; charset=utf-8".
    app&
    asset(std::string path, std::string mime, std::string body, caching how = caching::revalidate);

    /// An ES module under a name, for elements with `behavior(name)`; see
    /// <stube/runtime/behavior.hpp> for what it exports. It is served at
    /// "/stube/behaviors/<name>.js" and browsers ask each time whether it has changed: the address
    /// is a plain one so that modules can import each other ("./pen.js"). Throws
    /// std::invalid_argument if the name is none or taken.
    app& behavior(std::string_view name, std::string module);

    /// Answers forms that are sent to `path` the way browsers do it without any script:
    /// `form(attr("method", "post"), action("login"), ...)`. It is for what only an answer of HTTP
    /// can do, which is setting a cookie: signing in and out. All else is an event of a component.
    /// A page may stand at the same path.
    ///
    ///     site.post("/login", [&](const request_info& from) -> redirect {
    ///         const auto name = from.form("name").value_or("");
    ///         const auto password = from.form("password").value_or("");
    ///         if (!is_password_of(name, password)) return {"/login?failed"};
    ///         return {"/inbox", {logins.begin(name)}};
    ///     });
    ///
    /// Refused before `answer` sees it: what another site sent (403), what does not say where it
    /// comes from (403; every browser does), bodies that are no form (415). Runs on the server's
    /// threads: while it is busy, the other visitors of its thread wait. std::invalid_argument is
    /// answered with 400, other exceptions with 500.
    app& post(std::string path, std::function<redirect(const request_info&)> answer);

    /// The application's own object, for `context::app<T>()`. It outlives the servers.
    ///
    ///     library books;
    ///     site.provide(books);
    template <class T>
        requires(!std::is_const_v<T>)
    app& provide(T& object) {
        object_ = &object;
        object_type_ = &typeid(T);
        return *this;
    }

    /// Says who the user is; empty for nobody in particular. A conversation keeps the principal
    /// that it began with, and belongs to them and to their browser: it is neither shown to, nor
    /// takes events from, the same browser when somebody else has signed in there, or nobody. Who
    /// signs in again finds it as it was.
    ///
    /// Asked with every request that concerns a conversation, so it must be quick and must go by
    /// what comes with all of them: a cookie (see <stube/http/login.hpp>), or a header that a proxy
    /// sets. Runs on the server's threads; an exception is answered with 500.
    ///
    /// The stream of an open page is one request, asked about when it begins. A page that is left
    /// open when its user signs out elsewhere takes no events from then on, but it shows what it
    /// showed, and what changes there still reaches it, until it connects anew: when it was hidden
    /// and is looked at again, or the connection broke. Where that is too long, end the
    /// conversation.
    ///
    ///     site.principal([](const request_info& from) {
    ///         return std::string(from.header("X-User"));  // set by the proxy
    ///     });
    app& principal(std::function<std::string(const request_info&)> who);

    /// Tells every component that is subscribed to the topic, in all conversations of all running
    /// servers of this app and its copies: what the world outside of the pages has to say.
    ///
    ///     std::thread sensor([&] { site.publish("temperature", measure()); });
    ///
    /// Does not wait for them. Callable from any thread at any time; without a running server
    /// nobody hears it. In a component, `stube::publish` is the word: it waits until the turn is
    /// saved.
    template <class T>
    void publish(std::string_view topic, const T& value) const {
        publish_text(topic, detail::one_argument(value));
    }

    /// Loads the store and serves until SIGINT or SIGTERM, then finishes what is under way; a
    /// second signal ends the process at once. Prints the line `listening on
    /// http://127.0.0.1:8080/` when it accepts. Returns the process's exit code: 0 after a signal;
    /// 1, with one line on stderr, if it cannot begin (port in use, store refused);
    /// `exit_store_down` if the store's state is not known any more: a restart, which reads what is
    /// really there, is then all that helps.
    /// A `port` of 0 is any free one; what is no port is a 1, too.
    ///
    /// A log that cannot be written (a reader that stands still or is gone, a full disk) costs
    /// lines of the log and nothing else. For that, SIGPIPE and SIGXFSZ are ignored unless the
    /// program handles them, and standard streams that were closed when the program began are
    /// /dev/null. If the reader of the log stands still at the end, the process ends a second after
    /// `exit` was called, with the code that this returned.
    int start(int port, std::unique_ptr<store> storage = memory_store());
    int start(server_options options, std::unique_ptr<store> storage = memory_store());

    static constexpr int exit_store_down = 70;

    /// Finds out whether this program can go on with what is stored, without changing anything, and
    /// writes a report for people; see <stube/runtime/check_store.hpp>. `render` is given the
    /// object of `provide`. Returns an exit code for whoever rolls out a release: 0 if all
    /// conversations go on, 1 if some would not, 2 if the store cannot be read.
    int check_store(std::unique_ptr<store> from, std::ostream& report) const;

private:
    friend class http::site;

    /// The start of a conversation: a component or, with `snapshot`, a conversation to continue.
    struct root_maker {
        std::function<effect::call(const request_info&)> component;
        bool reads_request = false;
        std::function<boost::json::value(const request_info&)> snapshot = {};
    };

    struct conversation_at {
        std::string path;
        page_options options;
        root_maker root;
    };

    struct page_at {
        std::string path;
        page_options options;
        markup content;
    };

    struct asset_at {
        std::string path;
        std::string mime;
        std::string body;
        caching how;
    };

    struct post_at {
        std::string path;
        std::function<redirect(const request_info&)> answer;
    };

    template <class C>
    static effect::call call_with(std::shared_ptr<const C> state) {
        static_cast<void>(&detail::known<C>);
        return call_request<C>(type_of<C>(), std::move(state)).release();
    }

    app& add_mount(std::string path, page_options options, root_maker root);
    void take(const std::string& path);
    void publish_text(std::string_view topic, const std::string& message) const;

    std::vector<conversation_at> conversations_;
    std::vector<page_at> pages_;
    page_options error_pages_;
    std::vector<asset_at> assets_;
    std::vector<asset_at> behaviors_;
    std::vector<post_at> posts_;
    std::vector<std::string> taken_;
    std::function<std::string(const request_info&)> principal_;
    void* object_ = nullptr;
    const std::type_info* object_type_ = nullptr;
    std::shared_ptr<http::switchboard> servers_;

    friend class server;
};

}  // namespace stube
