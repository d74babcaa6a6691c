#include "archive_check.hpp"

#include "runtime/kernel/index_builder.hpp"
#include "store/sqlite_connection.hpp"

#include <stube/store/sqlite_store.hpp>
#include <stube/store/upkeep.hpp>

#include <algorithm>
#include <memory>
#include <sstream>
#include <utility>

namespace kill_test {

namespace {

namespace fs = std::filesystem;
using namespace stube::storage;
using stube::kernel::index_builder;

constexpr std::size_t commits_per_page = 1'000;
constexpr std::size_t most_differences = 5;

/// The components of the gallery, which this program knows only in part. A name, a version and the
/// indexed members are one line.
index_schema read_schema(const fs::path& index) {
    sqlite_connection database(index, sqlite_connection::access::reads);
    std::istringstream lines(database.text("SELECT schema FROM state"));
    index_schema all;
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        indexed_component next;
        words >> next.name >> next.version;
        std::string member;
        while (words >> member)
            next.members.push_back(member);
        all.push_back(std::move(next));
    }
    return all;
}

/// Applies the commits after a position, as the gallery does. Throws store_refused for a component
/// that this program does not know.
void catch_up(query_index& index, archive& from, std::uint64_t position) {
    index_builder builder(
        {[&](std::uint64_t at) { return from.state_at(at); },
         [&](std::string_view id, std::uint64_t head) { return from.state(id, head); },
         [&](std::string_view id) { return index.row(id); }},
        [](const std::string& why) { throw stube::store_refused(why); }
    );
    for (;;) {
        const auto page = from.commits_after(position, commits_per_page);
        if (page.empty()) return;
        const auto batch = builder.next(page);
        if (batch.watermark.position != 0) index.apply(batch);
        position = page.back().position;
    }
}

/// True if the archive has the last commit of the index.
bool has_commit(archive& from, const index_watermark& last) {
    if (last.position == 0) return true;
    const auto at = from.commits_after(last.position - 1, 1);
    return !at.empty() && at[0].position == last.position && at[0].head.digest == last.digest;
}

bool is_end(const logged_commit& commit) {
    if (commit.is_whole) return commit.written.empty();
    return std::ranges::find(commit.dropped, "head") != commit.dropped.end();
}

std::unique_ptr<stube::store> open(const fs::path& database) {
    return stube::sqlite_store(database, {.read_only = true, .archive = true});
}

}  // namespace

archive_check::archive_check(fs::path database, fs::path folder)
    : database_(std::move(database)), folder_(std::move(folder)) {}

void archive_check::after_kill(std::vector<std::string>& problems) {
    const auto kept = open(database_);
    revisions stored;
    const auto report =
        kept->load_all([&](record&& each) { stored.emplace(std::move(each.id), each.revision); });
    for (const auto& each : report.quarantined)
        problems.push_back("unreadable: " + each.id + " " + each.why);
    auto& from = *archive_of(*kept);
    check_commits(from, stored, problems);
    check_index(from, problems);
}

void archive_check::at_end(std::vector<std::string>& problems) {
    remove_index(expected_index());
    after_kill(problems);
    const auto kept = open(database_);
    kept->load_all([](record&&) {});
    const auto found = dynamic_cast<archive_upkeep&>(*kept).check_archive(check_depth::deep);
    for (const auto& each : found.faults)
        problems.push_back("in the archive: " + each.id + " " + each.why);
    if (found.garbage != 0)
        problems.push_back(
            "the archive has rows that nothing needs: " + std::to_string(found.garbage)
        );
}

/// A conversation and its newest head are saved together or not at all.
void archive_check::check_commits(
    archive& from,
    const revisions& stored,
    std::vector<std::string>& problems
) {
    std::map<std::string, newest_head> changed;
    for (;;) {
        const auto page = from.commits_after(position_, commits_per_page);
        if (page.empty()) break;
        for (const auto& each : page) {
            if (!each.damage.empty()) problems.push_back("a torn commit: " + each.damage);
            changed[each.id] = {each.head.number, is_end(each)};
        }
        commits_ += page.size();
        position_ = page.back().position;
    }
    for (const auto& [id, newest] : changed) {
        const auto found = stored.find(id);
        const bool fits = newest.is_end ? found == stored.end()
                                        : found != stored.end() && found->second == newest.number;
        if (!fits)
            problems.push_back(
                "conversation " + id + " is not as its newest head " + std::to_string(newest.number)
            );
    }
}

void archive_check::check_index(archive& from, std::vector<std::string>& problems) {
    copy_index();
    const auto schema = read_schema(copied_index());
    {
        query_index expected(expected_index(), schema);
        catch_up(expected, from, expected.watermark().position);
    }
    catch_up_copy(from, schema, problems);
    for (const auto& each : compare_indexes(expected_index(), copied_index(), most_differences))
        problems.push_back("the index differs from a rebuild: " + each);
}

/// Copies the file and its log as the kill has left them.
void archive_check::copy_index() const {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const fs::path copy = copied_index().string() + suffix;
        const fs::path found = database_.string() + ".index" + suffix;
        fs::remove(copy);
        if (suffix != std::string_view("-shm") && fs::exists(found)) fs::copy_file(found, copy);
    }
}

void archive_check::catch_up_copy(
    archive& from,
    const index_schema& schema,
    std::vector<std::string>& problems
) const {
    query_index copied(copied_index(), schema);
    if (!copied.rebuilt_because().empty())
        problems.push_back("the index is not usable: " + copied.rebuilt_because());
    const auto last = copied.watermark();
    if (!has_commit(from, last)) problems.emplace_back("the index is ahead of its archive");
    catch_up(copied, from, last.position);
}

}  // namespace kill_test
