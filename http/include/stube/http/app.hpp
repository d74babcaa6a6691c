#pragma once

#include <stube/http/options.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/markup.hpp>
#include <stube/store/memory_store.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace stube {

namespace http {
struct request;
class site;
}  // namespace http

/// What the shell around a page says.
struct page_options {
    std::string title = "stube";
    std::string lang = "en";
    /// Addresses; one that begins with "/" is one of this server, without the base path.
    std::vector<std::string> stylesheets = {};
    /// Address of the icon, likewise; stube's own if empty.
    std::string icon = {};
    /// Stands above the page: navigation, a name. Events in it go nowhere.
    markup header = {};
};

/// The request with which a conversation begins. Valid during the call it is passed to.
class request_info {
public:
    explicit request_info(const http::request& from) : from_(from) {}

    std::string_view path() const;  ///< decoded, without the base path

    /// Decoded; nothing if the address has no such value. The first, if it has several.
    std::optional<std::string> query(std::string_view name) const;

    std::string_view header(std::string_view name) const;  ///< empty if there is none
    std::string_view cookie(std::string_view name) const;  ///< empty if there is none

private:
    const http::request& from_;
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
    /// Visitors of `path` get a conversation with the component C.
    template <class C>
    app& mount(std::string path, page_options options = {}) {
        return add_mount(std::move(path), std::move(options), [] { return call<C>().release(); });
    }

    /// Visitors of `path` get a conversation with the flow (a coroutine; see
    /// <stube/flow/flow.hpp>).
    template <auto Flow>
    app& mount(std::string path, page_options options = {}) {
        return add_mount(std::move(path), std::move(options), [] {
            return stube::call<Flow>().release();
        });
    }

    /// A page without a conversation, in the same shell. Events in it go nowhere.
    app& page(std::string path, page_options options, markup content);

    /// A file from memory. `mime` as in Content-Type: "text/css; charset=utf-8".
    app&
    asset(std::string path, std::string mime, std::string body, caching how = caching::revalidate);

    /// The application's own object, for `context::app<T>()`. It outlives the servers.
    template <class T>
    app& provide(T& object) {
        object_ = const_cast<std::remove_const_t<T>*>(&object);
        object_type_ = &typeid(T);
        return *this;
    }

    /// Says who the user is, from the request that begins a conversation; it stays so for the
    /// conversation's life. Runs on the server's threads; an exception is answered with 500.
    app& principal(std::function<std::string(const request_info&)> who);

    /// Loads the store and serves until SIGINT or SIGTERM, then finishes what is under way; a
    /// second signal ends the process at once. Prints the line `listening on
    /// http://127.0.0.1:8080/` when it accepts. Returns the process's exit code: 0 after a signal;
    /// 1, with one line on stderr, if it cannot begin (port in use, store refused);
    /// `exit_store_down` if the store's state is not known any more: a restart, which reads what is
    /// really there, is then all that helps.
    int start(std::uint16_t port, std::unique_ptr<store> storage = memory_store());
    int start(server_options options, std::unique_ptr<store> storage = memory_store());

    static constexpr int exit_store_down = 70;

private:
    friend class http::site;

    struct conversation_at {
        std::string path;
        page_options options;
        std::function<effect::call()> root;
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

    app& add_mount(std::string path, page_options options, std::function<effect::call()> root);
    void take(const std::string& path);

    std::vector<conversation_at> conversations_;
    std::vector<page_at> pages_;
    std::vector<asset_at> assets_;
    std::vector<std::string> taken_;
    std::function<std::string(const request_info&)> principal_;
    void* object_ = nullptr;
    const std::type_info* object_type_ = nullptr;

    friend class server;
};

}  // namespace stube
