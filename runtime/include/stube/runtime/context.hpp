#pragma once

#include <stube/runtime/app_objects.hpp>
#include <stube/runtime/principal.hpp>
#include <stube/runtime/random_bits.hpp>

#include <boost/json/fwd.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stube {

struct conversation;
class secret_keys;

using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// The environment of a running member. A handler that needs it takes `context&` as its first
/// parameter. A context is never stored and is valid only during the call.
///
///     void borrow(context& c) { c.app<library>().lend(title, c.principal().name, c.now()); }
class context {
public:
    context(
        std::string_view conversation_id,
        const stube::principal& principal,
        const stube::principal& owner,
        time_point now,
        const app_objects* app,
        const conversation* before_event = nullptr,
        bool can_go_back = false,
        const secret_keys* secrets = nullptr,
        random_bits* random = nullptr
    )
        : conversation_id_(conversation_id),
          principal_(principal),
          owner_(owner),
          now_(now),
          app_(app),
          before_event_(before_event),
          can_go_back_(can_go_back),
          secrets_(secrets),
          random_(random) {}

    std::string_view conversation_id() const { return conversation_id_; }

    /// The user whose event is handled, as the application's `app::principal` named the sender of
    /// the request. In `render()`, and where no user has caused the turn (timers, messages, results
    /// of work): the owner.
    const stube::principal& principal() const { return principal_; }

    /// The user whose conversation it is: who began it. Its roles are those of the user's last
    /// event.
    const stube::principal& owner() const { return owner_; }

    /// The time of this event. It does not change while the event is handled.
    time_point now() const { return now_; }

    /// False if `back()` would do nothing: at the beginning of the history, and after a flow has
    /// advanced, because a flow cannot be rewound. For `render()`:
    ///
    ///     markup render(const context& c) const {
    ///         return div(when(c.can_go_back(), button(on<"click", &ask_size::previous>, "Back")));
    ///     }
    bool can_go_back() const { return can_go_back_; }

    /// The application's own object of this type, as given to `app::provide`. All conversations and
    /// threads share the object, so its type must do the locking. Throws std::logic_error if no
    /// object of this type was provided.
    template <class App>
    App& app() const {
        if (auto* found = find_app<App>()) return *found;
        throw std::logic_error("stube: no application object of this type was provided");
    }

    /// The same, or null if no object of this type was provided.
    template <class App>
    App* find_app() const {
        return app_ ? app_->find<App>() : nullptr;
    }

    /// Random numbers for handlers, which a replay repeats:
    ///
    ///     void roll(context& c) { face = std::uniform_int_distribution(1, 6)(c.random()); }
    ///
    /// The distributions of two standard libraries can differ. Not for secrets: the archive
    /// contains the seed. `render()` has none, because its context is const. Throws
    /// std::logic_error if the environment of the kernel has none.
    random_bits& random() {
        if (!random_) throw std::logic_error("stube: this member has no random numbers");
        return *random_;
    }

    /// The whole conversation as a value, as it was before this event. See
    /// <stube/runtime/snapshot.hpp>. For handlers. Throws std::logic_error in the `start()` hooks
    /// with which a conversation begins, in `stop()` and in `render()`, and std::invalid_argument
    /// if the conversation contains a flow.
    boost::json::value snapshot() const;

private:
    std::string_view conversation_id_;
    const stube::principal& principal_;
    const stube::principal& owner_;
    time_point now_;
    const app_objects* app_;
    const conversation* before_event_;
    bool can_go_back_;
    const secret_keys* secrets_;
    random_bits* random_;
};

}  // namespace stube
