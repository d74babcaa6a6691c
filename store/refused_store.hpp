#pragma once

#include <stube/store/store.hpp>

#include <exception>
#include <memory>

namespace stube {

/// A place that could not be opened. It says so when it is loaded, and not before: an application
/// writes `return site.start(port, sqlite_store(file))`, and only inside of `start` can an error
/// become one line and an exit code. Made where the refusal is caught.
class refused_store final : public store {
public:
    load_report load_all(const std::function<void(record&&)>&) override {
        std::rethrow_exception(why_);
    }

    void save(std::span<const change>) override { std::rethrow_exception(why_); }

private:
    const std::exception_ptr why_ = std::current_exception();
};

/// The store, or one that was refused.
template <class Store, class... Arguments>
std::unique_ptr<store> open_store(const Arguments&... arguments) {
    try {
        return std::make_unique<Store>(arguments...);
    } catch (const store_refused&) {
        return std::make_unique<refused_store>();
    }
}

}  // namespace stube
