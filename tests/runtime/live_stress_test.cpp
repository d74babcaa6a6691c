#include "runtime/conversation/decoder.hpp"
#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>

#include <doctest/doctest.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

struct meter_page {
    static constexpr std::string_view component = "stress/meter_page";
    int n = 0;

    void add(int by) { n += by; }

    effects finish() { return end(); }

    markup render() const {
        return p(
            n,
            button(on<"click", &meter_page::add>(1), "+"),
            button(on<"click", &meter_page::finish>, ".")
        );
    }
};
BOOST_DESCRIBE_STRUCT(meter_page, (), (n, add, finish))

/// Publishes to all others, sets timers and asks for work at the same time.
struct gossip {
    static constexpr std::string_view component = "stress/gossip";
    static constexpr int speakers = 4;
    inline static std::atomic<int> out_of_order = 0;
    std::vector<int> last = std::vector<int>(speakers);
    int ticks = 0;
    int done = 0;

    effects start() { return subscribe<&gossip::hear>("gossip") + after<&gossip::tick>(1ms); }

    effects say(int speaker, int number) { return publish("gossip", number * speakers + speaker); }

    void hear(int what) {
        auto& before = last[static_cast<std::size_t>(what % speakers)];
        if (what / speakers <= before) ++out_of_order;
        before = what / speakers;
    }

    effects tick() {
        ++ticks;
        return after<&gossip::tick>(1ms) + run<&gossip::ready>([] { return 1; });
    }

    void ready(int more) { done += more; }

    markup render() const { return p(ticks, done, button(on<"click", &gossip::say>(0, 0), "say")); }
};
BOOST_DESCRIBE_STRUCT(gossip, (), (last, ticks, done, start, say, hear, tick, ready))

/// A server thread.
class thread_runner final : public executor {
public:
    thread_runner() : thread_([this] { run(); }) {}

    /// Runs the functions posted so far and ends the thread.
    ~thread_runner() override {
        post(nullptr);
        thread_.join();
    }

    void post(std::function<void()> work) override {
        std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
        posted_.notify_one();
    }

private:
    void run() {
        for (;;) {
            std::unique_lock lock(mutex_);
            posted_.wait(lock, [this] { return !waiting_.empty(); });
            auto work = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            if (!work) return;
            work();
        }
    }

    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> waiting_;
    std::thread thread_;
};

/// Refuses every fifth batch and checks that revisions grow one by one.
class flaky_store final : public store {
public:
    explicit flaky_store(std::map<std::string, record>& kept, std::atomic<int>& mistakes)
        : kept_(kept), mistakes_(mistakes) {}

    load_report load_all(const std::function<void(record&&)>&) override { return {}; }

    void save(std::span<const change> batch) override {
        if (++saves_ % 5 == 0) throw store_refused("not now");
        for (const auto& each : batch)
            apply(each);
    }

private:
    void apply(const change& what) {
        if (what.kind == change_kind::remove) {
            kept_.erase(what.id);
            return;
        }
        auto& there = kept_[what.id];
        if (there.revision + 1 != what.revision) ++mistakes_;
        there = {what.id, what.revision, what.status, what.written};
    }

    std::map<std::string, record>& kept_;
    std::atomic<int>& mistakes_;
    int saves_ = 0;
};

/// Counts revisions that do not follow the one before. A repeated event sends the same one again.
class strict_stream final : public view_stream {
public:
    void publish(const std::shared_ptr<const update>& what) override {
        if (last_ != 0 && what->revision != last_ && what->revision != last_ + 1) ++gaps;
        last_ = what->revision;
    }

    std::atomic<int> gaps = 0;

private:
    std::uint64_t last_ = 0;  // TSan checks that there is one publish at a time
};

/// The map and all that use it at the same time.
struct crowd {
    std::map<std::string, record> kept;
    std::atomic<int> mistakes = 0;
    std::atomic<time_point> now = time_point(1h);
    conversation_map map;
    thread_runner threads[2];

    crowd() : map(std::make_unique<flaky_store>(kept, mistakes), options()) {}

    ~crowd() { map.stop(); }

    conversation_options options() {
        conversation_options o;
        o.clock = [this] { return now.load(); };
        o.steady_clock = [this] {
            return std::chrono::steady_clock::time_point(now.load().time_since_epoch());
        };
        o.grace_after_start = 0min;
        o.logger = std::make_shared<spdlog::logger>("silent");
        return o;
    }

    template <class Start>
    reply ask(Start start) {
        std::promise<reply> promise;
        auto future = promise.get_future();
        start([&](reply&& r) { promise.set_value(std::move(r)); });
        return future.get();
    }

    reply send(const std::string& id, const event& what, executor& on) {
        return ask([&](on_reply done) { map.send(id, "owner", what, on, std::move(done)); });
    }

    /// Sends the event again until the store accepts it, as a browser does.
    status send_until_saved(const std::string& id, const event& what, executor& on) {
        for (;;) {
            auto result = send(id, what, on).result;
            if (result != status::not_saved && result != status::overloaded) return result;
        }
    }

    std::string minted(const std::string& owner = "owner") {
        for (;;) {
            auto r = ask([&](on_reply done) {
                map.mint("/", call<meter_page>().release(), owner, "", threads[0], std::move(done));
            });
            if (r.result == status::ok) return r.value->id;
        }
    }

    int count(const std::string& id) {
        auto r = ask([&](on_reply done) { map.open(id, "owner", threads[0], std::move(done)); });
        return static_cast<const meter_page*>(r.value->top().state.get())->n;
    }
};

}  // namespace

TEST_CASE("each event counts once when two threads send it and the store refuses batches") {
    crowd c;
    constexpr int events_each = 60;
    std::vector<std::string> ids;
    for (int i = 0; i < 3; ++i)
        ids.push_back(c.minted());
    std::vector<std::shared_ptr<strict_stream>> streams;
    for (const auto& id : ids) {
        streams.push_back(std::make_shared<strict_stream>());
        c.ask([&](on_reply done) {
            c.map.attach(id, "owner", 1, streams.back(), c.threads[1], std::move(done));
        });
    }
    std::atomic<int> applied = 0;
    std::atomic<int> wrong = 0;

    // Two threads send the events of one page. Each event must be applied for one of them, however
    // far the other is behind.
    auto browser = [&](unsigned number, executor& on) {
        std::mt19937 random(number / 2);
        for (event_id n = 1; n <= events_each; ++n) {
            const auto page = static_cast<event_id>(number / 2 + 1) << 24;
            event e{page + n, 1, "add", "[1]", {}};
            auto result = c.send_until_saved(ids[random() % ids.size()], e, on);
            if (result == status::ok) {
                ++applied;
            } else if (result != status::repeated) {
                ++wrong;
            }
        }
    };
    auto passers_by = [&] {
        for (int i = 0; i < 40; ++i) {
            auto stream = std::make_shared<strict_stream>();
            const auto& id = ids[static_cast<std::size_t>(i) % ids.size()];
            c.ask([&](on_reply done) {
                c.map.attach(id, "owner", {}, stream, c.threads[1], std::move(done));
            });
            c.map.detach(id, stream.get());
            c.map.reap();
            wrong += stream->gaps;
        }
    };
    std::vector<std::thread> all;
    for (unsigned number = 0; number < 4; ++number)
        all.emplace_back(browser, number, std::ref(c.threads[number % 2]));
    all.emplace_back(passers_by);
    for (auto& each : all)
        each.join();

    CHECK(wrong == 0);
    CHECK(applied == 2 * events_each);
    int sum = 0;
    for (const auto& id : ids)
        sum += c.count(id);
    CHECK(sum == 2 * events_each);
    for (const auto& each : streams)
        CHECK(each->gaps == 0);
    c.map.stop();
    CHECK(c.mistakes == 0);
    for (const auto& id : ids)
        sum -=
            static_cast<const meter_page*>(decode_conversation(c.kept.at(id)).top().state.get())->n;
    CHECK(sum == 0);
}

TEST_CASE("conversations come and go on many threads") {
    crowd c;
    std::atomic<int> wrong = 0;
    auto visitor = [&](int number) {
        auto& on = c.threads[number % 2];
        const std::string owner = number < 2 ? "owner" : "other";
        for (int i = 0; i < 20; ++i) {
            auto id = c.minted(owner);
            event e{1, 1, i % 2 ? "finish" : "add", i % 2 ? "" : "[1]", {}};
            auto result =
                c.ask([&](on_reply done) { c.map.send(id, owner, e, on, std::move(done)); });
            const auto got = result.result;
            if (got != status::ok && got != status::ended && got != status::not_saved) ++wrong;
            c.now = c.now.load() + 1s;
        }
    };
    auto reaper = [&] {
        for (int i = 0; i < 100; ++i)
            c.map.reap();
    };
    std::vector<std::thread> all;
    for (int number = 0; number < 4; ++number)
        all.emplace_back(visitor, number);
    all.emplace_back(reaper);
    for (auto& each : all)
        each.join();
    CHECK(wrong == 0);

    c.now = c.now.load() + 48h;
    auto gone = status::ok;
    while (c.map.size() > 0) {  // the store refuses some of the removals
        c.map.reap();
        c.now = c.now.load() + 10min;
        std::this_thread::yield();
    }
    auto last = c.minted();
    gone = c.send_until_saved(last, {1, 1, "finish", "", {}}, c.threads[0]);
    CHECK(gone == status::ended);
    c.map.stop();
    CHECK(c.kept.empty());
    CHECK(c.mistakes == 0);
}

TEST_CASE("messages keep their order while timers fire and work is done") {
    constexpr std::size_t listeners = 8;
    constexpr int words_each = 25;
    gossip::out_of_order = 0;
    std::map<std::string, record> kept;
    std::atomic<int> mistakes = 0;
    conversation_options options;
    options.logger = std::make_shared<spdlog::logger>("silent");
    conversation_map map(std::make_unique<flaky_store>(kept, mistakes), std::move(options));
    thread_runner threads[2];
    map.use({&threads[0], &threads[1]});
    const auto ask = [&](auto start) {
        std::promise<reply> promise;
        start([&](reply&& r) { promise.set_value(std::move(r)); });
        return promise.get_future().get();
    };
    std::vector<std::string> ids;
    while (ids.size() < listeners) {
        auto r = ask([&](on_reply done) {
            map.mint("/", call<gossip>().release(), "owner", "", threads[0], std::move(done));
        });
        if (r.result == status::ok) ids.push_back(r.value->id);
    }
    for (const auto& id : ids) {
        auto what = status::not_saved;
        while (what == status::not_saved)
            what = ask([&](on_reply done) { map.open(id, "owner", threads[0], std::move(done)); }
            ).result;
    }

    // Each speaker publishes through one conversation, since only one publisher's order is kept.
    auto speaker = [&](int number) {
        const auto& id = ids[static_cast<std::size_t>(number)];
        for (int word = 1; word <= words_each; ++word) {
            const auto text = "[" + std::to_string(number) + "," + std::to_string(word) + "]";
            const event e{static_cast<event_id>(word), 1, "say", text, {}};
            auto what = status::not_saved;
            while (what == status::not_saved || what == status::overloaded) {
                auto& on = threads[number % 2];
                what = ask([&](on_reply done) { map.send(id, "owner", e, on, std::move(done)); }
                ).result;
            }
        }
    };
    std::vector<std::thread> all;
    for (int number = 0; number < gossip::speakers; ++number)
        all.emplace_back(speaker, number);
    for (auto& each : all)
        each.join();

    constexpr auto expected = gossip::speakers * words_each * listeners;
    const auto is_over = [&] {
        const auto now = map.counts();
        return now.messages_delivered + now.messages_lost >= expected && now.work_done > 0;
    };
    while (!is_over())
        std::this_thread::yield();
    map.stop();
    CHECK(map.counts().messages_delivered + map.counts().messages_lost == expected);
    CHECK(map.counts().timers_fired > 0);
    CHECK(map.counts().work_refused == 0);
    CHECK(gossip::out_of_order == 0);
    CHECK(mistakes == 0);
}
