#include <stube/runtime/secret.hpp>
#include <stube/runtime/tree.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace stube {

using namespace kernel;
namespace {

constexpr std::string_view covering = "covered by";

std::string number(std::uint64_t n) {
    return std::to_string(n);
}

std::vector<std::string> waits_of(const wait_set& from) {
    std::vector<std::string> out;
    out.reserve(from.timers.size() + from.subscriptions.size() + from.work.size());
    for (const auto& each : from.timers)
        out.push_back("timer " + std::string(each.to->name));
    for (const auto& each : from.subscriptions)
        out.push_back("topic " + each.topic);
    for (const auto& each : from.work)
        out.push_back("work " + number(each.number));
    return out;
}

/// Collects the lines of one conversation.
class line_collector {
public:
    explicit line_collector(const conversation& of) : of_(of) {}

    std::vector<tree_line> run() {
        if (of_.root != 0) add_place(of_.root, "", 0);
        return std::move(out_);
    }

private:
    /// Adds all instances of one place, each below the instance that it covers.
    void add_place(instance_id first, std::string place, std::size_t depth) {
        for (auto id = first; id != 0; id = of_.instances.at(id).covered_by) {
            add_instance(of_.instances.at(id), std::move(place), depth++);
            place = covering;
        }
    }

    void add_instance(const instance& of, std::string place, std::size_t depth) {
        tree_line line{depth, std::move(place), of.id, of.type, {}, {}, {}};
        if (of.type->encode) line.state = of.type->encode(of.state.get());
        if (of.then) line.then = of.then->name;
        if (of.waits) line.waits = waits_of(*of.waits);
        out_.push_back(std::move(line));
        each_list(of, [&](const embedded_children& list) {
            for (const auto& child : list.all()) {
                if (!child.is_made()) continue;
                const auto key = child.key.empty() ? "" : " " + child.key;
                add_place(child.id, std::string(list.name()) + key, depth + 1);
            }
        });
    }

    const conversation& of_;
    std::vector<tree_line> out_;
};

void print(std::string& out, const tree_line& line) {
    out.append(2 * line.depth, ' ').append(line.place);
    if (!line.place.empty()) out += line.place == covering ? " " : ": ";
    out.append("#").append(number(line.id)).append(" ").append(line.type->name);
    if (!line.state.empty()) out.append(" ").append(line.state);
    if (!line.then.empty()) out.append(" answers to ").append(line.then);
    for (const auto& each : line.waits)
        out.append(" ").append(each);
    out += '\n';
}

}  // namespace

std::vector<tree_line> tree_lines(const conversation& of) {
    const detail::secret_form_scope masked(detail::secret_form::masked);
    return line_collector(of).run();
}

std::string tree(const conversation& of) {
    auto out = "conversation " + of.id + " revision " + number(of.revision) + " step " +
               number(of.step) + "\n";
    for (const auto& each : tree_lines(of))
        print(out, each);
    return out;
}

}  // namespace stube
