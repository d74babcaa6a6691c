#pragma once

#include <stube/store/store.hpp>

#include <exception>
#include <memory>

namespace stube::storage {

/// A store whose place could not be opened. `load_all` throws the refusal, and nothing before it
/// does: an application writes `return site.start(port, sqlite_store(file))`, and only inside
/// `start` can the error become one line and an exit code. Must be constructed in the handler that
/// catches the refusal.
class refused_store final : public store {
public:
    load_report load_all(const std::function<void(record&&)>&) override {
        std::rethrow_exception(refusal_);
    }

    void save(std::span<const change>) override { std::rethrow_exception(refusal_); }

private:
    const std::exception_ptr refusal_ = std::current_exception();
};

/// Opens a `Store`; returns a `refused_store` if that throws store_refused.
template <class Store, class... Arguments>
std::unique_ptr<store> open_store(const Arguments&... arguments) {
    try {
        return std::make_unique<Store>(arguments...);
    } catch (const store_refused&) {
        return std::make_unique<refused_store>();
    }
}

}  // namespace stube::storage
