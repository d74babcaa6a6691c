#include <stube/flow/flow.hpp>
#include <stube/runtime/html.hpp>

#include <stdexcept>
#include <variant>

namespace stube::detail {
namespace {

/// A flow that emits so much without ever waiting never will.
constexpr std::size_t most_effects = 1000;

constexpr auto could_not_go_on = "This could not be continued. Please start again.";

effects failed(std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const call_failed& e) {
        return fail(e.what());
    } catch (const std::exception& e) {
        return fail_because(not_completed, e.what());
    } catch (...) {
        return fail_because(not_completed, "an exception that is no std::exception");
    }
}

[[noreturn]] void cannot_await(const char* why) {
    throw std::logic_error(std::string("stube: a flow cannot await these effects: ") + why);
}

/// Whether the flow leaves with an effect. Throws for those that make no sense in a flow.
struct leaving_with {
    bool operator()(const effect::end&) const { return true; }

    bool operator()(const effect::fail&) const { return true; }

    bool operator()(const effect::become&) const { return true; }

    bool operator()(const effect::call&) const { cannot_await("await the call itself"); }

    bool operator()(const effect::answer&) const { cannot_await("it answers with co_return"); }

    bool operator()(const effect::back&) const { cannot_await("it cannot be rewound"); }

    bool operator()(const effect::after&) const {
        cannot_await("it has no members; await sleep()");
    }

    bool operator()(const effect::subscribe&) const { cannot_await("it has no members"); }

    bool operator()(const effect::run& run) const {
        if (!run.then.empty()) cannot_await("it has no members; await run(work)");
        return false;
    }

    template <class Other>
    bool operator()(const Other&) const {
        return false;
    }
};

/// Resumes the flow that `state` is a version of. The frame has moved on if an earlier turn was
/// undone after the flow had run: what it then waits for is not what is on the page.
template <class Incoming>
effects resume(void* state, const context& now, const Incoming& incoming) {
    auto& self = *static_cast<flow_state*>(state);
    auto& frame = *self.frame;
    if (self.step != frame.step) return fail(could_not_go_on);
    self.step = ++frame.step;
    frame.promise->give(incoming);
    return frame.promise->go_on(frame.handle, now);
}

const event_function no_event = nullptr;

const event_function wake_up = [](void* state, context& now, const boost::json::array&) {
    return resume(state, now, answer_value());
};

}  // namespace

// --- what the flow wants

void flow_promise_base::want(effects more) {
    if (wanted_.list().empty()) {
        wanted_ = std::move(more);
    } else {
        wanted_ += std::move(more);
    }
}

void flow_promise_base::ask(effect::call&& call) {
    call.then = "answered";
    call.or_else = "failed";
    want(any_effect(std::move(call)));
}

void flow_promise_base::wait_for_work(std::function<answer_value()>&& work, markup&& view) {
    view_ = std::move(view);
    want(any_effect(effect::run{std::move(work), "answered", "failed"}));
}

void flow_promise_base::wait_for_time(std::chrono::milliseconds delay, markup&& view) {
    view_ = std::move(view);
    want(any_effect(effect::after{delay, "woken", {}}));
}

bool flow_promise_base::emit(effects wanted) {
    bool leaves = false;
    for (const auto& each : wanted.list())
        leaves = std::visit(leaving_with(), each) || leaves;
    if (wanted_.list().size() + wanted.list().size() > most_effects)
        throw std::logic_error("stube: a flow emits effects without end and waits for nothing");
    want(std::move(wanted));
    return leaves;
}

markup flow_promise_base::view() const {
    using namespace html;
    if (!view_.empty()) return view_;
    return section(
        class_("card"),
        attr("aria-busy", "true"),
        p(role("status"), "One moment, please.")
    );
}

// --- running it

effects flow_promise_base::go_on(std::coroutine_handle<> frame, const context& now) {
    surroundings_ = &now;
    if (!view_.empty()) view_ = {};
    frame.resume();
    surroundings_ = nullptr;
    if (error_) {
        want(failed(std::move(error_)));
    } else if (frame.done()) {
        want(any_effect(effect::answer{std::exchange(incoming_, {})}));
    }
    return std::exchange(wanted_, {});
}

void flow_promise_base::throw_if_failed() {
    if (!failed_) return;
    auto why = std::move(*failed_);
    failed_.reset();
    throw call_failed(std::move(why));
}

effects start_flow(flow_state& self, const context& now) {
    // Started twice: the call was carried out in two conversations.
    if (self.step != self.frame->step) return fail(could_not_go_on);
    self.step = ++self.frame->step;
    return self.frame->promise->go_on(self.frame->handle, now);
}

markup show_flow(const flow_state& self) {
    return self.frame->promise->view();
}

component_type make_flow_type(
    std::string_view name,
    const std::type_info* answer_type,
    void* (*state_of)(void* self)
) {
    component_type type;
    type.name = name;
    type.answer_type = answer_type;
    type.answers_once = true;
    type.handlers.push_back({
        "answered",
        &no_event,
        state_of,
        [](void* state, context& now, const answer_value& value) {
            return resume(state, now, value);
        },
        nullptr,
        &no_event,
    });
    type.handlers.push_back({
        "failed",
        &no_event,
        state_of,
        nullptr,
        [](void* state, context& now, const failure& why) { return resume(state, now, why); },
        &no_event,
    });
    type.handlers.push_back({"woken", &no_event, state_of, nullptr, nullptr, &wake_up});
    return type;
}

}  // namespace stube::detail
