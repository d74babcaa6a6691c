// The parts of `./dev bench store`: the costs of stores and of growing conversations.
#pragma once

#include <stube/store/store.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstddef>
#include <filesystem>

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

/// A conversation of about 1 KiB in three parts, as the kernel begins it, to be saved.
stube::storage::change begun_conversation(std::size_t number);

}  // namespace bench
