#include "store/files.hpp"
#include "store/sqlite_format.hpp"
#include "store/sqlite_index_file.hpp"
#include "store/sqlite_index_reader.hpp"
#include "store/sqlite_index_select.hpp"
#include "store/sqlite_index_writer.hpp"

#include <stube/store/query_index.hpp>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <utility>

namespace stube::storage {

namespace fs = std::filesystem;

class query_index::impl {
    template <class Work>
    auto guarded(Work work) {
        try {
            return work();
        } catch (const sqlite_error& error) {
            if (is_damage(error)) is_damaged_ = true;
            throw store_refused(quoted(file_) + ": " + explain(error, file_));
        }
    }

public:
    impl(fs::path file, index_schema components)
        : file_(std::move(file)), schema_(std::move(components)) {
        const auto found = inspect_index(file_, schema_);
        rebuilt_because_ = found.unusable_because;
        try {
            if (!found.exists || !rebuilt_because_.empty()) create_index(file_, schema_);
            open();
        } catch (const sqlite_error& error) {
            throw store_refused(quoted(file_) + ": " + explain(error, file_));
        }
    }

    const std::string& rebuilt_because() const { return rebuilt_because_; }

    template <class Work>
    auto with_writer(Work work) {
        const std::lock_guard lock(writer_mutex_);
        return guarded([&] {
            if (!writer_) writer_.emplace(file_);
            return work(*writer_);
        });
    }

    template <class Work>
    auto with_reader(Work work) {
        const std::lock_guard lock(reader_mutex_);
        try {
            return guarded([&] {
                if (!reader_) reader_.emplace(file_);
                const read_transaction snapshot(reader_->database());
                return work(*reader_);
            });
        } catch (...) {
            reader_.reset();  // a statement may not have been read to its end
            throw;
        }
    }

    template <class Work>
    auto with_sql(Work work) {
        const std::lock_guard lock(sql_mutex_);
        return guarded([&] {
            if (!sql_) {
                sql_.emplace(file_, sqlite_connection::access::reads);
                configure_index(*sql_);
                restrict_to_reading(*sql_);
            }
            return work(*sql_);
        });
    }

    std::string find_damage() {
        std::string result;
        try {
            result = guarded([&] {
                sqlite_connection database(file_, sqlite_connection::access::reads);
                return database.text("PRAGMA quick_check(1)");
            });
        } catch (const store_refused& error) {
            if (!is_damaged_) throw;
            return error.what();
        }
        if (result == "ok") return {};
        is_damaged_ = true;
        return result;
    }

    bool is_damaged() const { return is_damaged_; }

    void clear() {
        const std::scoped_lock lock(writer_mutex_, reader_mutex_, sql_mutex_);
        close();
        guarded([&] {
            create_index(file_, schema_);
            open();
        });
        is_damaged_ = false;
    }

private:
    void open() {
        writer_.emplace(file_);
        reader_.emplace(file_);
    }

    void close() {
        sql_.reset();
        reader_.reset();
        writer_.reset();
    }

    const fs::path file_;
    const index_schema schema_;
    std::string rebuilt_because_;
    std::atomic<bool> is_damaged_ = false;
    std::mutex writer_mutex_;
    std::optional<index_writer> writer_;
    std::mutex reader_mutex_;
    std::optional<index_reader> reader_;
    std::mutex sql_mutex_;
    std::optional<sqlite_connection> sql_;
};

query_index::query_index(const std::string& file, index_schema components)
    : impl_(std::make_unique<impl>(file, std::move(components))) {}

query_index::~query_index() = default;

const std::string& query_index::rebuilt_because() const {
    return impl_->rebuilt_because();
}

index_watermark query_index::watermark() const {
    return impl_->with_reader([](index_reader& in) { return in.watermark(); });
}

void query_index::apply(const index_batch& batch) {
    impl_->with_writer([&](index_writer& to) { to.apply(batch); });
}

std::optional<index_row> query_index::row(std::string_view id) const {
    return impl_->with_reader([&](index_reader& in) { return in.row(id); });
}

void query_index::begin_deletion(std::span<const std::string> ids) {
    impl_->with_writer([&](index_writer& to) { to.begin_deletion(ids); });
}

std::vector<std::string> query_index::begun_deletions() const {
    return impl_->with_reader([](index_reader& in) { return in.begun_deletions(); });
}

void query_index::trim(std::string_view id, std::uint64_t first_head, std::int64_t time) {
    impl_->with_writer([&](index_writer& to) { to.trim(id, first_head, time); });
}

void query_index::forget(std::string_view id) {
    impl_->with_writer([&](index_writer& to) { to.forget(id); });
}

void follow_deletion(query_index& to, archive& from, std::string_view id) {
    const auto first = from.oldest_head(id);
    first ? to.trim(id, first->number, first->time) : to.forget(id);
}

bool query_index::end_deletions(std::span<const std::string> ids) {
    return impl_->with_writer([&](index_writer& to) { return to.end_deletions(ids); });
}

index_page query_index::find(const index_query& query) const {
    return impl_->with_reader([&](index_reader& in) { return in.find(query); });
}

sql_result
query_index::select(std::string_view sql, std::span<const sql_value> parameters, sql_limits limits)
    const {
    return impl_->with_sql([&](sqlite_connection& in) {
        return select_rows(in, sql, parameters, limits);
    });
}

std::string query_index::find_damage() const {
    return impl_->find_damage();
}

bool query_index::is_damaged() const {
    return impl_->is_damaged();
}

void query_index::clear() {
    impl_->clear();
}

}  // namespace stube::storage
