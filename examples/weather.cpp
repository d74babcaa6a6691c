#include "weather.hpp"

#include <stube/runtime/random_id.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <unistd.h>
#include <utility>

namespace gallery {

using namespace stube;
using namespace stube::html;

namespace {

namespace fs = std::filesystem;

constexpr auto max_age = std::chrono::hours(24);
constexpr std::size_t max_files = 1000;

/// The folder of the snapshots. Only the user that runs the server can read it.
fs::path snapshot_folder() {
    const auto folder = fs::temp_directory_path() / ("stube-weather-" + std::to_string(geteuid()));
    fs::create_directory(folder);
    if (!fs::is_directory(fs::symlink_status(folder)))
        throw std::runtime_error(folder.string() + " is not a folder");
    fs::permissions(folder, fs::perms::owner_all);  // throws if another user owns the folder
    return folder;
}

fs::path snapshot_path(const std::string& name) {
    return snapshot_folder() / (name + ".json");
}

/// Removes expired files, and the oldest ones if there are too many. Any visitor can create files.
void remove_old_files() {
    using written = std::pair<fs::file_time_type, fs::path>;
    std::vector<written> all;
    std::error_code ignored;  // another thread may have removed the file
    for (const auto& each : fs::directory_iterator(snapshot_folder()))
        all.emplace_back(fs::last_write_time(each.path(), ignored), each.path());
    std::ranges::sort(all, std::greater());
    const auto expired = fs::file_time_type::clock::now() - max_age;
    for (std::size_t at = 0; at < all.size(); ++at) {
        if (at >= max_files || all[at].first < expired) fs::remove(all[at].second, ignored);
    }
}

void write(const std::string& name, const boost::json::value& snapshot) {
    remove_old_files();
    std::ofstream to(snapshot_path(name), std::ios::trunc);
    to << boost::json::serialize(snapshot) << std::flush;
    if (!to) throw std::runtime_error("could not write " + snapshot_path(name).string());
}

/// The name comes from an address, so it is used only if it has the form of our own names.
boost::json::value read(const std::string& name) {
    const bool is_ours = name.size() == 22 && std::ranges::all_of(name, [](unsigned char c) {
                             return std::isalnum(c) || c == '-' || c == '_';
                         });
    std::ifstream from;
    if (is_ours) from.open(snapshot_path(name));
    if (!from.is_open()) throw std::invalid_argument("no such file: " + name);
    return boost::json::parse(std::string(std::istreambuf_iterator<char>(from), {}));
}

markup match_row(const cold_and_windy& match) {
    return li(strong(match.place), " ", match.celsius, " °C, ", match.speed, " km/h");
}

}  // namespace

int rule_session::fire() {
    int fired = 0;
    for (const auto& cold : temperatures) {
        for (const auto& windy : winds) {
            if (cold.place != windy.place || cold.celsius >= 5 || windy.speed <= 30) continue;
            const cold_and_windy both{cold.place, cold.celsius, windy.speed};
            if (std::ranges::find(found, both) != found.end()) continue;
            found.push_back(both);
            ++fired;
        }
    }
    return fired;
}

void weather::report() {
    place.require("Enter a place");
    if (has_errors(*this)) return;
    if (const auto degrees = celsius.value())
        rules.temperatures.push_back({place.value(), *degrees});
    if (const auto kmh = speed.value()) rules.winds.push_back({place.value(), *kmh});
    fired += rules.fire();
    place.clear();
    celsius.clear();
    speed.clear();
}

/// The file holds the conversation as it was before this click.
void weather::keep(context& around) {
    if (file.empty()) file = random_id();
    write(file, around.snapshot());
}

markup weather::render() const {
    return section(
        class_("card"),
        h1("Cold and windy"),
        form(
            on<"submit", &weather::report>,
            ui::input_for<&weather::place>(*this, "Place", autocomplete("off")),
            ui::input_for<&weather::celsius>(*this, "Temperature, °C", inputmode("numeric")),
            ui::input_for<&weather::speed>(*this, "Wind, km/h", inputmode("numeric")),
            div(class_("actions"), button("Report"))
        ),
        p(rules.temperatures.size(),
          " temperatures, ",
          rules.winds.size(),
          " winds, ",
          fired,
          " rules fired"),
        when(
            rules.found.empty(),
            p(class_("muted"), "No place is below 5 °C with more than 30 km/h of wind.")
        ),
        when(
            !rules.found.empty(),
            ul(attr("aria-label", "Cold and windy"), each(rules.found, match_row))
        ),
        div(class_("actions"),
            button(class_("secondary"), on<"click", &weather::keep>, "Write to a file")),
        when(
            !file.empty(),
            p("Written. ", a(href("weather-kept?file=" + file), "Continue from the file"))
        )
    );
}

void add_weather(app& site, page_options options) {
    site.mount<weather>("/weather", options);
    site.restore(
        "/weather-kept",
        [](const request_info& request) { return read(request.query("file").value_or("")); },
        options
    );
}

}  // namespace gallery
