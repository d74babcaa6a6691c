// Visitors that put the gallery under load and check each page after it was killed.
#pragma once

#include "browser.hpp"
#include "page.hpp"

#include <cstdint>
#include <latch>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

namespace kill_test {

/// Thrown when the server has broken a guarantee; what() describes the violation.
class violation : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct tally {
    std::uint64_t minted = 0;         ///< conversations whose page was received
    std::uint64_t maybe_minted = 0;   ///< requests for a new conversation without a response
    std::uint64_t acknowledged = 0;   ///< events with a response
    std::uint64_t resent = 0;         ///< events that were sent again after a restart
    std::uint64_t found_applied = 0;  ///< resent events that were already applied
    std::uint64_t repeated = 0;       ///< acknowledged events that were sent again
    std::uint64_t stale = 0;          ///< events to a step that was left
    std::uint64_t booked = 0;         ///< receipts that were checked

    tally& operator+=(const tally& other);
};

/// The behaviour of a visitor.
struct habits {
    std::uint64_t seed = 0;
    bool repeats = false;      ///< sends acknowledged events a second time now and then
    bool listens = false;      ///< keeps its event stream open
    bool changes_ids = false;  ///< a fault for the test of the loop: repeats with another id
};

/// The conversations to compare after a restart.
enum class extent { in_use, all };

/// A simulated user with a browser. Used by one thread at a time.
class visitor {
public:
    explicit visitor(const habits& of) : habits_(of), random_(of.seed) {}
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;
    virtual ~visitor() = default;

    /// Visits the server during one of its lives: compares the pages with the acknowledged events,
    /// counts `compared` down, then sends events until the server is gone or `until` requests a
    /// stop.
    void live(std::uint16_t port, std::latch& compared, const std::stop_token& until) noexcept;

    /// Compares all conversations, and repeats only events that had no response.
    void compare_all(std::uint16_t port) noexcept;

    /// The first problem; empty if there was none.
    const std::string& problem() const { return problem_; }

    virtual tally counts() const { return counts_; }

    /// The ids of the conversations that it has received.
    virtual std::vector<std::string> conversations() const = 0;

    /// Compares, and repeats events that had no response. Throws violation, or server_gone.
    virtual void resume(std::uint16_t port, extent what) = 0;

    /// Sends a new event or repeats an earlier one. Throws violation, or server_gone.
    virtual void act() = 0;

    virtual void leave() { browser_.leave(); }

protected:
    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    /// Requests a new conversation.
    page mint(const std::string& mount);

    /// Requests the page of a conversation that must exist.
    page open(const std::string& mount, const std::string& conversation);

    /// Sends an event, now and then on two connections at once. Returns the pages of the responses.
    /// Throws server_gone without a usable response.
    std::vector<page> send(const event& what);

    std::string new_event_id();

    habits habits_;
    std::mt19937_64 random_;
    std::uint64_t last_event_ = 0;
    browser browser_;
    tally counts_;

private:
    template <class Function>
    void guarded(Function run) noexcept;

    std::string problem_;
};

/// A visitor of the counter. The number on the page must be the number of its events.
class counting_visitor final : public visitor {
public:
    using visitor::visitor;

    void resume(std::uint16_t port, extent what) override;
    void act() override;
    void leave() override;
    std::vector<std::string> conversations() const override;

private:
    void compare();
    void click();
    void acknowledge(const std::vector<page>& answers);
    void repeat();
    void listen();
    void see(const page& shown, std::uint64_t expected) const;

    std::string conversation_;
    std::string stream_address_;
    std::string plus_;  ///< address of the button
    std::uint64_t acknowledged_ = 0;
    std::uint64_t seen_ = 0;  ///< the highest number that the stream has shown
    std::optional<event> pending_;
    std::vector<std::string> answered_;  ///< ids of the last events
    std::optional<event_stream> stream_;
};

/// Begins conversations and leaves them after a few clicks. The conversations must stay stored.
class passing_visitor final : public visitor {
public:
    using visitor::visitor;

    void resume(std::uint16_t port, extent what) override;
    void act() override;
    void leave() override;
    tally counts() const override;
    std::vector<std::string> conversations() const override;

private:
    std::vector<std::unique_ptr<counting_visitor>> left_;
    std::uint16_t port_ = 0;
    std::size_t compared_ = 0;  ///< the first ones, which need no comparison
    std::size_t begun_ = 0;     ///< the number begun in this life of the server
};

}  // namespace kill_test
