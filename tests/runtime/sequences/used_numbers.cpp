#include "used_numbers.hpp"

namespace sequences {

using namespace stube::kernel;

/// Returns false if a number that was not known is not above all that were.
bool used_numbers::numbers::add(const std::set<std::uint64_t>& present) {
    const std::uint64_t highest = all.empty() ? 0 : *all.rbegin();
    bool is_good = true;
    for (const auto each : present)
        is_good = is_good && (all.contains(each) || each > highest);
    all.insert(present.begin(), present.end());
    return is_good;
}

std::string used_numbers::add(const stube::conversation& value) {
    if (value.revision <= revision_) return "head " + std::to_string(value.revision);
    revision_ = value.revision;
    std::set<std::uint64_t> instances;
    std::set<std::uint64_t> steps{value.step};
    const auto add_instances = [&](const instance_table& in) {
        in.each([&](const instance_ptr& each) { instances.insert(each->id); });
    };
    add_instances(value.instances);
    for (const auto* list : {&value.past, &value.future}) {
        for (const auto& each : *list) {
            steps.insert(each->step);
            add_instances(each->instances);
        }
    }
    if (!instances_.add(instances)) return "an instance of head " + std::to_string(revision_);
    if (!steps_.add(steps)) return "a step of head " + std::to_string(revision_);
    return {};
}

}  // namespace sequences
