#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "one_file_store.hpp"

#include <stube/store/contract.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <sys/syscall.h>
#include <unistd.h>

using stube::store_contract::fault;

namespace {

fault injected = fault::none;

struct temporary_folder {
    std::filesystem::path path;

    temporary_folder() {
        std::string name = std::filesystem::temp_directory_path() / "one-file-XXXXXX";
        path = ::mkdtemp(name.data());
    }

    ~temporary_folder() { std::filesystem::remove_all(path); }
};

}  // namespace

// These two replace the functions of the C library.
extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
    if (injected != fault::disk_full) return ::syscall(SYS_write, fd, bytes, size);
    errno = ENOSPC;
    return -1;
}

extern "C" int fsync(int fd) {
    if (injected != fault::failed_sync) return static_cast<int>(::syscall(SYS_fsync, fd));
    errno = EIO;
    return -1;
}

TEST_CASE("one_file_store keeps the contract") {
    for (const auto& rule : stube::store_contract::rules()) {
        CAPTURE(rule.name);
        temporary_folder folder;
        stube::store_contract::tested_store mine;
        mine.open = [&] { return one_file_store(folder.path / "board.jsonl"); };
        mine.inject = [](fault next) { injected = next; };
        CHECK_NOTHROW(rule.check(mine));
    }
}

TEST_CASE("a second store on the same file is refused") {
    temporary_folder folder;
    auto mine = one_file_store(folder.path / "board.jsonl");
    CHECK_THROWS_AS(one_file_store(folder.path / "board.jsonl"), stube::store_refused);
}
