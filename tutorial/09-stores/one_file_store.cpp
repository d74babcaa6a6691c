#include "one_file_store.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>

#include <fcntl.h>
#include <fstream>
#include <map>
#include <sys/file.h>
#include <unistd.h>

namespace stube::storage {
BOOST_DESCRIBE_STRUCT(part, (), (name, body))
BOOST_DESCRIBE_ENUM(record_status, kept, tombstone)
BOOST_DESCRIBE_STRUCT(record, (), (id, revision, status, parts))
}  // namespace stube::storage

namespace {

namespace json = boost::json;
using namespace stube;
using namespace stube::storage;

/// Keeps other processes out as long as it exists.
class file_lock {
public:
    explicit file_lock(const std::string& file)
        : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) throw store_refused("cannot lock " + file);
    }

    file_lock(const file_lock&) = delete;
    file_lock& operator=(const file_lock&) = delete;

    ~file_lock() { ::close(fd_); }

private:
    int fd_;
};

class one_file final : public store {
public:
    explicit one_file(const std::filesystem::path& file)
        : file_(std::filesystem::absolute(file)), lock_(file.string() + ".lock") {}

    load_report load_all(const std::function<void(record&&)>& each) override {
        std::ifstream in(file_);
        for (std::string line; std::getline(in, line);) {
            boost::system::error_code bad;
            auto one = json::try_value_to<record>(json::parse(line, bad));
            if (bad || !one) {
                const auto number = std::to_string(records_.size() + 1);
                throw store_refused(file_.string() + " is damaged in line " + number);
            }
            records_[one->id] = *one;
            each(std::move(*one));
        }
        return {records_.size(), {}, {}};
    }

    void save(std::span<const change> batch) override {
        if (stopped_) throw store_unknown("stopped after a failed sync");
        check_batch(batch);
        auto next = records_;
        for (const auto& one : batch) {
            const auto stored = next.find(one.id);
            check_follows(one, stored == next.end() ? nullptr : &stored->second.revision);
            next.erase(one.id);
            if (one.kind != change_kind::remove)
                next[one.id] = {one.id, one.revision, one.status, one.written};
        }
        std::string text;
        for (const auto& each : next)
            text += json::serialize(json::value_from(each.second)) + "\n";
        put(file_.string() + ".new", O_WRONLY | O_CREAT | O_TRUNC, text);
        std::filesystem::rename(file_.string() + ".new", file_);
        put(file_.parent_path(), O_RDONLY | O_DIRECTORY, "");  // makes the new name durable
        records_ = std::move(next);
    }

private:
    void put(const std::filesystem::path& where, int how, std::string_view text) {
        const int fd = ::open(where.c_str(), how | O_CLOEXEC, 0600);
        const auto size = text.empty() ? 0 : ::write(fd, text.data(), text.size());
        const bool written = size == static_cast<ssize_t>(text.size());
        stopped_ = written && (fd < 0 || ::fsync(fd) != 0);
        ::close(fd);
        if (!written) throw store_refused(where.string() + " cannot be written");
        if (stopped_) throw store_unknown(where.string() + " could not be synced");
    }

    std::filesystem::path file_;
    file_lock lock_;
    std::map<std::string, record> records_;
    bool stopped_ = false;
};

}  // namespace

std::unique_ptr<store> one_file_store(const std::filesystem::path& file) {
    return std::make_unique<one_file>(file);
}
