#include <stube/runtime/secret.hpp>
#include <stube/runtime/tree.hpp>

#include <string>

namespace stube {

using namespace kernel;
namespace {

std::string number(std::uint64_t n) {
    return std::to_string(n);
}

/// Prints one conversation.
class printer {
public:
    explicit printer(const conversation& of) : of_(of) {}

    std::string run() {
        out_ = "conversation " + of_.id + " revision " + number(of_.revision) + " step " +
               number(of_.step) + "\n";
        if (of_.root != 0) print_place(of_.root, "", 0);
        return std::move(out_);
    }

private:
    /// Prints all instances of one place. Each is indented below the instance that it covers.
    void print_place(instance_id first, std::string label, std::size_t depth) {
        for (auto id = first; id != 0; id = of_.instances.at(id).covered_by) {
            print_instance(of_.instances.at(id), label, depth++);
            label = "covered by ";
        }
    }

    void print_instance(const instance& of, const std::string& label, std::size_t depth) {
        out_.append(2 * depth, ' ').append(label).append("#").append(number(of.id));
        out_.append(" ").append(of.type->name);
        if (of.type->encode) out_.append(" ").append(of.type->encode(of.state.get()));
        if (of.then) out_.append(" answers to ").append(of.then->name);
        if (of.waits) print_waits(*of.waits);
        out_ += '\n';
        each_list(of, [&](const embedded_children& list) {
            for (const auto& child : list.all()) {
                if (!child.is_made()) continue;
                const auto key = child.key.empty() ? "" : " " + child.key;
                print_place(child.id, std::string(list.name()) + key + ": ", depth + 1);
            }
        });
    }

    void print_waits(const wait_set& from) {
        for (const auto& each : from.timers)
            out_.append(" timer ").append(each.to->name);
        for (const auto& each : from.subscriptions)
            out_.append(" topic ").append(each.topic);
        for (const auto& each : from.work)
            out_.append(" work ").append(number(each.number));
    }

    const conversation& of_;
    std::string out_;
};

}  // namespace

std::string tree(const conversation& of) {
    const detail::secret_form_scope masked(detail::secret_form::masked);
    return printer(of).run();
}

}  // namespace stube
