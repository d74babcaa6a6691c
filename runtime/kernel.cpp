#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stube {
namespace {

/// A turn that calls and answers this often without coming to rest never will.
constexpr int max_steps = 1000;

context context_of(const conversation& of, const surroundings& world) {
    return context(of.id, of.principal, world.now, world.app, world.app_type);
}

markup finished_view(const conversation& of, std::string_view text) {
    using namespace html;
    return section(class_("card"), h1(text), p(a(href(of.mount), "Start again")));
}

patch notice(std::string_view text) {
    using namespace html;
    return {.what = patch::kind::notice, .content = p(role("alert"), text)};
}

/// The part of a turn in which components run: a conversation on its way from one revision to the
/// next.
class turn {
public:
    turn(conversation start, const surroundings& world) : next_(std::move(start)), world_(world) {}

    conversation& next() { return next_; }

    bool ended() const { return ended_; }

    const markup& final_view() const { return final_view_; }

    std::vector<patch>& notices() { return notices_; }

    /// Why a component failed, for the log; the turn itself succeeded.
    std::string& error() { return error_; }

    /// Puts a new instance on the stack and starts it.
    void push(const effect::call& call) {
        if (next_.stack.size() >= max_stack) throw std::logic_error("stube: calls nest too deep");
        auto made = make_instance(*call.type, call.state);
        if (!next_.stack.empty()) {
            const auto& caller = next_.top();
            made->caller = caller.id;
            made->then = resume_of(caller, call.then);
            made->or_else = resume_of(caller, call.or_else);
        }
        next_.stack.push_back(std::move(made));
        start_top();
    }

    /// Runs `member(state, context)`, which returns effects, on a copy of the top instance's state,
    /// keeps the copy, and carries the effects out.
    template <class Member>
    void run_top(Member member) {
        carry_out(change(next_.stack.size() - 1, member));
    }

    void wake() {
        for (std::size_t at = 0; at < next_.stack.size(); ++at) {
            const auto* type = next_.stack[at]->type;
            if (!type->wakeup) continue;
            bool is_top = at + 1 == next_.stack.size();
            auto wanted = change(at, type->wakeup);
            if (is_top) return carry_out(wanted);
            if (!wanted.list().empty()) {
                throw std::logic_error("stube: wakeup of a component that waits for an answer can "
                                       "only change its state");
            }
        }
    }

private:
    std::shared_ptr<instance>
    make_instance(const component_type& type, std::shared_ptr<const void> state) {
        auto made = std::make_shared<instance>();
        made->id = ++next_.last_instance;
        made->type = &type;
        made->state = std::move(state);
        return made;
    }

    static const handler* resume_of(const instance& caller, std::string_view member) {
        if (member.empty()) return nullptr;
        const auto* found = caller.type->find(member);
        if (!found) {
            throw std::logic_error(
                "stube: " + std::string(caller.type->name) + " has no member " + std::string(member)
            );
        }
        return found;
    }

    template <class Member>
    effects change(std::size_t at, Member member) {
        if (++steps_ > max_steps)
            throw std::logic_error("stube: components call each other without end");
        auto changed = std::make_shared<instance>(*next_.stack[at]);
        auto state = changed->type->copy(changed->state);
        auto surroundings_now = context_of(next_, world_);
        auto wanted = member(state.get(), surroundings_now);
        changed->state = std::move(state);
        next_.stack[at] = std::move(changed);
        return wanted;
    }

    void start_top() {
        const auto* type = next_.top().type;
        if (type->start) run_top(type->start);
    }

    void carry_out(const effects& wanted) {
        const auto& list = wanted.list();
        if (list.size() > 1) {
            throw std::logic_error(
                "stube: a handler can call, answer, fail, become or end only once"
            );
        }
        for (const auto& one : list) {
            std::visit([this](const auto& e) { apply(e); }, one);
        }
    }

    void apply(const effect::call& call) { push(call); }

    void apply(const effect::answer& answer) {
        check_answer(answer.value);
        auto left = pop();
        if (next_.stack.empty()) return finish(finished_view(next_, "Finished"));
        if (!left->then) return rest();
        const auto* then = left->then;
        if (!then->on_answer) throw std::logic_error("stube: this member cannot take an answer");
        run_top([&](void* state, context& c) {
            return then->on_answer(then->owner(state), c, answer.value);
        });
    }

    void apply(const effect::fail& fail) {
        if (error_.empty()) error_ = fail.internal;
        auto left = pop();
        if (next_.stack.empty()) return finish(finished_view(next_, fail.why.message));
        const auto* or_else = left->or_else;
        if (or_else && or_else->on_failure) {
            return run_top([&](void* state, context& c) {
                return or_else->on_failure(or_else->owner(state), c, fail.why);
            });
        }
        // A task has nothing to show the message on: its own caller may know what to do.
        if (!next_.top().type->render) return apply(fail);
        notices_.push_back(notice(fail.why.message));
    }

    void apply(const effect::become& become) {
        auto made = make_instance(*become.type, become.state);
        auto left = pop();
        made->caller = left->caller;
        made->then = left->then;
        made->or_else = left->or_else;
        next_.stack.push_back(std::move(made));
        start_top();
    }

    void apply(const effect::end& end) {
        while (!next_.stack.empty())
            pop();
        finish(end.final_view.empty() ? finished_view(next_, "Finished") : end.final_view);
    }

    /// An answer nobody waits for: a caller with a view is simply shown again.
    void rest() {
        if (!next_.top().type->render) {
            throw std::logic_error(
                "stube: " + std::string(next_.top().type->name) +
                " is a task: each of its calls needs .then<...>()"
            );
        }
    }

    instance_ptr pop() {
        auto left = next_.stack.back();
        if (left->type->stop) {
            auto state = left->type->copy(left->state);
            auto surroundings_now = context_of(next_, world_);
            left->type->stop(state.get(), surroundings_now);
        }
        next_.stack.pop_back();
        return left;
    }

    void finish(markup final_view) {
        ended_ = true;
        final_view_ = std::move(final_view);
    }

    void check_answer(const answer_value& value) const {
        const auto& type = *next_.top().type;
        bool fits = type.answer_type ? value.holds(*type.answer_type) : value.empty();
        if (!fits) {
            throw std::logic_error(
                "stube: " + std::string(type.name) + " answered another type than its answer_type"
            );
        }
    }

    conversation next_;
    const surroundings& world_;
    std::vector<patch> notices_;
    markup final_view_;
    std::string error_;
    bool ended_ = false;
    int steps_ = 0;
};

void remember(conversation& in, event_id id) {
    if (id == 0) return;
    if (in.applied.size() >= remembered_events) in.applied.erase(in.applied.begin());
    in.applied.push_back(id);
}

markup render(const instance& of) {
    if (!of.type->render) {
        throw std::logic_error(
            "stube: " + std::string(of.type->name) +
            " has no render() and called nothing: there is no page"
        );
    }
    markup out;
    compose(out, of.type->render(of.state.get()), of.id, [](const hole&) {});
    return out;
}

/// What came of a turn, with the patches that show it. `shown` is the instance that was on the page
/// before.
outcome settle(turn& done, event_id id, instance_id shown, const surroundings& world) {
    outcome out;
    auto& next = done.next();
    ++next.revision;
    next.touched = world.now;
    remember(next, id);
    if (done.ended()) {
        out.what = verdict::ended;
        out.patches.push_back({.what = patch::kind::final, .content = done.final_view()});
    } else {
        auto kind = next.top().id == shown ? patch::kind::instance : patch::kind::view;
        out.patches.push_back({.what = kind, .target = next.top().id, .content = render(next.top())}
        );
    }
    out.error = std::move(done.error());
    for (auto& n : done.notices())
        out.patches.push_back(std::move(n));
    out.next = std::move(next);
    return out;
}

/// Runs a turn. Whatever a component throws undoes all of it.
template <class Function>
outcome guarded(Function run) {
    outcome failed;
    failed.what = verdict::failed;
    try {
        return run();
    } catch (const std::exception& e) {
        failed.error = e.what();
    } catch (...) {
        failed.error = "an exception that is no std::exception";
    }
    return failed;
}

outcome unchanged(const conversation& now, verdict why) {
    return guarded([&] {
        outcome out;
        out.what = why;
        out.patches.push_back(render_view(now));
        return out;
    });
}

/// The arguments of an event; nothing if they are not a JSON array.
std::optional<boost::json::array> parse_arguments(const std::string& text) {
    if (text.empty()) return boost::json::array();
    boost::json::error_code ec;
    auto parsed = boost::json::parse(text, ec);
    if (ec || !parsed.is_array()) return std::nullopt;
    return std::move(parsed.get_array());
}

/// `state` with the form's values in its fields.
std::shared_ptr<void> filled(const instance& from, const std::vector<form_value>& form) {
    auto state = from.type->copy(from.state);
    from.type->fill(state.get(), form);
    return state;
}

instance_ptr with_state(const instance& from, std::shared_ptr<const void> state) {
    auto changed = std::make_shared<instance>(from);
    changed->state = std::move(state);
    return changed;
}

/// A handler wanted a value that is none: it is undone, and what was typed stays with its messages.
outcome show_errors(const conversation& now, const event& what, const surroundings& world) {
    const auto& top = now.top();
    auto state = filled(top, what.form);
    if (!top.type->show_errors(state.get())) {
        throw std::logic_error("stube: a field without a value was read, and it is not on the page"
        );
    }
    turn t(now, world);
    t.next().stack.back() = with_state(top, std::move(state));
    return settle(t, what.id, top.id, world);
}

outcome run_event(
    const conversation& now,
    const event& what,
    const handler& target,
    const boost::json::array& arguments,
    const surroundings& world
) {
    const auto& top = now.top();
    const bool has_form = top.type->fill && !what.form.empty();
    try {
        turn t(now, world);
        if (has_form) t.next().stack.back() = with_state(top, filled(top, what.form));
        t.run_top([&](void* state, context& c) {
            return (*target.on_event)(target.owner(state), c, arguments);
        });
        return settle(t, what.id, top.id, world);
    } catch (const invalid_field& e) {
        if (!top.type->fill) throw std::logic_error(e.what());
        return show_errors(now, what, world);
    }
}

}  // namespace

outcome begin(conversation fresh, const effect::call& root, const surroundings& world) {
    return guarded([&] {
        fresh.created = world.now;
        turn t(std::move(fresh), world);
        t.push(root);
        return settle(t, 0, 0, world);
    });
}

outcome dispatch(const conversation& now, const event& what, const surroundings& world) {
    if (what.id != 0 && now.knows(what.id)) return unchanged(now, verdict::repeated);
    if (what.instance != now.top().id) return unchanged(now, verdict::stale);
    const auto* target = now.top().type->find(what.name);
    if (!target || !*target->on_event)
        return {verdict::unknown_event, {}, {}, "no event " + what.name};
    auto arguments = parse_arguments(what.arguments);
    if (!arguments) return {verdict::bad_arguments, {}, {}, "the arguments are not a JSON array"};
    outcome refused{verdict::bad_arguments, {}, {}, {}};
    auto done = guarded([&] {
        try {
            return run_event(now, what, *target, *arguments, world);
        } catch (const bad_arguments& e) {
            refused.error = e.what();
            return refused;
        }
    });
    return done;
}

bool has_wakeup(const conversation& now) {
    return std::ranges::any_of(now.stack, [](const auto& each) {
        return each->type->wakeup != nullptr;
    });
}

outcome wake(const conversation& now, const surroundings& world) {
    return guarded([&] {
        turn t(now, world);
        t.wake();
        return settle(t, 0, 0, world);
    });
}

std::vector<std::string> stop_all(const conversation& now, const surroundings& world) {
    std::vector<std::string> errors;
    for (auto at = now.stack.rbegin(); at != now.stack.rend(); ++at) {
        const auto& left = **at;
        if (!left.type->stop) continue;
        auto stopped = guarded([&] {
            auto state = left.type->copy(left.state);
            auto surroundings_now = context_of(now, world);
            left.type->stop(state.get(), surroundings_now);
            return outcome();
        });
        if (!stopped.error.empty()) errors.push_back(std::move(stopped.error));
    }
    return errors;
}

patch farewell(const conversation& of, std::string_view text) {
    return {.what = patch::kind::final, .content = finished_view(of, text)};
}

patch failure_notice(std::string_view error_id) {
    return notice(
        "Something went wrong; nothing was changed. Please try again. Error " +
        std::string(error_id)
    );
}

patch render_view(const conversation& now) {
    return {.what = patch::kind::view, .target = now.top().id, .content = render(now.top())};
}

}  // namespace stube
