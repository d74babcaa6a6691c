#pragma once

#include "store/store_model.hpp"

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>
#include <stube/store/store.hpp>

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <stdlib.h>
#include <string>
#include <vector>

/// Support for the tests of every store: places to keep a store in.
namespace store_test {

namespace fs = std::filesystem;
using namespace stube::storage;

/// Not `"i" + std::to_string(n)`: for that, g++ 12 gives a false warning.
template <class Number>
std::string numbered(const char* text, Number number) {
    return std::string(text).append(std::to_string(number));
}

class temporary_folder {
public:
    explicit temporary_folder(const fs::path& parent = fs::temp_directory_path()) {
        std::string name = (parent / "stube-store-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }

    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    ~temporary_folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// The place of a file store. `open` can be called again after the last store was destroyed.
struct file_place {
    temporary_folder folder;

    fs::path path() const { return folder.path() / "kept"; }
    std::unique_ptr<stube::store> open() const { return stube::file_store(path()); }
    static constexpr bool whole_batches_survive_a_crash = false;
};

/// The place of an SQLite store.
struct sqlite_place {
    temporary_folder folder;

    fs::path path() const { return folder.path() / "kept.db"; }
    std::unique_ptr<stube::store> open() const { return stube::sqlite_store(path()); }
    static constexpr bool whole_batches_survive_a_crash = true;
};

/// The place of an SQLite store with its archive.
struct archive_place : sqlite_place {
    std::unique_ptr<stube::store> open() const {
        return stube::sqlite_store(path(), {.archive = true});
    }
};

/// A folder in memory (tmpfs), if the system has one.
inline fs::path memory_folder() {
    return fs::is_directory("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
}

struct file_place_in_memory : file_place {
    file_place_in_memory() : file_place{temporary_folder(memory_folder())} {}
};

struct sqlite_place_in_memory : sqlite_place {
    sqlite_place_in_memory() : sqlite_place{temporary_folder(memory_folder())} {}
};

struct archive_place_in_memory : archive_place {
    archive_place_in_memory() : archive_place{{temporary_folder(memory_folder())}} {}
};

/// Loads, and checks that nothing was quarantined.
inline contents load(stube::store& opened) {
    contents all;
    auto report = opened.load_all([&](record&& loaded) {
        std::string id = loaded.id;
        bool is_new = all.emplace(id, in_order(std::move(loaded))).second;
        CHECK(is_new);
    });
    CHECK(report.loaded == all.size());
    CHECK(report.quarantined.empty());
    return all;
}

template <class Place>
std::unique_ptr<stube::store> open_and_load(const Place& place) {
    auto opened = place.open();
    load(*opened);
    return opened;
}

template <class Place>
contents stored_in(const Place& place) {
    return load(*place.open());
}

/// Runs SQL as another program would. Returns the first column of the last row.
inline std::string run_sql(const fs::path& file, const std::string& text) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    std::string last;
    auto remember = [](void* to, int count, char** values, char**) {
        if (count > 0) *static_cast<std::string*>(to) = values[0] ? values[0] : "NULL";
        return 0;
    };
    int code = sqlite3_exec(handle, text.c_str(), remember, &last, nullptr);
    INFO(text, ": ", std::string(sqlite3_errmsg(handle)));
    CHECK(code == SQLITE_OK);
    sqlite3_close(handle);
    return last;
}

inline void save(stube::store& opened, std::vector<change> batch) {
    opened.save(batch);
}

}  // namespace store_test

namespace stube::storage {

inline std::ostream& operator<<(std::ostream& out, const record& record) {
    out << record.id << " revision " << record.revision
        << (record.status == record_status::kept ? "" : " tombstone");
    for (const auto& part : record.parts)
        out << "\n  " << part.name << ": " << part.body.substr(0, 200);
    return out;
}

}  // namespace stube::storage
