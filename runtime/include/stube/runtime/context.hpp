#pragma once

#include <boost/json/fwd.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>

namespace stube {

struct conversation;

using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// What surrounds a conversation while one of its members runs. A handler that needs it takes
/// `context&` as its first parameter. Never stored; valid only during the call.
///
///     void borrow(context& c) { c.app<library>().lend(title, c.principal(), c.now()); }
class context {
public:
    context(
        std::string_view conversation_id,
        std::string_view principal,
        time_point now,
        void* app,
        const std::type_info* app_type,
        const conversation* stood = nullptr,
        bool can_go_back = false
    )
        : conversation_id_(conversation_id),
          principal_(principal),
          now_(now),
          app_(app),
          app_type_(app_type),
          stood_(stood),
          can_go_back_(can_go_back) {}

    std::string_view conversation_id() const { return conversation_id_; }

    /// Who the user is, as the application's principal hook said when the conversation began.
    std::string_view principal() const { return principal_; }

    /// The time of this event: the same however often it is asked.
    time_point now() const { return now_; }

    /// False if `back()` would lead nowhere: at the beginning, and when a flow has gone on, which
    /// cannot be taken back. For `render()`:
    ///
    ///     markup render(const context& c) const {
    ///         return div(when(c.can_go_back(), button(on<"click", &ask_size::previous>, "Back")));
    ///     }
    bool can_go_back() const { return can_go_back_; }

    /// The application's own object, as given to `app::provide`. Shared by all conversations and
    /// threads: its type answers for locking. Throws std::logic_error if there is none or it has
    /// another type.
    template <class App>
    App& app() const {
        if (!app_ || *app_type_ != typeid(App)) {
            throw std::logic_error("stube: no application object of this type was provided");
        }
        return *static_cast<App*>(app_);
    }

    /// The whole conversation as a value, as it stood before this event; see
    /// <stube/runtime/snapshot.hpp>. For handlers: throws std::logic_error in `start()` of the
    /// component that the conversation begins with, in `stop()` and in `render()`.
    boost::json::value snapshot() const;

private:
    std::string_view conversation_id_;
    std::string_view principal_;
    time_point now_;
    void* app_;
    const std::type_info* app_type_;
    const conversation* stood_;
    bool can_go_back_;
};

}  // namespace stube
