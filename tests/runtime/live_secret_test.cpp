#include "runtime/live_support.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/messages.hpp>
#include <stube/runtime/secret.hpp>
#include <stube/runtime/ui.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;
using namespace stube::live;
using namespace stube::html;
using namespace live_test;
using namespace std::chrono_literals;

namespace {

constexpr const char* seed = "hunter2";

struct safe {
    static constexpr std::string_view component = "live/safe";
    field<transient<std::string>> pin;
    encrypted<std::string> key;
    int opened = 0;

    void open() {
        key = pin.value().reveal();
        ++opened;
    }

    effects wait() { return after<&safe::open>(1h); }

    markup render() const {
        return div(
            "opened=",
            opened,
            ui::input_for<&safe::pin>(*this, "PIN"),
            button(on<"click", &safe::open>, "Open"),
            button(on<"click", &safe::wait>, "Wait")
        );
    }
};
BOOST_DESCRIBE_STRUCT(safe, (), (pin, key, opened, open, wait))

auto with_key(const char* id) {
    return [id](conversation_options& options) {
        options.secrets = {{id, std::string("a key of thirty-two bytes.......") + id}};
    };
}

std::string opened_safe(world& in) {
    auto id = in.minted(call<safe>().release());
    auto what = in.to_top(id, "open");
    what.form = {{"i1-pin", seed}};
    CHECK(in.wait(in.send(id, what)).result == status::ok);
    return id;
}

const safe& state_of(const std::shared_ptr<const conversation>& of) {
    return *static_cast<const safe*>(of->top().state.get());
}

bool holds_seed(const script& of) {
    for (const auto& each : of.changes()) {
        for (const auto& part : each.written)
            if (part.body.find(seed) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a conversation with secrets is stored without readable secrets and continues") {
    world w(with_key("2026"));
    const auto id = opened_safe(w);
    CHECK(state_of(w.value(id)).pin.value().reveal() == seed);
    CHECK_FALSE(holds_seed(w.store()));
    world next(after_restart(w.store()), with_key("2026"));
    CHECK(next.map().load().loaded == 1);
    CHECK(next.wait(next.open(id)).result == status::ok);
    const auto& state = state_of(next.value(id));
    CHECK(state.opened == 1);
    CHECK(state.key.reveal() == seed);
    CHECK(state.pin.is_empty());
    CHECK(next.log().find(seed) == std::string::npos);
}

TEST_CASE("a conversation whose key is missing is kept and continues with the key") {
    world w(with_key("2026"));
    const auto id = opened_safe(w);
    auto told = after_restart(w.store());
    world without(told, with_key("2027"));
    CHECK(without.map().load().loaded == 1);
    CHECK(without.wait(without.open(id)).result == status::unusable);
    CHECK(
        without.log().find("why=\"state of live/safe: an encrypted value needs the key") !=
        std::string::npos
    );
    without.advance(24h * 60);
    without.map().reap();
    without.stop();
    CHECK(told->changes().empty());
    world with(told, with_key("2026"));
    CHECK(with.map().load().loaded == 1);
    CHECK(with.wait(with.open(id)).result == status::ok);
    CHECK(state_of(with.value(id)).key.reveal() == seed);
}

TEST_CASE("a waiting conversation whose key is missing counts as unusable on loading") {
    world w(with_key("2026"));
    const auto id = opened_safe(w);
    CHECK(w.wait(w.send(id, w.to_top(id, "wait"))).result == status::ok);
    const auto told = after_restart(w.store());
    world without(told, with_key("2027"));
    CHECK(without.map().load().unusable == 1);
    world with(told, with_key("2026"));
    CHECK(with.map().load().loaded == 1);
}

TEST_CASE("two conversation maps have different keys") {
    world one(with_key("2026"));
    world other(with_key("2027"));
    opened_safe(one);
    opened_safe(other);
    const auto body = [](world& of) { return of.store().changes().back().written.back().body; };
    CHECK(body(one).find("2026:") != std::string::npos);
    CHECK(body(other).find("2027:") != std::string::npos);
}

TEST_CASE("an event that cannot be encrypted fails and changes nothing") {
    world w;
    const auto made = w.wait(w.mint(call<safe>().release()));
    CHECK(made.result == status::failed);
    CHECK(w.log().find("app::secret_keys") != std::string::npos);
    CHECK(w.store().changes().empty());
}
