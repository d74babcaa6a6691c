#pragma once

#include <stube/http/options.hpp>
#include <stube/http/page_options.hpp>
#include <stube/http/request_info.hpp>
#include <stube/runtime/access.hpp>
#include <stube/runtime/app_objects.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/principal.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/store/memory_store.hpp>
#include <stube/store/upkeep.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <future>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace stube {

namespace live {
class conversation_history;
enum class status;
}  // namespace live

namespace http {
class server_registry;
class site;
}  // namespace http

/// A cookie for the browser, which sends it back with every request to this server; read it with
/// `request_info::cookie`. Scripts cannot read it (HttpOnly). Links on other sites send it, their
/// forms do not (SameSite=Lax). Behind TLS it is never sent without encryption (Secure).
struct cookie {
    std::string name;   ///< letters, digits, '-' and '_'
    std::string value;  ///< no blanks, quotes, commas, semicolons or backslashes, and ASCII only
    /// Without a value the cookie lasts until the browser is closed; zero deletes the cookie.
    std::optional<std::chrono::seconds> max_age = {};
};

/// The response to a form.
struct redirect {
    /// The address that the browser loads next. It is on this server: it begins with "/", without
    /// the base path, which is put before it. Anything else is answered with 400, so that a value
    /// from the request cannot lead visitors to another site.
    std::string to;
    std::vector<cookie> cookies = {};
};

/// How long browsers may keep an asset.
enum class caching {
    revalidate,  ///< check for a change before each use
    immutable,   ///< for ever; a changed asset must have a new address
};

/// The content of a server: conversations, pages and files at their paths. An app is a value.
///
/// Paths begin with "/" and are compared as they are. A path that is in use already, or reserved
/// for stube ("/stube/...", "/healthz", "/readyz", "/metrics"), throws std::invalid_argument.
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

    /// The same with a component that `make` builds from the request, such as from its query:
    ///
    ///     site.mount<report>("/report", [](const request_info& from) {
    ///         return report{.page = number_from(from.query("page").value_or("1"))};
    ///     });
    ///
    /// The path can have parameters, each a whole segment, which `make` reads with
    /// `request_info::parameter`. A path without parameters takes precedence over "/claims/{id}",
    /// and "/claims/{id}/lines" over "/{list}/{id}/lines". Two paths of which neither takes
    /// precedence throw std::invalid_argument.
    ///
    ///     site.mount<audit>("/audit/{claim}", [](const request_info& from) {
    ///         return audit{.claim = from.parameter("claim").value()};
    ///     });
    ///
    /// `make` runs on the server's threads when a conversation begins. It does not run if the
    /// address names a conversation (`c`) that the visitor may see; that conversation continues. If
    /// the named conversation is over, a new one is made from the address. std::invalid_argument is
    /// answered with 400, other exceptions with 500.
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

    /// Visitors of `path` get a conversation that continues from a snapshot (see
    /// <stube/runtime/snapshot.hpp>). The snapshot does not change: each visitor gets a
    /// conversation of their own.
    ///
    ///     site.restore("/rules/saved", [](const request_info&) { return read("rules.json"); });
    ///
    /// `from` runs on the server's threads. std::invalid_argument is answered with 400; other
    /// exceptions, including those of an unreadable snapshot, with 500.
    app& restore(
        std::string path,
        std::function<boost::json::value(const request_info&)> from,
        page_options options = {}
    );

    /// Visitors of `path` get a conversation that continues the state of another one, as it was at
    /// a head of the archive (see `history`). The other conversation does not change.
    /// `conversation_history::derivations` knows both.
    ///
    ///     site.fork("/claims/copy", [&](const request_info& from) -> storage::fork_origin {
    ///         const auto id = site.history().find_alias(from.query("claim").value_or(""));
    ///         if (!id) throw std::invalid_argument("no such claim");
    ///         return {*id};
    ///     });
    ///
    /// `from` names the conversation and the head, 0 for the newest one. It runs on the server's
    /// threads. std::invalid_argument is answered with 400, and other exceptions with 500. Visitors
    /// can fork their own conversations in the browser that owns them, and others if the rule of
    /// `access` allows it.
    app& fork(
        std::string path,
        std::function<storage::fork_origin(const request_info&)> from,
        page_options options = {}
    );

    /// A page without a conversation, in the same shell. Events in it have no effect.
    app& page(std::string path, page_options options, markup content);

    /// Sets the shell of error pages, such as for an unknown address or a conversation that has
    /// ended. The default is stube's own.
    app& error_pages(page_options options);

    /// A file from memory. `mime` is the Content-Type: "text/css; charset=utf-8".
    app&
    asset(std::string path, std::string mime, std::string body, caching how = caching::revalidate);

    /// An ES module under a name, for elements with `behavior(name)`; see
    /// <stube/runtime/behavior.hpp> for its exports. It is served at "/stube/behaviors/<name>.js".
    /// The address has no hash, so that modules can import each other ("./pen.js"); browsers check
    /// for a change before each use. Throws std::invalid_argument if the name is invalid or in use.
    app& behavior(std::string_view name, std::string module);

    /// Answers HTML forms that a browser posts to `path` without any script:
    /// `form(attr("method", "post"), action("login"), ...)`. Use it only where the HTTP response
    /// must set a cookie: to sign in and out. Use events of components for everything else. A page
    /// may have the same path.
    ///
    ///     site.post("/login", [&](const request_info& from) -> redirect {
    ///         const auto name = from.form("name").value_or("");
    ///         const auto password = from.form("password").value_or("");
    ///         if (!is_password_of(name, password)) return {"/login?failed"};
    ///         return {"/inbox", {logins.begin(name)}};
    ///     });
    ///
    /// A request is refused before `handler` is called if it comes from another site (403), if it
    /// does not contain its origin (403; every browser sends it), or if its body is not a form
    /// (415). `handler` runs on the server's threads; other visitors of the same thread wait for
    /// it. std::invalid_argument is answered with 400, other exceptions with 500.
    app& post(std::string path, std::function<redirect(const request_info&)> handler);

    /// An object of the application, for `context::app<T>()`. It must outlive the servers. An
    /// application can provide several objects, one of each type.
    ///
    ///     library books;
    ///     site.provide(books);
    template <class T>
        requires(!std::is_const_v<T>)
    app& provide(T& object) {
        objects_.add(object);
        return *this;
    }

    /// Sets the keys for `encrypted` values (<stube/runtime/secret.hpp>). The first one encrypts,
    /// all of them decrypt. A program that knows a component with such a value does not start
    /// without a key. Each app has keys of its own.
    ///
    ///     site.secret_keys({{"2026", key_from("/run/secrets/stube-2026")}});
    app& secret_keys(stube::secret_keys keys);

    /// Sets the function that names the user of a request, with the user's roles; it returns an
    /// empty name for an anonymous visitor. A conversation keeps the principal with which it began,
    /// and belongs to this principal in this browser. While somebody else or nobody is signed in
    /// there, the conversation is not shown to the browser and accepts no events from it, unless
    /// `access` allows it. A user who signs in again finds the conversation unchanged.
    ///
    /// `who` is called for every request for a conversation. It must be fast, and must depend only
    /// on data that all of these requests carry: a cookie (see <stube/http/login.hpp>), or a header
    /// that a proxy sets. It runs on the server's threads; an exception is answered with 500.
    ///
    /// The stream of an open page is one request, so `who` is called when the stream begins. If the
    /// user signs out elsewhere, the events of an open page are refused from then on. But the page
    /// keeps its content and receives changes until its stream connects again: when the page was
    /// hidden and is shown again, or after the connection broke. If that is too long, end the
    /// conversation.
    ///
    ///     site.principal([](const request_info& from) {
    ///         return principal(std::string(from.header("X-User")));  // set by the proxy
    ///     });
    app& principal(std::function<stube::principal(const request_info&)> who);

    /// Sets the rule for conversations of other users. Without a rule, a conversation can only be
    /// used in the browser in which it began, by the user who began it. With a rule, its page can
    /// be opened, and its events sent, by everybody whom the rule allows; everybody sees the same
    /// page. A component accepts only events of the users for whom it waits (`waits_for`, see
    /// <stube/runtime/component.hpp>), whatever the rule allows.
    ///
    ///     site.access([](const access_request& wanted) {
    ///         if (wanted.who.name == wanted.owner.name) return !wanted.who.is_anonymous();
    ///         return wanted.waits_for_visitor || wanted.who.has_role("auditor");
    ///     });
    ///
    /// The rule also decides about aliases, searches, histories and forks of `history(user)` and
    /// `fork`. It is called for each request of somebody else than the owner, on the server's
    /// threads, and must be fast. An exception refuses the access.
    app& access(access_rule rule);

    /// Switches the inspector for developers on, for the requests that `may_inspect` allows. With
    /// `?inspect=1` in its address, a page outlines its components, and a panel beside the page
    /// shows the components with their states and sources, the events and the patches. The page can
    /// be shown as it was at any head, and forked from there. The inspector stays on for the
    /// browser until `?inspect=0`. The store must keep an archive.
    ///
    ///     site.inspector([](const request_info& from) {
    ///         return from.header("X-Role") == "developer";  // set by the proxy
    ///     });
    ///
    /// A developer sees the states, events and pages of the conversations of all users, without
    /// their secrets, and can act on them only as `access` allows. So never allow visitors in
    /// production. An exception from `may_inspect` refuses. An open panel follows its conversation
    /// until it is closed. The source of a component is known if the program has debug information
    /// (`-g1` is enough) and the machine has `addr2line`.
    app& inspector(std::function<bool(const request_info&)> may_inspect);

    /// Publishes `value` to every component that is subscribed to the topic, in all conversations
    /// of all running servers of this app and its copies. For news from outside of the pages:
    ///
    ///     std::thread sensor([&] { site.publish("temperature", measure()); });
    ///
    /// Does not wait for the components. Callable from any thread at any time; without a running
    /// server the message is dropped. A component uses `stube::publish` instead, which publishes
    /// when the turn is saved.
    template <class T>
    void publish(std::string_view topic, const T& value) const {
        publish_text(topic, detail::one_argument(value));
    }

    /// The history of the conversations of the running server, which must keep an archive:
    /// `start(port, sqlite_store(path, {.archive = true}))`. A source that uses it includes
    /// <stube/runtime/conversation_history.hpp>. Valid until the server stops. It shows everything
    /// of everybody: do not show it to visitors. Throws std::logic_error unless exactly one server
    /// of this app runs, and `store_refused` if its store keeps no archive.
    live::conversation_history history() const;

    /// The same as the user may see it: the user's own conversations, and those of others that the
    /// rule of `access` allows. Every other conversation appears not to exist.
    live::conversation_history history(stube::principal user) const;

    /// Gives a conversation of the running server an alias, see `stube::write_alias`. The address
    /// of a mount finds the conversation by it: "/claims?c=@order-4711". For
    /// the future and the exceptions see `conversation_map::write_alias`; do not wait on a thread
    /// of the server. Throws std::logic_error unless exactly one server of this app runs.
    std::future<live::status> write_alias(std::string name, std::string_view id) const;

    /// Loads the store and serves until SIGINT or SIGTERM, then finishes the requests in progress.
    /// A second signal ends the process at once. Prints the line `listening on
    /// http://127.0.0.1:8080/` when the server accepts connections. Returns the process's exit
    /// code: 0 after a signal; 1, with one line on stderr, if the server cannot start (invalid
    /// port, port in use, store refused); `exit_store_down` if the state of the store is unknown.
    /// In the last case only a restart helps, because it reads the store again. A `port` of 0 is
    /// any free port.
    ///
    /// If the log cannot be written (its reader is stuck or gone, the disk is full), only log lines
    /// are lost. For this, SIGPIPE and SIGXFSZ are ignored unless the program handles them, and
    /// standard streams that are closed when the program starts are opened on /dev/null. If the
    /// reader of the log is stuck at the end, the process ends a second after `exit` was called,
    /// with the exit code that this function returned.
    int start(int port, std::unique_ptr<store> storage = memory_store());
    int start(server_options options, std::unique_ptr<store> storage = memory_store());

    static constexpr int exit_store_down = 70;

    /// Checks whether this program can continue the stored conversations, and writes a report for
    /// people. Changes nothing; see <stube/runtime/check_store.hpp>. `render` receives the object
    /// of `provide`. `depth` is for the archive, if the store keeps one. Returns an exit code for
    /// the rollout of a release: 0 if all conversations can continue and the archive is intact, 1
    /// if not, 2 if the store cannot be read.
    int check_store(
        std::unique_ptr<store> from,
        std::ostream& report,
        storage::check_depth depth = storage::check_depth::quick
    ) const;

    /// Erases all data of one user from a store that no server uses: every conversation that the
    /// principal `name` began, with its archive, and the archives of other conversations with
    /// events of this principal. Writes a report for people, which names the conversations of other
    /// users and the files that still contain `name`: a person decides about these. See
    /// <stube/runtime/erase_principal.hpp>. Returns an exit code: 0 if nothing of `name` is left, 1
    /// if something is, 2 if the store cannot be erased.
    int
    erase_principal(std::unique_ptr<store> from, std::string_view name, std::ostream& report) const;

private:
    friend class http::site;

    /// The start of a conversation: a component, or the conversation to continue.
    struct root_maker {
        std::function<effect::call(const request_info&)> component;
        bool reads_request = false;
        std::function<boost::json::value(const request_info&)> snapshot = {};
        std::function<storage::fork_origin(const request_info&)> fork = {};
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
        std::function<redirect(const request_info&)> handler;
    };

    template <class C>
    static effect::call call_with(std::shared_ptr<const C> state) {
        static_cast<void>(&detail::known<C>);
        return call_request<C>(type_of<C>(), std::move(state)).release();
    }

    app& add_mount(std::string path, page_options options, root_maker root);
    void take(const std::string& path);
    void take_for_mount(const std::string& path, bool reads_request);
    void publish_text(std::string_view topic, const std::string& message) const;

    std::vector<conversation_at> conversations_;
    std::vector<page_at> pages_;
    page_options error_pages_;
    std::vector<asset_at> assets_;
    std::vector<asset_at> behaviors_;
    std::vector<post_at> posts_;
    std::vector<std::string> taken_;
    std::function<stube::principal(const request_info&)> principal_;
    access_rule access_;
    std::function<bool(const request_info&)> may_inspect_;
    app_objects objects_;
    stube::secret_keys secrets_;
    std::shared_ptr<http::server_registry> servers_;

    friend class server;
};

}  // namespace stube
