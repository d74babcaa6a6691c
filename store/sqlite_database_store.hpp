#pragma once

#include "store/files.hpp"
#include "store/high_water_mark.hpp"
#include "store/sqlite_archive.hpp"
#include "store/sqlite_archive_reader.hpp"
#include "store/sqlite_connection.hpp"
#include "store/sqlite_entries.hpp"
#include "store/sqlite_eraser.hpp"
#include "store/sqlite_format.hpp"
#include "store/sqlite_loader.hpp"
#include "store/sqlite_part_writer.hpp"
#include "store/sqlite_wal.hpp"

#include <stube/store/sqlite_store.hpp>
#include <stube/store/upkeep.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stube::storage {

/// The prepared statements of a save.
struct save_statements {
    save_statements(
        sqlite_connection& database,
        const std::filesystem::path& file,
        bool has_archive
    )
        : begin(database.handle(), "BEGIN IMMEDIATE"),
          commit(database.handle(), "COMMIT"),
          set_removal(database.handle(), "UPDATE removal SET saved = ?"),
          set_log(database.handle(), "UPDATE log SET number = ?"),
          parts(database, file, has_archive) {}

    sqlite_statement begin;
    sqlite_statement commit;
    sqlite_statement set_removal;
    sqlite_statement set_log;
    part_writer parts;
};

enum class save_failure { refused, conflict, unknown };

/// The meaning of an error for the batch that was being saved. An error is `refused` only if it
/// certainly left the disk unchanged.
save_failure classify(const sqlite_error& error, bool is_committing);

/// The store that `sqlite_store` returns. Its members are defined by task: opening and loading in
/// sqlite_store.cpp, saving in sqlite_store_saves.cpp, the archive in sqlite_store_archive.cpp,
/// erasing in sqlite_store_erasing.cpp.
class database_store final : public store,
                             public place_watch,
                             public archive,
                             public archive_upkeep,
                             public eraser {
public:
    database_store(const std::filesystem::path& file, sqlite_options options);
    ~database_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    bool saves_parts() const override { return true; }
    void check_place() override;

    bool keeps_archive() const override { return keeps_archive_; }
    std::vector<archived_head>
    heads(std::string_view id, std::uint64_t before, std::size_t count) override;
    std::optional<archived_head> oldest_head(std::string_view id) override;
    std::optional<archived_state> state(std::string_view id, std::uint64_t head) override;
    std::optional<std::string> find_alias(std::string_view name) override;
    std::vector<std::string> aliases(std::string_view id) override;
    std::vector<derivation> derivations(std::string_view id) override;
    std::vector<archived_failure> failures(std::string_view id) override;
    void append_failures(std::span<const archived_failure> failed) override;

    appended_heads appended_after(std::uint64_t position, std::size_t rows) override;
    archive_check check_archive(check_depth depth) override;

    void each_text(const std::function<void(const stored_text&)>& each) override;
    std::vector<std::string> forks_of(std::span<const std::string> ids) override;
    erased_counts erase(const erasure& what) override;
    std::vector<std::string> files_with(std::span<const std::string> texts) override;
    std::vector<logged_commit> commits_after(std::uint64_t position, std::size_t count) override;
    std::vector<logged_commit> commits_of(std::string_view id, std::uint64_t first) override;
    std::optional<archived_state> state_at(std::uint64_t position) override;
    std::string index_file() const override;

private:
    sqlite_eraser make_eraser();
    template <class Read>
    auto reading(Read read);
    void check_may_write() const;
    erased_counts erase_rows(sqlite_eraser& tool, const erasure& what);
    void forget_erased(const erasure& what);
    void open();
    std::span<const format_step> steps() const;
    std::int64_t format();
    archive_reader& reader(archive_reader& of);
    archive_reader& reader() { return reader(reader_); }

    void load(const std::function<void(record&&)>& each, load_report& report);
    void upgrade_format(const std::optional<high_water_mark>& mark);
    void begin_writing(bool is_empty);
    void watch_place();
    void configure();
    void check_for_loss(
        const std::optional<high_water_mark>& mark,
        const loaded_state& loaded,
        load_report& report
    );
    void quarantine(std::vector<bad_rows>& bad, load_report& report);
    void move_to_quarantine(const std::vector<bad_rows>& bad);

    template <class Stage>
    void write(Stage stage);
    bool stage_batch(std::span<const change> batch);
    void stage(const change& change);
    void trim(const change& change);
    bool stage_failures(std::span<const archived_failure> failed);
    void commit(bool& is_committing);
    void apply_staged();
    void apply(staged_entry& staged);
    void erase_entry(const entries::value_type& slot);
    void discard_staged();
    bool roll_back() noexcept;
    [[noreturn]] void abandon(save_failure kind, const std::string& why);
    [[noreturn]] void stop(const std::string& why);
    void checkpoint_if_due();
    high_water_mark state() const {
        return {transaction_, transaction_, entries_.size(), checksum_};
    }

    std::filesystem::path file_;
    sqlite_options options_;
    high_water_mark_file mark_;
    file_descriptor lock_;  // declared before the connection, so that it is released last
    watched_files watched_;
    std::optional<sqlite_connection> connection_;
    std::optional<save_statements> statements_;
    wal_counter logs_;
    std::optional<archive_writer> archive_;  ///< empty if the format has no archive
    std::mutex entries_mutex_;  ///< locked to change entries_, and to read in archive_reader
    entries entries_;
    archive_reader reader_{file_, entries_, entries_mutex_};
    archive_reader log_reader_{file_, entries_, entries_mutex_};  ///< reads many commits in a call
    std::vector<staged_entry> staged_;
    std::uint64_t transaction_ = 0;  ///< the number of the last transaction
    std::uint64_t checksum_ = 0;     ///< the XOR of the checksums of all conversations
    bool removes_ = false;           ///< true if the batch under way has a `remove`
    std::int64_t wal_pages_ = 0;
    std::int64_t most_wal_pages_ = 0;
    bool is_loaded_ = false;
    bool keeps_archive_ = false;
    std::string stopped_;  ///< why every save is refused; empty while saves are accepted
};

}  // namespace stube::storage
