#include "visitor.hpp"

#include <algorithm>
#include <charconv>

namespace kill_test {

namespace {

constexpr std::string_view partial = "<hx-";
constexpr std::size_t remembered = 100;  // events; they span two pages on average

/// The number in an output element, if there is one.
std::optional<std::uint64_t> number_on(const page& shown) {
    std::uint64_t number = 0;
    const auto* end = shown.output.data() + shown.output.size();
    const auto read = std::from_chars(shown.output.data(), end, number);
    if (shown.output.empty()) return std::nullopt;
    if (read.ec != std::errc() || read.ptr != end) {
        throw violation("no number of events: " + describe(shown));
    }
    return number;
}

}  // namespace

tally& tally::operator+=(const tally& other) {
    minted += other.minted;
    maybe_minted += other.maybe_minted;
    acknowledged += other.acknowledged;
    resent += other.resent;
    found_applied += other.found_applied;
    repeated += other.repeated;
    stale += other.stale;
    booked += other.booked;
    return *this;
}

template <class Function>
void visitor::guarded(Function run) noexcept {
    try {
        run();
    } catch (const server_gone&) {
        // Expected: the gallery was killed.
    } catch (const std::exception& error) {
        problem_ = error.what();
        for (const auto& each : conversations())
            problem_.append(" conversation=").append(each);
    }
    leave();
}

void visitor::live(
    std::uint16_t port,
    std::latch& compared,
    const std::stop_token& until
) noexcept {
    bool has_compared = false;
    guarded([&] {
        resume(port, extent::in_use);
        compared.count_down();
        has_compared = true;
        while (!until.stop_requested())
            act();
    });
    if (!has_compared) compared.count_down();
}

void visitor::compare_all(std::uint16_t port) noexcept {
    guarded([&] {
        try {
            resume(port, extent::all);
        } catch (const server_gone&) {
            throw violation("the server is gone and nobody killed it");
        }
    });
}

page visitor::mint(const std::string& mount) {
    ++counts_.maybe_minted;
    const auto got = browser_.get(mount);
    if (got.status == 503) throw server_gone();
    if (got.status != 200) throw violation("no page: " + got.head + got.body);
    auto shown = read_page(got.body);
    if (shown.conversation.empty()) throw violation("no conversation: " + got.head + got.body);
    --counts_.maybe_minted;
    ++counts_.minted;
    return shown;
}

page visitor::open(const std::string& mount, const std::string& conversation) {
    const auto got = browser_.get(mount + "?c=" + conversation);
    if (got.status == 503) throw server_gone();
    if (got.status != 200) throw violation("lost, instead: " + got.head + got.body);
    auto shown = read_page(got.body);
    if (shown.conversation != conversation) {
        throw violation("lost, instead there is " + shown.conversation + ": " + describe(shown));
    }
    return shown;
}

std::vector<page> visitor::send(const event& what) {
    std::vector<answer> got;
    if (habits_.repeats && chance(4)) {
        got = browser_.send_twice(what);
    } else {
        got.push_back(browser_.send(what));
    }
    std::vector<page> shown;
    for (const auto& each : got) {
        // The browser's script treats these statuses as a missing response and sends the event
        // again.
        const bool is_in_own_words = each.body.find(partial) != std::string::npos;
        if (each.status >= 502 && each.status <= 504 && !is_in_own_words) continue;
        if (each.status != 200 && each.status != 204) {
            throw violation("refused: " + each.head + each.body);
        }
        shown.push_back(read_page(each.body));
    }
    if (shown.empty()) throw server_gone();
    return shown;
}

/// In the format of stube.js: 10 digits for the page and 6 digits that number its events.
std::string visitor::new_event_id() {
    constexpr std::uint64_t first_of_a_page = std::uint64_t(1) << 24;
    if (last_event_ == 0 || chance(50)) last_event_ = random_() / first_of_a_page * first_of_a_page;
    std::string id(16, '0');
    auto bits = ++last_event_;
    for (auto digit = id.rbegin(); digit != id.rend(); ++digit, bits >>= 4)
        *digit = "0123456789abcdef"[bits & 15];
    return id;
}

void counting_visitor::see(const page& shown, std::uint64_t expected) const {
    const auto number = number_on(shown);
    if (number && *number != expected) {
        throw violation(
            "shows " + std::to_string(*number) + " instead of " + std::to_string(expected) + ": " +
            describe(shown)
        );
    }
    if (!number && !habits_.listens) throw violation("shows no number: " + describe(shown));
}

void counting_visitor::resume(std::uint16_t port, extent) {
    browser_.meet(port);
    if (conversation_.empty()) {
        const auto shown = mint("/counter");
        conversation_ = shown.conversation;
        stream_address_ = shown.stream;
        plus_ = find_control(shown, "inc").address;
        see(shown, 0);
    } else {
        compare();
    }
    if (habits_.listens) stream_.emplace(browser_.open_stream(stream_address_));
}

void counting_visitor::compare() {
    const auto shown = open("/counter", conversation_);
    const auto number = number_on(shown).value_or(0);
    const auto text = "shows " + std::to_string(number) + ", acknowledged were " +
                      std::to_string(acknowledged_) + ", seen was " + std::to_string(seen_) +
                      (pending_ ? ", in flight was 1" : ", in flight was none");
    if (number < std::max(acknowledged_, seen_)) throw violation("lost: " + text);
    if (number > acknowledged_ + (pending_ ? 1 : 0)) throw violation("applied twice: " + text);
    if (!pending_) return;

    ++counts_.resent;
    if (number > acknowledged_) ++counts_.found_applied;
    acknowledge(send(*pending_));
    see(open("/counter", conversation_), acknowledged_);
}

void counting_visitor::acknowledge(const std::vector<page>& answers) {
    ++acknowledged_;
    ++counts_.acknowledged;
    answered_.push_back(pending_->id);
    if (answered_.size() > remembered) answered_.erase(answered_.begin());
    pending_.reset();
    for (const auto& each : answers)
        see(each, acknowledged_);
}

void counting_visitor::act() {
    if (habits_.repeats && !answered_.empty() && chance(4)) {
        repeat();
    } else {
        click();
    }
}

void counting_visitor::click() {
    pending_ = event{new_event_id(), plus_, ""};
    try {
        acknowledge(send(*pending_));
    } catch (const server_gone&) {
        listen();  // a number that the stream has shown counts as acknowledged
        throw;
    }
    listen();
}

void counting_visitor::listen() {
    if (!stream_) return;
    for (const auto& each : stream_->take_available()) {
        const auto number = number_on(read_page(each));
        if (!number) continue;
        seen_ = std::max(seen_, *number);
        if (seen_ > acknowledged_ + (pending_ ? 1 : 0)) throw violation("applied twice: " + each);
    }
}

void counting_visitor::repeat() {
    ++counts_.repeated;
    const auto& id = habits_.changes_ids ? new_event_id() : answered_[random_() % answered_.size()];
    for (const auto& each : send({id, plus_, ""}))
        see(each, acknowledged_);
}

void counting_visitor::leave() {
    visitor::leave();
    stream_.reset();
}

std::vector<std::string> counting_visitor::conversations() const {
    if (conversation_.empty()) return {};
    return {conversation_};
}

/// Compares the conversations that were left since the last time, and a few others. All of them
/// would take too long.
void passing_visitor::resume(std::uint16_t port, extent what) {
    constexpr std::size_t others = 16;
    port_ = port;
    begun_ = 0;
    const auto compare = [&](counting_visitor& one) {
        one.resume(port, what);
        one.leave();
    };
    if (what == extent::all) compared_ = 0;
    for (; compared_ < left_.size(); ++compared_)
        compare(*left_[compared_]);
    if (what == extent::all || left_.empty()) return;
    for (std::size_t i = 0; i < others; ++i)
        compare(*left_[random_() % left_.size()]);
}

void passing_visitor::act() {
    constexpr std::size_t begun_in_one_life = 2;
    constexpr std::size_t in_use = 8;
    if (begun_ < begun_in_one_life) {
        ++begun_;
        left_.push_back(std::make_unique<counting_visitor>(habits{random_(), true, false, false}));
        left_.back()->resume(port_, extent::in_use);
    }
    const auto number = random_() % std::min(left_.size(), in_use);
    compared_ = std::min(compared_, left_.size() - 1 - number);
    const auto& one = left_[left_.size() - 1 - number];
    one->act();
    one->leave();
}

void passing_visitor::leave() {
    for (const auto& each : left_)
        each->leave();
}

tally passing_visitor::counts() const {
    tally all;
    for (const auto& each : left_)
        all += each->counts();
    return all;
}

std::vector<std::string> passing_visitor::conversations() const {
    std::vector<std::string> all;
    for (const auto& each : left_)
        for (auto& one : each->conversations())
            all.push_back(std::move(one));
    return all;
}

}  // namespace kill_test
