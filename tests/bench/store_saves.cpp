// Saves of the SQLite store, next to bare SQLite that keeps one row of the same size for each
// conversation and updates it by its number. Both with synchronous FULL.
#include "bare_sqlite.hpp"
#include "measure.hpp"
#include "store_bench.hpp"

#include <stube/store/sqlite_store.hpp>

#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench {

std::string body(std::size_t size, std::uint64_t revision) {
    std::string text = "{\"revision\":";
    text.append(std::to_string(1000000 + revision)).append(",\"text\":\"");
    text.resize(size - 2, static_cast<char>('a' + revision % 26));
    return text + "\"}";
}

std::vector<std::size_t> pick(std::mt19937& random, std::size_t count, std::size_t of) {
    std::vector<bool> taken(of);
    std::vector<std::size_t> picked;
    while (picked.size() < count) {
        const auto one = random() % of;
        if (!taken[one]) picked.push_back(one);
        taken[one] = true;
    }
    return picked;
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t conversations = 1000;

class bare_sqlite {
public:
    bare_sqlite(const fs::path& file, std::size_t size)
        : on_(with_table(file)),
          size_(size),
          update_(on_.prepare("UPDATE kept SET body = ? WHERE number = ?")) {
        on_.run("BEGIN");
        auto insert = on_.prepare("INSERT INTO kept(body) VALUES(?)");
        for (std::size_t i = 0; i < conversations; ++i)
            insert.run(body(size_, 0));
        on_.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    }

    auto make(std::size_t count) {
        ++revision_;
        std::vector<std::pair<std::size_t, std::string>> batch;
        for (const auto one : pick(random_, count, conversations))
            batch.emplace_back(one, body(size_, revision_));
        return batch;
    }

    void save(const std::vector<std::pair<std::size_t, std::string>>& batch) {
        on_.run("BEGIN");
        for (const auto& [one, text] : batch)
            update_.run(text, static_cast<sqlite3_int64>(one) + 1);
        on_.run("COMMIT");
    }

private:
    static bare_connection with_table(const fs::path& file) {
        bare_connection made(file);
        made.run("CREATE TABLE kept(number INTEGER PRIMARY KEY, body TEXT)");
        return made;
    }

    bare_connection on_;
    std::size_t size_;
    bare_statement update_;
    std::mt19937 random_{1};
    std::uint64_t revision_ = 0;
};

/// Each conversation is a head and one part.
class stube_store {
public:
    stube_store(const fs::path& file, std::size_t size)
        : kept_(stube::sqlite_store(file)), size_(size) {
        kept_->load_all([](stube::storage::record&&) {});
        std::vector<stube::storage::change> all;
        ++revision_;
        for (std::size_t i = 0; i < conversations; ++i)
            all.push_back(change_of(i * 7 % conversations, stube::storage::change_kind::create));
        kept_->save(all);
    }

    auto make(std::size_t count) {
        ++revision_;
        std::vector<stube::storage::change> batch;
        for (const auto one : pick(random_, count, conversations))
            batch.push_back(change_of(one, stube::storage::change_kind::update));
        return batch;
    }

    void save(const std::vector<stube::storage::change>& batch) { kept_->save(batch); }

private:
    stube::storage::change change_of(std::size_t one, stube::storage::change_kind what) const {
        constexpr std::size_t head = 300;
        return {
            std::string("conversation-").append(std::to_string(100000 + one)),
            what,
            revision_,
            stube::storage::record_status::kept,
            {{"head", body(head, revision_)}, {"i1", body(size_ - head, revision_)}},
            {}
        };
    }

    std::unique_ptr<stube::store> kept_;
    std::size_t size_;
    std::mt19937 random_{1};
    std::uint64_t revision_ = 0;
};

/// The cost of the saves, without making the bodies.
template <class Store>
cost save_some(Store& to, std::size_t batch, std::size_t batches) {
    meter spent;
    const double before = bytes_written();
    for (std::size_t i = 0; i < batches; ++i) {
        const auto next = to.make(batch);
        spent.start();
        to.save(next);
        spent.stop();
    }
    const auto saves = static_cast<double>(batch * batches);
    cost one = spent.per(saves);
    one.bytes = (bytes_written() - before) / saves;
    return one;
}

boost::json::object figures(const cost& of) {
    return {
        {"cpu_us", of.cpu_us},
        {"saves_per_second", 1e6 / of.wall_us},
        {"bytes_written", of.bytes}
    };
}

}  // namespace

boost::json::array measure_saves(const store_options& options) {
    boost::json::array all;
    std::puts("saves       batch   bare saves/s  cpu us   bytes    store saves/s  cpu us   bytes"
              "   x bare cpu");
    for (const std::size_t size : {1024u, 16384u}) {
        for (const std::size_t batch : {1u, 8u, 64u, 512u}) {
            const auto name = std::to_string(size) + "-" + std::to_string(batch);
            bare_sqlite bare(options.folder / ("bare-" + name), size);
            stube_store ours(options.folder / ("ours-" + name), size);
            const std::size_t saves = (batch < 64 ? 1000 : 12800) / (size > 10000 ? 4 : 1);
            const auto batches = std::max<std::size_t>(4, saves / batch / options.part);
            std::vector<cost> of_bare;
            std::vector<cost> of_ours;
            for (std::size_t round = 0; round < options.rounds; ++round) {
                of_bare.push_back(save_some(bare, batch, batches));
                of_ours.push_back(save_some(ours, batch, batches));
            }
            const auto b = median(of_bare);
            const auto o = median(of_ours);
            const auto times = ratio(of_ours, of_bare);
            const bool has_goal = batch == 64 && size == 1024;
            std::printf(
                "%6zu B %8zu %14.0f %7.1f %7.0f %16.0f %7.1f %7.0f %9.2f%s\n",
                size,
                batch,
                1e6 / b.wall_us,
                b.cpu_us,
                b.bytes,
                1e6 / o.wall_us,
                o.cpu_us,
                o.bytes,
                times,
                !has_goal      ? ""
                : times <= 1.3 ? "  <= 1.3 met"
                               : "  <= 1.3 MISSED"
            );
            all.push_back(
                {{"bytes", size},
                 {"batch", batch},
                 {"bare", figures(b)},
                 {"store", figures(o)},
                 {"cpu_ratio", times}}
            );
        }
    }
    return all;
}

}  // namespace bench
