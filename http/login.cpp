#include "runtime/live/mutex.hpp"

#include <stube/http/login.hpp>
#include <stube/runtime/random_id.hpp>

#include <algorithm>
#include <list>
#include <stdexcept>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace stube {

class login_sessions::impl {
public:
    explicit impl(login_options options) : options_(std::move(options)) {
        if (!options_.clock) options_.clock = std::chrono::steady_clock::now;
    }

    cookie begin(principal user) {
        if (user.is_anonymous()) throw std::invalid_argument("stube: a login needs a name");
        std::string token = random_id();
        const auto now = options_.clock();
        const live::mutex_lock lock(mutex_);
        const auto full = std::max<std::size_t>(options_.max_logins, 1);
        while (!logins_.empty() && (logins_.front().ends <= now || logins_.size() >= full))
            erase(logins_.begin());
        logins_.push_back({token, std::move(user), now + options_.lifetime});
        // The key is a view of the list's element, which does not move.
        const auto last = std::prev(logins_.end());
        by_token_.emplace(last->token, last);
        return {options_.cookie, std::move(token), options_.lifetime};
    }

    principal user_of(const request_info& from) const {
        const auto token = from.cookie(options_.cookie);
        if (token.empty()) return {};
        const auto now = options_.clock();
        const live::mutex_lock lock(mutex_);
        const auto found = by_token_.find(token);
        return found == by_token_.end() || found->second->ends <= now ? principal()
                                                                      : found->second->user;
    }

    cookie end(const request_info& from) {
        const live::mutex_lock lock(mutex_);
        const auto found = by_token_.find(from.cookie(options_.cookie));
        if (found != by_token_.end()) erase(found->second);
        return {options_.cookie, {}, std::chrono::seconds(0)};
    }

    void end_all(const std::string& user) {
        const live::mutex_lock lock(mutex_);
        for (auto at = logins_.begin(); at != logins_.end();) {
            const auto each = at++;
            if (each->user.name == user) erase(each);
        }
    }

private:
    struct login {
        std::string token;
        principal user;
        std::chrono::steady_clock::time_point ends;
    };

    using login_position = std::list<login>::iterator;

    void erase(login_position position) STUBE_REQUIRES(mutex_) {
        by_token_.erase(position->token);
        logins_.erase(position);
    }

    login_options options_;
    mutable live::mutex mutex_;
    // Oldest first; all have the same lifetime.
    std::list<login> logins_ STUBE_GUARDED_BY(mutex_);
    std::unordered_map<std::string_view, login_position> by_token_ STUBE_GUARDED_BY(mutex_);
};

login_sessions::login_sessions(login_options options)
    : impl_(std::make_unique<impl>(std::move(options))) {}

login_sessions::~login_sessions() = default;

cookie login_sessions::begin(principal user) {
    return impl_->begin(std::move(user));
}

principal login_sessions::user_of(const request_info& from) const {
    return impl_->user_of(from);
}

cookie login_sessions::end(const request_info& from) {
    return impl_->end(from);
}

void login_sessions::end_all(const std::string& user) {
    impl_->end_all(user);
}

}  // namespace stube
