#pragma once

#include <stube/store/store.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace stube {

/// A place that could not be opened. It says so when it is loaded, and not before: an application
/// writes `return site.start(port, sqlite_store(file))`, and only inside of `start` can an error
/// become one line and an exit code.
class refused_store final : public store {
public:
    explicit refused_store(std::exception_ptr why) : why_(std::move(why)) {}

    load_report load_all(const std::function<void(record&&)>&) override {
        std::rethrow_exception(why_);
    }

    void save(std::span<const change>) override { std::rethrow_exception(why_); }

private:
    std::exception_ptr why_;
};

/// The store, or one that was refused.
template <class Store, class... Arguments>
std::unique_ptr<store> open_store(const Arguments&... arguments) {
    try {
        return std::make_unique<Store>(arguments...);
    } catch (const store_refused&) {
        return std::make_unique<refused_store>(std::current_exception());
    }
}

}  // namespace stube
