#include <stube/flow/flow.hpp>
#include <stube/runtime/html.hpp>

#include <stdexcept>
#include <variant>

namespace stube::detail {
namespace {

/// A limit for flows that emit effects in an endless loop and never wait.
constexpr std::size_t max_effects = 1000;

constexpr auto cannot_resume = "This could not be continued. Please start again.";

effects fail_with(std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const call_failed& e) {
        return fail(e.what());
    } catch (const std::exception& e) {
        return fail_because(not_completed, e.what());
    } catch (...) {
        return fail_because(not_completed, "an exception that is not a std::exception");
    }
}

[[noreturn]] void cannot_await(const char* why) {
    throw std::logic_error(std::string("stube: a flow cannot await this effect: ") + why);
}

/// True for an effect that leaves the flow. Throws std::logic_error for one that a flow cannot use.
struct leaves_flow {
    bool operator()(const effect::end&) const { return true; }

    bool operator()(const effect::fail&) const { return true; }

    bool operator()(const effect::become&) const { return true; }

    bool operator()(const effect::call&) const { cannot_await("await the call itself"); }

    bool operator()(const effect::answer&) const { cannot_await("a flow answers with co_return"); }

    bool operator()(const effect::back&) const { cannot_await("a flow cannot be rewound"); }

    bool operator()(const effect::after&) const {
        cannot_await("a flow has no members; await sleep(duration)");
    }

    bool operator()(const effect::subscribe&) const { cannot_await("a flow has no members"); }

    bool operator()(const effect::run& run) const {
        if (!run.then.empty()) cannot_await("a flow has no members; await run(work)");
        return false;
    }

    template <class Other>
    bool operator()(const Other&) const {
        return false;
    }
};

/// Resumes the flow with the result of its pending `co_await`. The frame is ahead of `state` if a
/// turn was undone after the flow had run. It then waits for something that the page does not show,
/// so the flow fails.
template <class Incoming>
effects resume(void* state, const context& now, const Incoming& incoming) {
    auto& self = *static_cast<flow_state*>(state);
    auto& frame = *self.frame;
    if (self.step != frame.step) return fail(cannot_resume);
    self.step = ++frame.step;
    frame.promise->set_incoming(incoming);
    return frame.promise->resume(frame.handle, now);
}

const event_function no_event = nullptr;

const event_function on_woken = [](void* state, context& now, const boost::json::array&) {
    return resume(state, now, answer_value());
};

}  // namespace

// --- effects of the flow

void flow_promise_base::add(effects more) {
    if (emitted_.list().empty()) {
        emitted_ = std::move(more);
    } else {
        emitted_ += std::move(more);
    }
}

void flow_promise_base::start_call(effect::call&& call) {
    call.then = "answered";
    call.or_else = "failed";
    add(std::move(call));
}

void flow_promise_base::start_work(std::function<answer_value()>&& work, markup&& view) {
    view_ = std::move(view);
    add(effect::run{std::move(work), "answered", "failed"});
}

void flow_promise_base::start_timer(std::chrono::milliseconds delay, markup&& view) {
    view_ = std::move(view);
    add(effect::after{delay, "woken", {}});
}

bool flow_promise_base::emit(effects emitted) {
    bool leaves = false;
    for (const auto& each : emitted.list())
        leaves = std::visit(leaves_flow(), each) || leaves;
    if (emitted_.list().size() + emitted.list().size() > max_effects)
        throw std::logic_error("stube: a flow emits effects endlessly and never waits");
    add(std::move(emitted));
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

// --- running the flow

effects flow_promise_base::resume(std::coroutine_handle<> frame, const context& now) {
    context_ = &now;
    if (!view_.empty()) view_ = {};
    frame.resume();
    context_ = nullptr;
    if (error_) {
        add(fail_with(std::move(error_)));
    } else if (frame.done()) {
        add(effect::answer{std::exchange(incoming_, {})});
    }
    return std::exchange(emitted_, {});
}

void flow_promise_base::throw_if_failed() {
    if (!failure_) return;
    auto why = std::move(*failure_);
    failure_.reset();
    throw call_failed(std::move(why));
}

effects start_flow(flow_state& self, const context& now) {
    // The steps differ if one call was carried out in two conversations, which share the frame.
    if (self.step != self.frame->step) return fail(cannot_resume);
    self.step = ++self.frame->step;
    return self.frame->promise->resume(self.frame->handle, now);
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
    type.handlers.push_back({"woken", &no_event, state_of, nullptr, nullptr, &on_woken});
    return type;
}

}  // namespace stube::detail
