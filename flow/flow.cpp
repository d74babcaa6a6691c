#include <stube/flow/flow.hpp>

namespace stube::detail {
namespace {

effects failed(std::exception_ptr error) {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const call_failed& e) {
        return fail(e.what());
    } catch (const std::exception& e) {
        return fail_because("This could not be completed.", e.what());
    } catch (...) {
        return fail_because(
            "This could not be completed.",
            "an exception that is no std::exception"
        );
    }
}

/// Resumes the flow that `state` is a version of. The frame has moved on if an earlier turn was
/// undone after the flow had run: what it then waits for is not what is on the page.
template <class Incoming>
effects resume(void* state, const Incoming& incoming) {
    auto& self = *static_cast<flow_state*>(state);
    auto& frame = *self.frame;
    if (self.step != frame.step) return fail("This could not be continued. Please start again.");
    self.step = ++frame.step;
    return frame.promise->resume_with(frame.handle, incoming);
}

effects start(void* state, context&) {
    auto& self = *static_cast<flow_state*>(state);
    self.step = ++self.frame->step;
    return self.frame->promise->run(self.frame->handle);
}

void* same(void* self) {
    return self;
}

const event_function no_event = nullptr;

}  // namespace

effects flow_promise_base::run(std::coroutine_handle<> frame) {
    pending_.reset();
    frame.resume();
    if (error_) return failed(std::move(error_));
    if (frame.done()) return any_effect(effect::answer{std::move(result_)});
    pending_->then = "answered";
    pending_->or_else = "failed";
    return any_effect(std::move(*pending_));
}

void flow_promise_base::throw_if_failed() {
    if (!failed_) return;
    auto why = std::move(*failed_);
    failed_.reset();
    throw call_failed(why);
}

component_type make_flow_type(std::string_view name, const std::type_info* answer_type) {
    component_type type;
    type.name = name;
    type.answer_type = answer_type;
    type.handlers.push_back(
        {"answered",
         &no_event,
         &same,
         [](void* state, context&, const answer_value& value) { return resume(state, value); },
         nullptr}
    );
    type.handlers.push_back(
        {"failed",
         &no_event,
         &same,
         nullptr,
         [](void* state, context&, const failure& why) { return resume(state, why); }}
    );
    type.copy = [](const std::shared_ptr<const void>& state) -> std::shared_ptr<void> {
        return std::make_shared<flow_state>(*static_cast<const flow_state*>(state.get()));
    };
    type.start = &start;
    return type;
}

}  // namespace stube::detail
