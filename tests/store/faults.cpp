#include "faults.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

namespace store_test {
namespace {

struct plan {
    std::atomic<long> calls{0};
    std::atomic<long> first{0};  ///< the call that fails, by number; 0 is none
    std::atomic<long> last{0};
    std::atomic<int> error{0};
    std::atomic<bool> tripped{false};
};

std::array<plan, 3> plans;

plan& plan_for(fault kind) {
    return plans[static_cast<std::size_t>(kind)];
}

void fail_between(fault kind, int nth, long last, int error) {
    plan& one = plan_for(kind);
    one.error = error;
    one.tripped = false;
    one.last = last;
    one.first = one.calls + nth;
}

/// True if this call has to fail; errno is set then.
bool fails(fault kind) {
    plan& one = plan_for(kind);
    long call = ++one.calls;
    long first = one.first;
    if (first == 0 || call < first || call > one.last) return false;
    one.tripped = true;
    errno = one.error;
    return true;
}

}  // namespace

void fail_from(fault kind, int nth, int error) {
    fail_between(kind, nth, 1L << 60, error);
}

void fail_once(fault kind, int nth, int error) {
    fail_between(kind, nth, calls_of(kind) + nth, error);
}

bool end_of_faults() {
    bool tripped = false;
    for (plan& one : plans) {
        one.first = 0;
        tripped = one.tripped.exchange(false) || tripped;
    }
    return tripped;
}

long calls_of(fault kind) {
    return plan_for(kind).calls;
}

}  // namespace store_test

using store_test::fails;
using store_test::fault;

extern "C" {

ssize_t write(int file, const void* data, size_t size) {
    return fails(fault::write) ? -1 : ::syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
    return fails(fault::write) ? -1 : ::syscall(SYS_pwrite64, file, data, size, at);
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t at) {
    return fails(fault::write) ? -1 : ::syscall(SYS_pwrite64, file, data, size, at);
}

int fsync(int file) {
    return fails(fault::sync) ? -1 : static_cast<int>(::syscall(SYS_fsync, file));
}

int fdatasync(int file) {
    return fails(fault::sync) ? -1 : static_cast<int>(::syscall(SYS_fdatasync, file));
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    if (fails(fault::rename)) return -1;
    return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}

}  // extern "C"
