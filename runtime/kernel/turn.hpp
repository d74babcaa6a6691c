#pragma once

#include <stube/runtime/conversation.hpp>
#include <stube/runtime/kernel.hpp>

#include <boost/json/array.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// The part of the kernel in which components run.
namespace stube::kernel {

/// The context that members of the conversation run in.
/// `stood` is the conversation as it was before the turn, for handlers.
context
context_of(const conversation& of, const environment& world, const conversation* stood = nullptr);

/// Asks that the `stop` hook of an instance that leaves is run, if it has one.
void ask_to_stop(const instance_ptr& leaving, std::vector<any_command>& requests);

/// The arguments of an event or a message; nothing if they are not a JSON array.
std::optional<boost::json::array> parse_arguments(std::string_view text);

/// Which instances hear of a topic, and where.
std::vector<std::pair<instance_id, const handler*>>
subscribers(const conversation& in, std::string_view topic);

/// A conversation on its way from one revision to the next. Members run on copies of their state;
/// what they throw leaves `next()` in no particular state, and the turn is to be given up.
class turn {
public:
    using member_call = std::function<effects(void* state, context&)>;

    /// `start` outlives it. `acted` is the instance whose event it is, 0 without one.
    turn(const conversation& start, const environment& world, instance_id acted = 0);

    /// Makes the first instance of the page and starts it.
    void begin(const effect::call& root);

    /// Gives form values to the fields of an instance. It stands so in the step that Back returns
    /// to.
    void fill(instance_id id, const std::vector<form_value>& form);

    /// The same for fields that hold something else; fields and messages of the others stay.
    void keep_typed(instance_id id, const std::vector<form_value>& form);

    /// Runs a member of an instance and carries out what it wants, then delivers what was sent
    /// within the conversation meanwhile. Does nothing if the instance has gone.
    void run(instance_id id, const member_call& what);

    /// The same for a message (a JSON array of arguments) to one of its members.
    void receive(instance_id id, const handler& at, std::string_view arguments);

    /// Runs what an instance has for the result of its work, or for the failure of it.
    void give_result(instance_id id, const pending_work& of, const answer_value& result);
    void give_failure(instance_id id, const pending_work& of, const failure& why);

    /// Shows the messages of the instance's fields that hold no value; false if there is none.
    bool show_errors(instance_id id, const void* tried);

    /// The `wakeup` hooks of all instances, owners and callers first.
    void wake();

    /// Changes what an instance waits for.
    void change_waits(instance_id id, const std::function<void(attachments&)>& change);

    void tell_failure(const failure& why);

    // What came of it.
    conversation& next() { return next_; }

    bool ended() const { return next_.root == 0; }

    const markup& final_view() const { return final_view_; }

    std::vector<patch>& notices() { return notices_; }

    instance_id acted() const { return acted_; }

    /// Commands, and content of `patch_element`.
    std::vector<patch>& extras() { return extras_; }

    std::vector<any_command>& outbox() { return outbox_; }

    /// Why a component failed, for the log; the turn itself succeeded.
    std::string& error() { return error_; }

    /// True if Back returns to what was before this turn.
    bool is_step() const { return is_step_; }

    /// True if a handler asked to go back.
    bool goes_back() const { return goes_back_; }

    /// True if a handler wants the steps so far forgotten.
    bool seals() const { return seals_; }

    /// True if a handler set the address itself.
    bool sets_url() const { return sets_url_; }

    /// What was at work before the turn, with what was typed.
    const instance_table& before() const { return before_; }

private:
    struct message {
        instance_id to;
        const handler* member;
        std::string arguments;
    };

    // Instances.
    std::shared_ptr<instance> make(const component_type& type, std::shared_ptr<const void> state);
    std::shared_ptr<instance> edit(instance_id id);
    void put(std::shared_ptr<instance> one);
    void put_typed(instance_id id, std::shared_ptr<const void> state);
    void come_to_life(instance_id id);
    void leave(instance_id id);
    void leave_below(const instance& of);
    void leave_place(instance_id first);
    void stop_started(const instance_ptr& leaving);
    void begin_anew(instance_id id, std::shared_ptr<const void> state);
    void reconcile(const instance_ptr& before, instance_id id);
    void make_children(instance_id id);
    void rename_child(instance_id owner, instance_id from, instance_id to);

    // Running members.
    effects change(instance_id id, const member_call& what);
    void run_and_carry_out(instance_id id, const member_call& what);
    void take_message(instance_id id, const handler& at, std::string_view arguments);
    void deliver();

    // Effects, as an instance wants them.
    void carry_out(instance_id from, const effects& wanted);
    void apply(instance_id from, const effect::call& call);
    void apply(instance_id from, const effect::answer& answer);
    void apply(instance_id from, const effect::fail& fail);
    void apply(instance_id from, const effect::become& become);
    void apply(instance_id from, const effect::end& end);
    void apply(instance_id from, const effect::back&);
    void apply(instance_id from, const effect::seal&);
    void apply(instance_id from, const effect::keep& keep);
    void apply(instance_id from, const effect::send& send);
    void apply(instance_id from, const effect::publish& publish);
    void apply(instance_id from, const effect::subscribe& subscribe);
    void apply(instance_id from, const effect::unsubscribe& unsubscribe);
    void apply(instance_id from, const effect::after& after);
    void apply(instance_id from, const effect::cancel& cancel);
    void apply(instance_id from, const effect::run& run);
    void apply(instance_id from, const effect::command& command);
    void apply(instance_id from, const effect::patch& patch);

    instance_id first_of(const instance& caller, const effect::call& call) const;
    void resume(instance_id caller, const handler* then, const answer_value& value);
    void fail_to(instance_id caller, const handler* or_else, const failure& why);
    instance_id
    exchange(instance_id from, const component_type& type, std::shared_ptr<const void> state);
    void leave_nothing(const instance_ptr& over);
    void finish(markup view);

    conversation next_;
    const conversation& start_;
    const environment& world_;
    instance_id acted_;
    std::uint64_t version_;
    instance_table before_;
    std::set<instance_id> not_started_;
    std::vector<message> messages_;
    std::vector<patch> notices_;
    std::vector<patch> extras_;
    std::vector<any_command> outbox_;
    markup final_view_;
    std::string error_;
    bool is_step_ = false;
    bool goes_back_ = false;
    bool seals_ = false;
    bool sets_url_ = false;
    int steps_ = 0;
    int nesting_ = 0;
};

// What the two files of a turn share: turn.cpp has instances and the running of members,
// turn_effects.cpp carries out what they want.

/// Throws std::logic_error: the component is written wrongly.
[[noreturn]] void broken(std::string_view component, std::string_view what);

/// Null for no name. Throws if there is no such member.
const handler* member_of(const component_type& type, std::string_view name);

/// True for what leaves or suspends the component.
bool is_move(const any_effect& one);

/// Runs `to` with an answer. The stored name of a member may stand for another one in this release.
turn::member_call with_answer(const handler& to, const answer_value& value);

bool takes_failure(const handler* to);
turn::member_call with_failure(const handler& to, const failure& why);

}  // namespace stube::kernel
