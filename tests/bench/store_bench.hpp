// The parts of `./dev bench store`: the costs of stores and of growing conversations.
#pragma once

#include <stube/store/store.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace bench {

struct store_options {
    std::filesystem::path folder;  ///< for databases
    std::size_t rounds = 5;
    std::size_t part = 1;  ///< divides the numbers of events, conversations and children
};

/// Each function prints its table and returns its figures.
boost::json::array measure_saves(const store_options& options);
boost::json::array measure_children(const store_options& options);
boost::json::array measure_history(const store_options& options);
boost::json::array measure_pages(const store_options& options);
boost::json::object measure_load(const store_options& options);
boost::json::object measure_archive(const store_options& options);
boost::json::object measure_index(const store_options& options);

/// A conversation of about 1 KiB in three parts, as the kernel begins it, to be saved.
stube::storage::change begun_conversation(std::size_t number);

/// JSON of this size. The whole text differs at each revision, since SQLite does not write an
/// unchanged page.
std::string body(std::size_t size, std::uint64_t revision);

/// Different numbers below `of`, as the conversations in a batch of events of many users.
std::vector<std::size_t> pick(std::mt19937& random, std::size_t count, std::size_t of);

}  // namespace bench
