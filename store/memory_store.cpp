#include <stube/store/memory_store.hpp>

namespace stube {
namespace {

class nothing_kept final : public store {
public:
    load_report load_all(const std::function<void(record&&)>&) override { return {}; }
    void save(std::span<const change> batch) override { check_batch(batch); }
    bool keeps() const override { return false; }
};

}  // namespace

std::unique_ptr<store> memory_store() {
    return std::make_unique<nothing_kept>();
}

}  // namespace stube
