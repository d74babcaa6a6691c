#include "team.hpp"

#include <stube/runtime/codec.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace standup {

team::team(std::string file) : file_(std::move(file)) {
    std::ifstream in(file_);
    if (!in) return;  // a new team
    std::ostringstream text;
    text << in.rdbuf();
    stube::decode(known_, boost::json::parse(text.str()));
}

std::vector<person> team::people() const {
    std::lock_guard lock(mutex_);
    return known_.people;
}

std::vector<item> team::items() const {
    std::lock_guard lock(mutex_);
    return known_.items;
}

std::optional<item> team::find(int number) const {
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(known_.items, number, &item::number);
    return found == known_.items.end() ? std::nullopt : std::optional(*found);
}

int team::next_number() {
    std::lock_guard lock(mutex_);
    ++known_.last_number;
    write();
    return known_.last_number;
}

void team::add(const item& fresh) {
    std::lock_guard lock(mutex_);
    if (std::ranges::find(known_.items, fresh.number, &item::number) != known_.items.end()) return;
    known_.items.push_back(fresh);
    write();
}

void team::change(int number, const std::function<void(item&)>& how) {
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(known_.items, number, &item::number);
    if (found == known_.items.end()) return;
    how(*found);
    write();
}

void team::remove(int number) {
    std::lock_guard lock(mutex_);
    std::erase_if(known_.items, [&](const item& each) { return each.number == number; });
    write();
}

// The new file replaces the old one only when it is complete. A database would do more.
void team::write() const {
    const std::string draft = file_ + ".new";
    std::ofstream out(draft);
    out << boost::json::serialize(stube::encode(known_)) << '\n';
    out.close();
    if (!out) throw std::runtime_error("cannot write " + draft);
    std::filesystem::rename(draft, file_);
}

}  // namespace standup
