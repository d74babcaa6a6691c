#pragma once

#include "flow/steps.hpp"

#include <stube/runtime/conversation_map.hpp>
#include <stube/store/memory_store.hpp>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <utility>

namespace flow_test {

using namespace stube::live;
using namespace stube::storage;

/// Runs posted functions at once.
class inline_executor final : public executor {
public:
    void post(std::function<void()> work) override { work(); }
};

/// A conversation map with one conversation, used from one thread.
class site {
public:
    explicit site(
        std::unique_ptr<store> storage = memory_store(),
        std::function<void(conversation_options&)> setup = {}
    ) {
        conversation_options options;
        options.logger = std::make_shared<spdlog::logger>(
            "test",
            std::make_shared<spdlog::sinks::ostream_sink_mt>(log)
        );
        options.clock = [this] { return now.load(); };
        options.steady_clock = [this] {
            return std::chrono::steady_clock::time_point(now.load().time_since_epoch());
        };
        options.watch_clock = false;
        if (setup) setup(options);
        live = std::make_unique<conversation_map>(std::move(storage), options);
        live->load();
    }

    reply wait(const std::function<void(on_reply)>& operation) {
        std::promise<reply> answer;
        operation([&](reply&& r) { answer.set_value(std::move(r)); });
        return answer.get_future().get();
    }

    site& begin(const effect::call& root) {
        id = wait([&](on_reply done) { live->mint("/", root, "me", "ada", on, done); }).value->id;
        open();
        return *this;
    }

    reply open() {
        return wait([&](on_reply done) { live->open(id, "me", on, done); });
    }

    reply send(instance_id instance, std::string member, std::string arguments = {}) {
        event what;
        what.id = ++last_event;
        what.instance = instance;
        what.name = std::move(member);
        what.arguments = std::move(arguments);
        return wait([&](on_reply done) { live->send(id, "me", what, on, done); });
    }

    /// Sends an event to the component on the page.
    reply send(std::string member, std::string arguments = {}) {
        return send(open().value->top().id, std::move(member), std::move(arguments));
    }

    reply say(const std::string& text) { return send("say", "[\"" + text + "\"]"); }

    reply back() {
        return wait([&](on_reply done) {
            live->go_back(id, "me", ++last_event, std::nullopt, on, done);
        });
    }

    std::string page() {
        const auto seen = open();
        return seen.news ? std::string(seen.news->patches.front().content.text()) : "";
    }

    std::ostringstream log;
    std::atomic<time_point> now = time_point(std::chrono::hours(1'000'000));
    event_id last_event = 0;
    inline_executor on;
    std::unique_ptr<conversation_map> live;
    std::string id;
};

}  // namespace flow_test
