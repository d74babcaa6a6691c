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

/// The part of the kernel that runs the members of components.
namespace stube::kernel {

/// The context in which members of the conversation run. `before` is the conversation before the
/// turn, for handlers that take a snapshot.
context
context_of(const conversation& of, const environment& env, const conversation* before = nullptr);

/// Adds a command for the `stop` hook of an instance that leaves, if its type has the hook.
void request_stop(const instance_ptr& leaving, std::vector<any_command>& outbox);

/// The arguments of an event or a message. Empty if the text is not a JSON array.
std::optional<boost::json::array> parse_arguments(std::string_view text);

/// The instances that are subscribed to a topic, with the members that receive the message.
std::vector<std::pair<instance_id, const member_handler*>>
subscribers(const conversation& in, std::string_view topic);

/// Changes a conversation from one revision to the next. Members run on copies of their states. If
/// a member throws, `next()` is in an unspecified state and the turn must be abandoned.
class turn {
public:
    using member_call = std::function<effects(void* state, context&)>;

    /// Both references must outlive the turn. `acted` is the instance that receives the event, or
    /// 0.
    turn(const conversation& start, const environment& env, instance_id acted = 0);

    /// Makes the first instance of the page and starts it.
    void begin(const effect::call& root);

    /// Enters form values into the fields of an instance. The step to which Back returns contains
    /// these values.
    void fill(instance_id id, const std::vector<form_value>& form);

    /// Enters form values into the fields that have a different value. The other fields keep their
    /// values and messages.
    void keep_typed(instance_id id, const std::vector<form_value>& form);

    /// Runs a member of an instance, applies its effects, and then delivers the messages that were
    /// sent within the conversation. Does nothing if the instance has left.
    void run(instance_id id, const member_call& member);

    /// Runs a member with a message (a JSON array of arguments), in the same way.
    void receive(instance_id id, const member_handler& member, std::string_view arguments);

    /// Runs the member that receives the result, or the failure, of background work.
    void give_result(instance_id id, const pending_work& of, const answer_value& result);
    void give_failure(instance_id id, const pending_work& of, const failure& why);

    /// Shows the messages of all fields of the instance that do not have a valid value. Returns
    /// false if there are no such fields. For `tried`, see `component_type::show_errors`.
    bool show_errors(instance_id id, const void* tried);

    /// Runs the `wakeup` hooks of all instances, owners and callers first.
    void wake();

    /// Changes the timers, subscriptions and work that an instance waits for.
    void change_waits(instance_id id, const std::function<void(wait_set&)>& change);

    /// Shows a failure above the view, because no member handles it.
    void show_failure(const failure& why);

    // --- the result

    conversation& next() { return next_; }

    bool ended() const { return next_.root == 0; }

    const markup& final_view() const { return final_view_; }

    std::vector<patch>& notices() { return notices_; }

    instance_id acted() const { return acted_; }

    /// Commands to the page, and the content of `patch_element`.
    std::vector<patch>& extras() { return extras_; }

    std::vector<any_command>& outbox() { return outbox_; }

    std::vector<std::string>& aliases() { return aliases_; }

    /// For the log: the reason why a component failed in a turn that succeeded.
    std::string& error() { return error_; }

    /// True if Back can return to the conversation before this turn.
    bool is_step() const { return is_step_; }

    /// True if a handler returned `back()`.
    bool goes_back() const { return goes_back_; }

    /// True if a handler returned `no_way_back()`.
    bool seals() const { return seals_; }

    /// True if a handler set the address itself.
    bool sets_url() const { return sets_url_; }

    /// The instances before the turn, with the values that the user typed.
    const instance_table& before() const { return before_; }

private:
    struct message {
        instance_id to;
        const member_handler* member;
        std::string arguments;
    };

    // --- instances

    std::shared_ptr<instance> make(const component_type& type, std::shared_ptr<const void> state);

    /// A copy of an instance, to change and to `put`.
    std::shared_ptr<instance> edit(instance_id id);

    void put(std::shared_ptr<instance> one);
    void put_typed(instance_id id, std::shared_ptr<const void> state);

    /// Makes and starts the children of a new instance, then starts the instance.
    void start_instance(instance_id id);

    /// Removes an instance after all instances that it called or owns. Each is stopped once.
    void remove(instance_id id);

    /// Removes all instances that an instance called or owns.
    void remove_below(const instance& of);

    /// Removes all instances of a place, the uppermost first.
    void remove_place(instance_id first);

    /// A child that a sibling's `start` removes before its own `start` gets no `stop`.
    void request_stop_if_started(const instance_ptr& leaving);

    /// Replaces the state of a child and starts it again. The child keeps its id and its place.
    void reset_child(instance_id id, std::shared_ptr<const void> state);

    /// Compares the children before and after a handler. Removes the missing ones and makes the new
    /// ones.
    void reconcile(const instance_ptr& before, instance_id id);

    /// Makes and starts the new children in the slots and lists of an instance.
    void make_children(instance_id id);

    /// Replaces the first instance of a slot or list entry.
    void replace_child_id(instance_id owner, instance_id from, instance_id to);

    // --- running members

    /// Runs a member on a copy of the state, and puts the copy into the conversation.
    effects call_member(instance_id id, const member_call& member);

    void run_and_apply(instance_id id, const member_call& member);
    void handle_message(instance_id id, const member_handler& member, std::string_view arguments);

    /// Delivers the messages within the conversation in the order in which they were sent.
    void deliver_messages();

    // --- effects, each applied for the instance whose member returned it

    void apply_effects(instance_id from, const effects& wanted);
    void apply(instance_id from, const effect::call& call);
    void apply(instance_id from, const effect::answer& answer);
    void apply(instance_id from, const effect::fail& fail);
    void apply(instance_id from, const effect::become& become);
    void apply(instance_id from, const effect::end& end);
    void apply(instance_id from, const effect::back&);
    void apply(instance_id from, const effect::seal&);
    void apply(instance_id from, const effect::keep& keep);
    void apply(instance_id from, const effect::write_alias& alias);
    void apply(instance_id from, const effect::send& send);
    void apply(instance_id from, const effect::publish& publish);
    void apply(instance_id from, const effect::subscribe& subscribe);
    void apply(instance_id from, const effect::unsubscribe& unsubscribe);
    void apply(instance_id from, const effect::after& after);
    void apply(instance_id from, const effect::cancel& cancel);
    void apply(instance_id from, const effect::run& run);
    void apply(instance_id from, const effect::command& command);
    void apply(instance_id from, const effect::patch& patch);

    /// The first instance of the place in which a called component will be shown.
    instance_id first_of(const instance& caller, const effect::call& call) const;

    void give_answer(instance_id caller, const member_handler* then, const answer_value& value);
    void pass_failure(instance_id caller, const member_handler* or_else, const failure& why);

    /// Replaces an instance by a new one of another type in the same place.
    instance_id
    replace(instance_id from, const component_type& type, std::shared_ptr<const void> state);

    /// Replaces a child that has answered or failed by an invisible component.
    void replace_with_nothing(const instance_ptr& finished);

    void finish(markup view);

    conversation next_;
    const conversation& start_;
    const environment& env_;
    instance_id acted_;
    std::uint64_t version_;
    instance_table before_;
    std::set<instance_id> not_started_;
    std::vector<message> messages_;
    std::vector<patch> notices_;
    std::vector<patch> extras_;
    std::vector<any_command> outbox_;
    std::vector<std::string> aliases_;
    markup final_view_;
    std::string error_;
    bool is_step_ = false;
    bool goes_back_ = false;
    bool seals_ = false;
    bool sets_url_ = false;
    int steps_ = 0;
    int nesting_ = 0;
};

// Helpers for turn.cpp, which changes instances and runs members, and for turn_effects.cpp, which
// applies effects.

/// Throws component_error with the component's name, followed by `mistake`.
[[noreturn]] void throw_component_error(std::string_view component, std::string_view mistake);

/// The member of this name, or null for an empty name. Throws component_error if the type has no
/// such member.
const member_handler* member_of(const component_type& type, std::string_view name);

/// True for an effect that removes or covers the component, or goes back. A handler can return only
/// one of these, as its last effect.
bool must_be_last(const any_effect& wanted);

/// A call of `to` with an answer, which must outlive the call. Throws component_error if the member
/// cannot take an answer: a member with the stored name may have other parameters in this release.
turn::member_call with_answer(const member_handler& to, const answer_value& value);

bool takes_failure(const member_handler* to);

/// A call of `to` with a failure, which must outlive the call.
turn::member_call with_failure(const member_handler& to, const failure& why);

}  // namespace stube::kernel
