// An access to a guarded member with and without its mutex. Only clang checks it.

#include "runtime/live/mutex.hpp"

namespace {

class counter {
public:
    int next() {
#ifndef WITHOUT_MUTEX
        const stube::live::mutex_lock lock(mutex_);
#endif
        return ++count_;
    }

private:
    stube::live::mutex mutex_;
    int count_ STUBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace

int main() {
    return counter().next();
}
