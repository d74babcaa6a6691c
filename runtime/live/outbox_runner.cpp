#include "runtime/live/outbox_runner.hpp"

#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"

#include <stube/runtime/kernel.hpp>
#include <stube/runtime/random_id.hpp>

#include <utility>
#include <variant>

namespace stube::live {

using namespace kernel;

outbox_runner::outbox_runner(map_context& context, messages& to_topics, work& in_background)
    : context_(context), messages_(to_topics), work_(in_background) {}

void outbox_runner::run(const held_entry& held, std::vector<any_command> outbox) {
    if (!held.value().unseen) return carry_out(held, std::move(outbox));
    for (auto& pending : outbox) {
        if (const auto* stop = std::get_if<command::stop>(&pending))
            stop_component(held, *stop);
        else
            held.session().make_background().held_commands.push_back(std::move(pending));
    }
}

void outbox_runner::run_held(const held_entry& held, const operation& op) {
    auto& background = held.session().background;
    if (!background) return;
    auto commands = std::exchange(background->held_commands, {});
    if (op.from != origin::upkeep) carry_out(held, std::move(commands));
    for (const auto number : std::exchange(background->interrupted_work, {}))
        work_.deliver(interrupted_work(held->id, number));
}

void outbox_runner::carry_out(const held_entry& held, std::vector<any_command> outbox) {
    for (auto& pending : outbox) {
        if (auto* message = std::get_if<command::publish>(&pending)) {
            messages_.publish(message->topic, message->message);
        } else if (auto* stop = std::get_if<command::stop>(&pending)) {
            stop_component(held, *stop);
        } else {
            work_.begin(*held, std::move(std::get<command::work>(pending)));
        }
    }
}

void outbox_runner::stop_component(const held_entry& held, const command::stop& leaving) {
    try {
        random_bits random(random_number);
        run_stop(leaving, held.value(), context_.environment(&random));
    } catch (...) {
        context_.log().error(
            "stop failed conversation={} component={} why={}",
            held->id,
            leaving.leaving->type->name,
            quote_for_log(current_exception_message())
        );
    }
}

}  // namespace stube::live
