#include "runtime/live/work_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace stube;
using namespace stube::live;
using namespace std::chrono_literals;

namespace {

/// Holds work until the test opens it.
class gate {
public:
    void open() {
        std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }

    void pass() {
        std::unique_lock lock(mutex_);
        ++here_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return is_open_; });
    }

    /// Waits until `count` pieces of work have come.
    void wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return here_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t here_ = 0;
    bool is_open_ = false;
};

/// The results that have come back.
class results {
public:
    auto callback() {
        return [this](work_pool::result&& r) {
            std::lock_guard lock(mutex_);
            list_.push_back(std::move(r));
            changed_.notify_all();
        };
    }

    std::vector<work_pool::result> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return list_.size() >= count; });
        return list_;
    }

    std::size_t size() {
        std::lock_guard lock(mutex_);
        return list_.size();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<work_pool::result> list_;
};

}  // namespace

TEST_CASE("work is done on another thread and its value comes back") {
    results back;
    work_pool pool(2, 10);
    const auto here = std::this_thread::get_id();
    CHECK(pool.submit({[] { return answer_value(std::this_thread::get_id()); }, back.callback()}));
    const auto all = back.wait_for(1);
    CHECK_FALSE(all[0].error);
    CHECK(all[0].value.get<std::thread::id>() != here);
}

TEST_CASE("an exception from work comes back as text") {
    results back;
    work_pool pool(1, 10);
    pool.submit({[]() -> answer_value { throw std::runtime_error("no paper"); }, back.callback()});
    pool.submit({[]() -> answer_value { throw 7; }, back.callback()});
    const auto all = back.wait_for(2);
    CHECK(all[0].error == "no paper");
    CHECK(all[1].error == "an exception that is not a std::exception");
}

TEST_CASE("a pool limits the work that runs and the work that waits") {
    results back;
    gate hold;
    work_pool pool(2, 3);
    const auto one = [&] {
        return pool.submit(
            {[&] {
                 hold.pass();
                 return answer_value();
             },
             back.callback()}
        );
    };
    for (int n = 0; n < 5; ++n)
        CHECK(one());
    CHECK_FALSE(one());
    hold.wait_for(2);
    CHECK(pool.now().running == 2);
    CHECK(pool.now().waiting == 3);
    CHECK_FALSE(one());

    hold.open();
    CHECK(back.wait_for(5).size() == 5);
    CHECK(one());
    CHECK(back.wait_for(6).size() == 6);
}

TEST_CASE("a stopped pool finishes the work that it began and drops the rest") {
    results back;
    gate hold;
    work_pool pool(1, 10);
    const auto one = [&] {
        return pool.submit(
            {[&] {
                 hold.pass();
                 return answer_value();
             },
             back.callback()}
        );
    };
    one();
    one();
    hold.wait_for(1);
    std::thread later([&] {
        while (pool.now().waiting > 0)  // until stop() has begun
            std::this_thread::yield();
        hold.open();
    });
    const auto left = pool.stop(60s);
    later.join();

    CHECK(left.dropped == 1);
    CHECK(left.abandoned == 0);
    CHECK(back.size() == 1);
    CHECK_FALSE(one());
    CHECK(pool.stop(60s).dropped == 0);
}

TEST_CASE("work that does not end in time is abandoned and reports no result") {
    auto hold = std::make_shared<gate>();
    auto over = std::make_shared<gate>();
    {
        results back;
        work_pool pool(1, 10);
        pool.submit(
            {[hold,
              over,
              leaves = std::shared_ptr<void>(nullptr, [over](void*) { over->open(); })] {
                 hold->pass();
                 return answer_value();
             },
             back.callback()}
        );
        hold->wait_for(1);
        CHECK(pool.stop(1ms).abandoned == 1);
        CHECK(back.size() == 0);
    }
    hold->open();
    over->pass();  // opened by the destructor of the work's captures, though no pool is left
}
