// Saves of the SQLite store with its archive, next to the same saves without it, and reads of a
// long history. Both with synchronous FULL. The same rows are written by bare SQLite too, whose
// ratio is the part of the cost that the store cannot avoid.
#include "bare_sqlite.hpp"
#include "measure.hpp"
#include "store_bench.hpp"

#include <stube/store/sqlite_store.hpp>

#include <cstdio>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

using namespace stube::storage;
namespace fs = std::filesystem;

constexpr std::size_t conversations = 1000;
constexpr std::size_t whole_size = 1024;
constexpr std::size_t head_size = 300;
constexpr std::size_t small_part = 250;                     ///< such as a form with some fields
constexpr std::size_t large_part = whole_size - head_size;  ///< the only part beside the head

/// The members of a commit that a back office reads, about as the kernel writes them.
archived_commit commit_of(std::uint64_t revision) {
    archived_commit commit;
    commit.parent = revision - 1;
    commit.time = 1'767'225'600'000 + static_cast<std::int64_t>(revision) * 61'007;
    commit.event = R"({"kind":"event","by":"u-3f9ab2c4","component":"shop/basket","instance":17,)"
                   R"("member":"add","arguments":[)" +
                   std::to_string(revision) + "]}";
    commit.about = R"({"revision":)" + std::to_string(revision) +
                   R"(,"used":1767225600000,"events":[[4711,)" + std::to_string(revision) +
                   R"(]],"last_instance":17,"last_step":4})";
    return commit;
}

/// Conversations of 1 KiB. An event writes the part of its component and leaves the others.
class saved_conversations {
public:
    saved_conversations(
        const fs::path& file,
        bool with_archive,
        std::size_t count,
        std::size_t part_size
    )
        : kept_(stube::sqlite_store(file, {.archive = with_archive})),
          with_archive_(with_archive),
          count_(count),
          part_size_(part_size) {
        kept_->load_all([](record&&) {});
        std::vector<change> all;
        ++revision_;
        for (std::size_t i = 0; i < count_; ++i) {
            auto& next = all.emplace_back(event_of(i * 7 % count_));
            next.kind = change_kind::create;
            next.written.push_back({"head", body(head_size, 0)});
            if (part_size_ < large_part)
                next.written.push_back({"i2", body(large_part - part_size_, 0)});
            if (with_archive_) {
                auto commit = *next.commit;
                commit.is_whole = true;
                commit.written = next.written;
                next.commit = std::make_shared<const archived_commit>(std::move(commit));
            }
        }
        kept_->save(all);
    }

    /// The cost of an event, without making the bodies.
    cost play(std::size_t batch, std::size_t batches) {
        meter spent;
        const double before = bytes_written();
        for (std::size_t i = 0; i < batches; ++i) {
            ++revision_;
            std::vector<change> next;
            for (const auto one : pick(random_, batch, count_))
                next.push_back(event_of(one));
            spent.start();
            kept_->save(next);
            spent.stop();
        }
        const auto events = static_cast<double>(batch * batches);
        cost one = spent.per(events);
        one.bytes = (bytes_written() - before) / events;
        return one;
    }

    archive& archived() { return dynamic_cast<archive&>(*kept_); }
    static std::string id_of(std::size_t one) {
        return std::string("conversation-").append(std::to_string(100'000 + one));
    }
    std::uint64_t revision() const { return revision_; }

private:
    change event_of(std::size_t one) const {
        change next{
            id_of(one),
            change_kind::update,
            revision_,
            record_status::kept,
            {{"i1", body(part_size_, revision_)}},
            {}
        };
        if (!with_archive_) return next;
        auto commit = commit_of(revision_);
        commit.is_whole = false;
        commit.written = next.written;
        next.commit = std::make_shared<const archived_commit>(std::move(commit));
        return next;
    }

    std::unique_ptr<stube::store> kept_;
    bool with_archive_;
    std::size_t count_;
    std::size_t part_size_;
    std::mt19937 random_{1};
    std::uint64_t revision_ = 0;
};

/// The rows of the same saves, written by bare SQLite: no checks, no checksums, no digests.
class saved_rows {
public:
    saved_rows(const fs::path& file, bool with_archive, std::size_t part_size)
        : on_(with_tables(file, with_archive, part_size)),
          with_archive_(with_archive),
          part_size_(part_size),
          set_part_(on_.prepare(
              "UPDATE part SET checksum_of_all = ?1, revision = ?2, saved = ?3, checksum = ?4,"
              " body = ?5, archived = ?6 WHERE number = ?7 AND conversation = ?8 AND name = ?9"
          )),
          add_head_(on_.prepare("INSERT INTO archive VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
    }

    /// The cost of an event, without making its values.
    cost play(std::size_t batch, std::size_t batches) {
        meter spent;
        const double before = bytes_written();
        for (std::size_t i = 0; i < batches; ++i) {
            ++revision_;
            const auto picked = pick(random_, batch, conversations);
            const auto text = body(part_size_, revision_);
            const auto commit = commit_of(revision_);
            spent.start();
            on_.run("BEGIN IMMEDIATE");
            for (const auto one : picked)
                save(one, text, commit);
            on_.run("COMMIT");
            spent.stop();
        }
        const auto events = static_cast<double>(batch * batches);
        cost one = spent.per(events);
        one.bytes = (bytes_written() - before) / events;
        return one;
    }

private:
    static constexpr sqlite3_int64 some_checksum = 0x5bd1e995'9e3779b9;

    static bare_connection
    with_tables(const fs::path& file, bool with_archive, std::size_t part_size) {
        bare_connection made(file);
        made.run("CREATE TABLE part(number INTEGER PRIMARY KEY, conversation TEXT NOT NULL,"
                 " name TEXT NOT NULL, revision INTEGER NOT NULL, saved INTEGER NOT NULL,"
                 " checksum INTEGER NOT NULL, status TEXT, parts INTEGER, checksum_of_all INTEGER,"
                 " body TEXT, archived INTEGER);"
                 "CREATE TABLE archive(number INTEGER PRIMARY KEY, conversation TEXT NOT NULL,"
                 " previous INTEGER, head INTEGER, parent INTEGER, time INTEGER, event TEXT,"
                 " about TEXT, parts TEXT, changed INTEGER, digest BLOB, body TEXT)");
        // The store's limits for its log, in pages.
        made.run(
            with_archive ? "PRAGMA wal_autocheckpoint = 4096" : "PRAGMA wal_autocheckpoint = 1024"
        );
        made.run("BEGIN");
        auto add = made.prepare("INSERT INTO part(conversation, name, revision, saved, checksum,"
                                " body) VALUES(?, ?, 1, 1, ?, ?)");
        for (std::size_t i = 0; i < conversations; ++i) {
            const auto id = saved_conversations::id_of(i);
            add.run(id, "i1", some_checksum, body(part_size, 0));
            if (part_size < large_part)
                add.run(id, "i2", some_checksum, body(large_part - part_size, 0));
            add.run(id, "head", some_checksum, body(head_size, 0));
        }
        made.run("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
        return made;
    }

    void save(std::size_t one, const std::string& text, const archived_commit& commit) {
        const auto id = saved_conversations::id_of(one);
        const auto revision = static_cast<sqlite3_int64>(revision_);
        const sqlite3_int64 rows = part_size_ < large_part ? 3 : 2;
        set_part_.run(
            some_checksum,
            revision,
            revision,
            some_checksum,
            text,
            next_row_,
            static_cast<sqlite3_int64>(one) * rows + 1,
            id,
            "i1"
        );
        if (!with_archive_) return;
        const auto row = next_row_++;
        add_head_.run(
            row,
            id,
            next_row_,
            revision,
            revision - 1,
            static_cast<sqlite3_int64>(commit.time),
            commit.event,
            commit.about,
            R"([["i1",100000,"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"]])",
            1,
            "abcdefghijklmnopqrstuvwxyzabcdef",
            text
        );
    }

    bare_connection on_;
    bool with_archive_;
    std::size_t part_size_;
    bare_statement set_part_;
    bare_statement add_head_;
    std::mt19937 random_{1};
    std::uint64_t revision_ = 1;
    sqlite3_int64 next_row_ = 1;
};

boost::json::object figures(const cost& of) {
    return {{"cpu_us", of.cpu_us}, {"wall_us", of.wall_us}, {"bytes_written", of.bytes}};
}

boost::json::object
measure_cost(const store_options& options, std::size_t size, std::size_t batch) {
    const auto name = std::to_string(size) + "-" + std::to_string(batch);
    saved_conversations without(options.folder / ("without-" + name), false, conversations, size);
    saved_conversations with(options.folder / ("with-" + name), true, conversations, size);
    const auto batches =
        std::max<std::size_t>(4, (batch < 64 ? 1000 : 12800) / batch / options.part);
    saved_rows bare_without(options.folder / ("bare-without-" + name), false, size);
    saved_rows bare_with(options.folder / ("bare-with-" + name), true, size);
    std::vector<cost> of_without;
    std::vector<cost> of_with;
    std::vector<cost> of_bare_without;
    std::vector<cost> of_bare_with;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        of_without.push_back(without.play(batch, batches));
        of_with.push_back(with.play(batch, batches));
        of_bare_without.push_back(bare_without.play(batch, batches));
        of_bare_with.push_back(bare_with.play(batch, batches));
    }
    const auto a = median(of_without);
    const auto b = median(of_with);
    const double cpu = ratio(of_with, of_without);
    const double bytes = b.bytes / a.bytes;
    const double bare_cpu = ratio(of_bare_with, of_bare_without);
    const double bare_bytes = median(of_bare_with).bytes / median(of_bare_without).bytes;
    std::printf(
        "%7zu B %9zu %14.1f %7.0f %11.1f %7.0f %8.2f %8.2f %7.2f %7.2f%s\n",
        size,
        batch,
        a.cpu_us,
        a.bytes,
        b.cpu_us,
        b.bytes,
        cpu,
        bytes,
        bare_cpu,
        bare_bytes,
        batch != 64                  ? ""
        : cpu <= 1.5 && bytes <= 2.0 ? "  <= 1.5 and <= 2 met"
                                     : "  <= 1.5 and <= 2 MISSED"
    );
    return {
        {"part_bytes", size},
        {"batch", batch},
        {"without", figures(a)},
        {"with", figures(b)},
        {"cpu_ratio", cpu},
        {"bytes_ratio", bytes},
        {"bare_without", figures(median(of_bare_without))},
        {"bare_with", figures(median(of_bare_with))},
        {"bare_cpu_ratio", bare_cpu},
        {"bare_bytes_ratio", bare_bytes}
    };
}

boost::json::array measure_costs(const store_options& options) {
    boost::json::array all;
    std::puts("\narchive     batch    without: us   bytes    with: us   bytes    x cpu  x bytes"
              "  bare: cpu   bytes");
    for (const std::size_t size : {small_part, large_part})
        for (const std::size_t batch : {1u, 64u})
            all.push_back(measure_cost(options, size, batch));
    return all;
}

/// Events of one conversation, with a history that grows to 10,000 heads.
boost::json::array measure_growth(const store_options& options) {
    boost::json::array all;
    const std::size_t step = std::max<std::size_t>(20, 2000 / options.part);
    saved_conversations one(options.folder / "growth", true, 1, small_part);
    double first = 0;
    std::puts("\nheads      event us   bytes   x first   newest 50 us   newest state us   oldest us"
    );
    for (int part = 1; part <= 5; ++part) {
        const cost event = one.play(1, step);
        if (part == 1) first = event.cpu_us;
        meter newest, state, oldest;
        const auto id = saved_conversations::id_of(0);
        auto& archived = one.archived();
        newest.start();
        const auto heads = archived.heads(id, std::numeric_limits<std::uint64_t>::max(), 50);
        newest.stop();
        state.start();
        const auto at_end = archived.state(id, one.revision());
        state.stop();
        oldest.start();
        const auto at_begin = archived.state(id, 1);
        oldest.stop();
        if (heads.front().number != one.revision() || !at_end || !at_begin)
            throw std::runtime_error("the archive has lost a head");
        std::printf(
            "%6llu %12.1f %7.0f %9.2f %14.0f %17.0f %11.0f\n",
            static_cast<unsigned long long>(one.revision()),
            event.cpu_us,
            event.bytes,
            event.cpu_us / first,
            newest.per(1).cpu_us,
            state.per(1).cpu_us,
            oldest.per(1).cpu_us
        );
        all.push_back(
            {{"heads", one.revision()},
             {"event", figures(event)},
             {"newest_heads_us", newest.per(1).cpu_us},
             {"newest_state_us", state.per(1).cpu_us},
             {"oldest_state_us", oldest.per(1).cpu_us}}
        );
    }
    return all;
}

}  // namespace

boost::json::object measure_archive(const store_options& options) {
    boost::json::object all;
    all["costs"] = measure_costs(options);
    all["growth"] = measure_growth(options);
    return all;
}

}  // namespace bench
