#pragma once

#include <stube/store/file_store.hpp>
#include <stube/store/sqlite_store.hpp>
#include <stube/store/store.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <stdlib.h>
#include <string>
#include <vector>

/// What the tests of every store share: places to keep one, and a model to compare it with.
namespace store_test {

namespace fs = std::filesystem;
using stube::change;
using stube::keeping;
using stube::part;
using stube::record;

/// Not `"i" + std::to_string(n)`, of which g++ 12 warns without cause.
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

/// A place is where a store keeps its things: `open` can be called again once the last store is
/// gone.
struct file_place {
    temporary_folder folder;

    fs::path path() const { return folder.path() / "kept"; }
    std::unique_ptr<stube::store> open() const { return stube::file_store(path()); }
    static constexpr bool whole_batches_survive_a_crash = false;
};

struct sqlite_place {
    temporary_folder folder;

    fs::path path() const { return folder.path() / "kept.db"; }
    std::unique_ptr<stube::store> open() const { return stube::sqlite_store(path()); }
    static constexpr bool whole_batches_survive_a_crash = true;
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

/// What is stored, by id, the parts by name.
using contents = std::map<std::string, record>;

inline record in_order(record one) {
    std::sort(one.parts.begin(), one.parts.end(), [](const part& a, const part& b) {
        return a.name < b.name;
    });
    return one;
}

/// Loads and expects that nothing was set aside.
inline contents load(stube::store& from) {
    contents all;
    auto report = from.load_all([&](record&& one) {
        std::string id = one.id;
        bool is_new = all.emplace(id, in_order(std::move(one))).second;
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

inline void save(stube::store& to, std::vector<change> batch) {
    to.save(batch);
}

inline change creating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> parts,
    keeping status = keeping::kept
) {
    return {std::move(id), change::kind::create, revision, status, std::move(parts), {}};
}

inline change replacing(
    std::string id,
    std::uint64_t revision,
    std::vector<part> parts,
    keeping status = keeping::kept
) {
    return {std::move(id), change::kind::replace, revision, status, std::move(parts), {}};
}

inline change updating(
    std::string id,
    std::uint64_t revision,
    std::vector<part> written,
    std::vector<std::string> dropped = {}
) {
    return {
        std::move(id),
        change::kind::update,
        revision,
        keeping::kept,
        std::move(written),
        std::move(dropped)
    };
}

inline change removing(std::string id) {
    return {std::move(id), change::kind::remove, 0, keeping::kept, {}, {}};
}

/// What a store does, in the simplest way.
inline void follow(contents& model, const change& one) {
    if (one.what == change::kind::remove) {
        model.erase(one.id);
        return;
    }
    record& kept = model[one.id];
    kept.id = one.id;
    kept.revision = one.revision;
    kept.status = one.status;
    if (one.what != change::kind::update) kept.parts.clear();
    auto drop = [&](const std::string& name) {
        std::erase_if(kept.parts, [&](const part& each) { return each.name == name; });
    };
    for (const part& each : one.written) {
        drop(each.name);
        kept.parts.push_back(each);
    }
    for (const std::string& name : one.dropped)
        drop(name);
    kept = in_order(kept);
}

}  // namespace store_test

namespace stube {

inline std::ostream& operator<<(std::ostream& out, const record& one) {
    out << one.id << " revision " << one.revision
        << (one.status == keeping::kept ? " kept" : " not kept");
    for (const part& each : one.parts)
        out << "\n  " << each.name << ": " << each.body.substr(0, 200);
    return out;
}

}  // namespace stube
