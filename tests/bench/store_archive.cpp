// Saves of the SQLite store with its archive, next to the same saves without it, and reads of a
// long history. Both with synchronous FULL.
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
    std::vector<cost> of_without;
    std::vector<cost> of_with;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        of_without.push_back(without.play(batch, batches));
        of_with.push_back(with.play(batch, batches));
    }
    const auto a = median(of_without);
    const auto b = median(of_with);
    const double cpu = ratio(of_with, of_without);
    const double bytes = b.bytes / a.bytes;
    std::printf(
        "%7zu B %9zu %14.1f %7.0f %11.1f %7.0f %8.2f %8.2f%s\n",
        size,
        batch,
        a.cpu_us,
        a.bytes,
        b.cpu_us,
        b.bytes,
        cpu,
        bytes,
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
        {"bytes_ratio", bytes}
    };
}

boost::json::array measure_costs(const store_options& options) {
    boost::json::array all;
    std::puts("\narchive     batch    without: us   bytes    with: us   bytes    x cpu  x bytes");
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
