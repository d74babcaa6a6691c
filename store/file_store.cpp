#include "store/checksum.hpp"
#include "store/file_eraser.hpp"
#include "store/files.hpp"
#include "store/high_water_mark.hpp"
#include "store/refused_store.hpp"
#include "store/status_text.hpp"

#include <stube/store/file_store.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

// The folder:
//
//   <id>.json     one conversation
//   <id>.tmp      a conversation that is being written; loading removes the files of a crash
//   quarantine/   files that could not be read, under their old names
//   .mark         the high-water mark (high_water_mark.hpp)
//   lock          locked by the process that owns the folder
//
// A file is a JSON object of exactly this form, with one part on each line:
//
//   {"format":1,"checksum":"0123456789abcdef","id":"...","revision":3,"saved":7,"status":"kept",
//   "sizes":{"head":7,"i1":9},"parts":{
//   "head":{"n":1},
//   "i1":{"n":22}
//   }}
//
// (the first two lines are one line in the file). `checksum` covers the format and everything after
// the checksum, `saved` is the number of the batch, and `status` is "kept" or "not_kept". The
// bodies of the parts are the caller's bytes, found by their sizes. A newer format must keep the
// first two members, so that it can be distinguished from damage. Other files are ignored.

namespace stube {
namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t our_format = 1;
constexpr std::size_t largest_file = 64u << 20;
constexpr std::string_view final_suffix = ".json";
constexpr std::string_view unfinished_suffix = ".tmp";

/// Thrown for a file that cannot be read; what() is the reason.
class bad_file : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The store's index of one stored file.
struct stored_file {
    std::uint64_t revision = 0;
    std::uint64_t transaction = 0;  ///< the number of the batch that wrote it
    std::uint64_t checksum = 0;
    ino_t inode = 0;  ///< 0 if it is not known
};

/// The checksum of the format and of everything after the checksum.
std::uint64_t file_checksum(std::uint64_t format, std::string_view rest) {
    return checksum(std::to_string(format)) ^ checksum(rest);
}

struct encoded_file {
    std::string text;
    std::uint64_t checksum = 0;
};

encoded_file encode(const change& change, std::uint64_t transaction) {
    std::string text = "\",\"id\":\"" + change.id +
                       "\",\"revision\":" + std::to_string(change.revision) +
                       ",\"saved\":" + std::to_string(transaction) + ",\"status\":\"";
    text += status_text(change.status);
    text += "\",\"sizes\":{";
    const char* before = "\"";
    for (const auto& part : change.written) {
        text += before;
        text += part.name;
        text += "\":";
        text += std::to_string(part.body.size());
        before = ",\"";
    }
    text += "},\"parts\":{";
    before = "\n\"";
    for (const auto& part : change.written) {
        text += before;
        text += part.name;
        text += "\":";
        text += part.body;
        before = ",\n\"";
    }
    text += "\n}}\n";
    const std::uint64_t sum = file_checksum(our_format, text);
    return {
        "{\"format\":" + std::to_string(our_format) + ",\"checksum\":\"" + hex(sum) + text,
        sum
    };
}

/// Parses a text of known form from its beginning to its end. Throws bad_file.
class text_reader {
public:
    explicit text_reader(std::string_view text) : rest_(text) {}

    bool skip(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    void need(std::string_view expected) {
        if (!skip(expected)) throw bad_file("it does not have the form of a conversation");
    }

    std::uint64_t number() {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc()) throw bad_file("a number is missing");
        rest_ = rest_.substr(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    std::string_view take(std::size_t size) {
        if (size > rest_.size()) throw bad_file("it is cut off");
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view until(char end) {
        const std::size_t size = rest_.find(end);
        if (size == rest_.npos) throw bad_file("it is cut off");
        return take(size);
    }

    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

/// Reads the sizes of all parts, and then the parts.
std::vector<part> decode_parts(text_reader& text) {
    std::vector<part> parts;
    std::vector<std::size_t> sizes;
    while (!text.skip("}")) {
        if (!parts.empty()) text.need(",");
        text.need("\"");
        parts.push_back({std::string(text.until('"')), {}});
        text.need("\":");
        sizes.push_back(text.number());
    }
    text.need(",\"parts\":{");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        text.need(i == 0 ? "\n\"" : ",\n\"");
        text.need(parts[i].name);
        text.need("\":");
        parts[i].body = text.take(sizes[i]);
    }
    text.need("\n}}\n");
    return parts;
}

/// Throws bad_file, or store_refused if a newer release wrote the file. `file` is the path for the
/// message. Fills `stored` except for its inode.
record decode(std::string_view text, const fs::path& file, stored_file& stored) {
    text_reader reader(text);
    reader.need("{\"format\":");
    const std::uint64_t format = reader.number();
    reader.need(",\"checksum\":\"");
    const std::string_view sum = reader.take(16);
    stored.checksum = file_checksum(format, reader.rest());
    if (sum != hex(stored.checksum)) throw bad_file("it is damaged: its checksum does not match");
    // An undamaged file of a newer release must not be moved into quarantine.
    if (format > our_format)
        refuse_place(
            file,
            "it was written by a newer release (format " + std::to_string(format) +
                "; this release supports format " + std::to_string(our_format) + " and older)"
        );
    if (format != our_format) throw bad_file("format " + std::to_string(format) + " is not known");

    record decoded;
    reader.need("\",\"id\":\"");
    decoded.id = reader.until('"');
    reader.need("\",\"revision\":");
    decoded.revision = stored.revision = reader.number();
    reader.need(",\"saved\":");
    stored.transaction = reader.number();
    reader.need(",\"status\":\"");
    decoded.status = reader.skip("not_") ? record_status::tombstone : record_status::kept;
    reader.need("kept\",\"sizes\":{");
    decoded.parts = decode_parts(reader);
    if (!reader.rest().empty()) throw bad_file("it continues after its end");
    return decoded;
}

bool is_id(std::string_view text) {
    try {
        check_id(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

/// The temporary files of one batch. The destructor removes them unless they were renamed.
class unfinished_files {
public:
    explicit unfinished_files(int folder) : folder_(folder) {}
    unfinished_files(const unfinished_files&) = delete;
    unfinished_files& operator=(const unfinished_files&) = delete;

    ~unfinished_files() {
        for (const auto& name : names_)
            ::unlinkat(folder_, name.c_str(), 0);
    }

    /// Writes and syncs one file. Returns an errno value, 0 on success; `is_syncing` is then true
    /// if the sync failed. Sets `inode` to the file's number, or to 0 if it is not known.
    int write(const std::string& name, std::string_view text, bool& is_syncing, ino_t& inode) {
        is_syncing = false;
        const file_descriptor file(
            ::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
        );
        if (!file.is_open()) return errno;
        names_.push_back(name);
        while (!text.empty()) {
            const ssize_t written = ::write(file.number(), text.data(), text.size());
            if (written < 0 && errno != EINTR) return errno;
            text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
        }
        is_syncing = true;
        if (::fsync(file.number()) != 0) return errno;
        struct stat status{};
        inode = ::fstat(file.number(), &status) == 0 ? status.st_ino : 0;
        return 0;
    }

    /// Call after the files were renamed.
    void release() { names_.clear(); }

private:
    int folder_;
    std::vector<std::string> names_;
};

class folder_store final : public store, public place_watch, public eraser {
public:
    folder_store(const fs::path& dir, file_options options);
    ~folder_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    void check_place() override;

    void each_text(const std::function<void(const stored_text&)>& each) override;
    std::vector<std::string> forks_of(std::span<const std::string>) override { return {}; }
    erased_counts erase(const erasure& what) override;
    std::vector<std::string> files_with(std::span<const std::string> texts) override;

private:
    void make_folder();
    void remember_folder_time();
    void check_files();
    void
    check_mark(const std::optional<high_water_mark>& before, bool all_read, load_report& report);
    std::vector<std::string> file_names() const;
    std::optional<std::string> read(const fs::path& file, stored_file& stored) const;
    bool load_file(
        const std::string& name,
        const std::function<void(record&&)>& each,
        load_report& report
    );
    std::string quarantine(const std::string& name);
    void check_changes(std::span<const change> batch) const;
    void lower_mark_for_removals(std::span<const change> batch);
    void write_all(std::span<const change> batch, unfinished_files& files);
    void publish_all(std::span<const change> batch);
    int publish(const change& change) const;
    void update_index(std::span<const change> batch);
    void erase_from_index(const std::string& id);
    std::uint64_t highest_without(std::span<const change> batch) const;
    high_water_mark state() const {
        return {transaction_, transaction_, stored_.size(), checksum_};
    }
    [[noreturn]] void refuse(const std::string& doing, int error) const;
    [[noreturn]] void stop(const std::string& doing, int error);
    [[noreturn]] void stop(const std::string& why);

    fs::path dir_;
    file_options options_;
    file_descriptor lock_;
    file_descriptor folder_;
    high_water_mark_file mark_;
    std::unordered_map<std::string, stored_file> stored_;
    std::vector<stored_file> written_;  ///< by the batch under way
    watched_files watched_;
    struct timespec folder_time_{};  ///< the folder's time of change after our last change
    std::uint64_t transaction_ = 0;  ///< the number of the last batch
    std::uint64_t checksum_ = 0;     ///< the XOR of the checksums of all files
    bool has_saved_ = false;
    bool is_loaded_ = false;
    std::string stopped_;  ///< why every save is refused; empty while saves are accepted
};

folder_store::folder_store(const fs::path& dir, file_options options)
    : dir_(absolute_path(dir)), options_(options), mark_(dir_ / ".mark") {
    if (!dir_.has_filename()) dir_ = dir_.parent_path();
    if (options_.read_only)
        require_folder(dir_, dir_);
    else
        make_folder();
    if (!options_.read_only) lock_ = take_ownership(dir_ / "lock", dir_);
    folder_ = file_descriptor(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_.is_open()) refuse_place(dir_, error_text(errno));
}

folder_store::~folder_store() {
    if (!has_saved_ || !stopped_.empty()) return;
    high_water_mark mark = state();
    mark.transaction = highest_without({});
    mark_.write(mark);
}

void folder_store::make_folder() {
    const fs::path parent = dir_.parent_path();
    require_folder(parent, dir_);
    if (::mkdir(dir_.c_str(), 0700) == 0) {
        if (const int error = sync_folder(parent)) refuse_place(dir_, error_text(error));
    } else if (errno != EEXIST) {
        refuse_place(dir_, "cannot make the folder: " + error_text(errno));
    }
    require_folder(dir_, dir_);
}

load_report folder_store::load_all(const std::function<void(record&&)>& each) {
    stored_.clear();
    transaction_ = checksum_ = 0;
    load_report report;
    // The mark comes before the files: another process that writes meanwhile writes its mark last.
    const auto mark = mark_.read();
    std::vector<std::string> unfinished;
    std::vector<std::string> bad;
    for (const auto& name : file_names()) {
        const fs::path path(name);
        if (!is_id(path.stem().string())) continue;
        if (path.extension() == unfinished_suffix)
            unfinished.push_back(name);
        else if (path.extension() == final_suffix && !load_file(name, each, report))
            bad.push_back(name);
    }
    check_mark(mark, bad.empty(), report);
    if (!options_.read_only) {
        for (const auto& name : unfinished)
            ::unlinkat(folder_.number(), name.c_str(), 0);
        for (std::size_t i = 0; i < bad.size(); ++i)
            report.quarantined[i].where = quarantine(bad[i]);
    }
    if (!options_.read_only) {
        watched_.watch(dir_);
        watched_.watch(dir_ / "lock");
        remember_folder_time();
    }
    is_loaded_ = true;
    return report;
}

namespace {

bool is_same(const struct timespec& left, const struct timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
}

}  // namespace

void folder_store::remember_folder_time() {
    struct stat status{};
    if (::fstat(folder_.number(), &status) == 0) folder_time_ = status.st_mtim;
}

void folder_store::check_place() {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    const auto lost = watched_.find_lost();
    if (!lost.empty()) stop(quoted(lost) + " was deleted or replaced while the store was open");
    struct stat status{};
    if (::fstat(folder_.number(), &status) != 0 || is_same(status.st_mtim, folder_time_)) return;
    check_files();
    folder_time_ = status.st_mtim;
}

/// Checks all files, after another program has changed the folder.
void folder_store::check_files() {
    for (const auto& [id, stored] : stored_) {
        const auto name = id + std::string(final_suffix);
        struct stat status{};
        const bool is_there =
            ::fstatat(folder_.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        const bool is_gone = !is_there && errno == ENOENT;
        const bool is_other = is_there && stored.inode != 0 && status.st_ino != stored.inode;
        if (is_gone || is_other)
            stop(quoted(dir_ / name) + " was deleted or replaced while the store was open");
    }
}

void folder_store::check_mark(
    const std::optional<high_water_mark>& before,
    bool all_read,
    load_report& report
) {
    // Another process that removes conversations meanwhile writes its mark first. If the mark has
    // changed, it does not belong to the loaded files, and nothing is compared.
    const auto after = options_.read_only ? mark_.read() : before;
    const auto mark = before == after ? before : std::nullopt;
    const loaded_state loaded{state(), all_read};
    refuse_rollback(dir_, mark_, mark, loaded, options_.accept_rollback);
    if (before == after) add_warnings(dir_, mark_, mark, loaded, report);
    if (options_.read_only) return;
    if (!mark) return mark_.write_first(state());
    // The caller has accepted that transactions are missing. Their numbers must not be used again.
    const bool is_behind = transaction_ < mark->transaction;
    transaction_ = std::max(transaction_, mark->last);
    if (!is_behind) return;
    if (const int error = mark_.write({0, transaction_, 0, 0}))
        refuse_place(dir_, "cannot write its high-water mark: " + error_text(error));
}

std::vector<std::string> folder_store::file_names() const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator file(dir_, error), end; !error && file != end;
         file.increment(error))
        found.push_back(file->path().filename().string());
    if (error) refuse_place(dir_, error.message());
    return found;
}

/// Returns false if the file cannot be read, and then adds it to the report.
bool folder_store::load_file(
    const std::string& name,
    const std::function<void(record&&)>& each,
    load_report& report
) {
    const fs::path file = dir_ / name;
    const std::string id = file.stem().string();
    record loaded;
    stored_file stored;
    try {
        const auto text = read(file, stored);
        if (!text) return true;
        loaded = decode(*text, file, stored);
        if (loaded.id != id) throw bad_file("its id is not its name");
    } catch (const bad_file& bad) {
        report.quarantined.push_back({id, bad.what(), "left at " + file.string()});
        return false;
    }
    transaction_ = std::max(transaction_, stored.transaction);
    checksum_ ^= stored.checksum;
    stored_[loaded.id] = stored;
    ++report.loaded;
    each(std::move(loaded));
    return true;
}

/// Returns nothing if the file is gone and the store only reads: another process may have removed
/// the conversation.
std::optional<std::string> folder_store::read(const fs::path& file, stored_file& stored) const {
    // O_NONBLOCK, because opening a named pipe would block forever.
    const file_descriptor handle(
        ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
    );
    if (!handle.is_open()) {
        if (errno == ENOENT && options_.read_only) return std::nullopt;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            refuse_place(dir_, error_text(errno));  // the file itself may be valid
        throw bad_file("it cannot be opened: " + error_text(errno));
    }
    struct stat status{};
    if (::fstat(handle.number(), &status) != 0)
        throw bad_file("it cannot be read: " + error_text(errno));
    if (!S_ISREG(status.st_mode)) throw bad_file("it is not a regular file");
    stored.inode = status.st_ino;
    if (static_cast<std::uint64_t>(status.st_size) > largest_file)
        throw bad_file("it is larger than 64 MiB");

    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const ssize_t size = ::read(handle.number(), text.data() + filled, text.size() - filled);
        if (size < 0 && errno != EINTR) throw bad_file("it cannot be read: " + error_text(errno));
        if (size == 0) throw bad_file("it became shorter while it was read");
        filled += size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    return text;
}

/// Moves a file into the quarantine. Returns its new path.
std::string folder_store::quarantine(const std::string& name) {
    const fs::path folder = dir_ / "quarantine";
    const std::string doing = "cannot move the unreadable file \"" + name + "\" into quarantine: ";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        refuse_place(dir_, doing + error_text(errno));
    const fs::path target = unused_name(folder / name);
    if (::rename((dir_ / name).c_str(), target.c_str()) != 0)
        refuse_place(dir_, doing + error_text(errno));
    int error = sync_folder(folder);
    if (error == 0 && ::fsync(folder_.number()) != 0) error = errno;
    if (error != 0) refuse_place(dir_, doing + error_text(error));
    return target.string();
}

namespace {

bool is_removal(const change& change) {
    return change.kind == change_kind::remove;
}

}  // namespace

void folder_store::save(std::span<const change> batch) {
    if (options_.read_only) throw store_refused(quoted(dir_) + " is open for reading only");
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!is_loaded_) throw std::logic_error("load_all comes before the first save");
    if (batch.empty()) return;
    check_place();
    check_changes(batch);
    unfinished_files files(folder_.number());
    write_all(batch, files);
    lower_mark_for_removals(batch);
    publish_all(batch);
    files.release();
    update_index(batch);
    // A batch of removals leaves no file with its number, so the mark must not record the batch.
    if (!std::ranges::all_of(batch, is_removal)) mark_.write_if_due(state());
    remember_folder_time();
    check_place();
}

/// The mark must not record a transaction whose files this batch removes.
void folder_store::lower_mark_for_removals(std::span<const change> batch) {
    if (std::ranges::none_of(batch, is_removal)) return;
    const std::uint64_t remaining = std::min(mark_.written().transaction, highest_without(batch));
    if (const int error = mark_.write({remaining, transaction_, 0, 0}))
        refuse("writing the high-water mark", error);
}

/// The highest number in the files that this batch does not remove.
std::uint64_t folder_store::highest_without(std::span<const change> batch) const {
    std::unordered_set<std::string_view> removed;
    for (const auto& change : batch)
        if (is_removal(change)) removed.insert(change.id);
    std::uint64_t highest = 0;
    for (const auto& [id, file] : stored_)
        if (!removed.contains(id)) highest = std::max(highest, file.transaction);
    return highest;
}

void folder_store::update_index(std::span<const change> batch) {
    ++transaction_;
    has_saved_ = true;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& change = batch[i];
        erase_from_index(change.id);
        if (is_removal(change)) continue;
        stored_[change.id] = written_[i];
        checksum_ ^= written_[i].checksum;
    }
}

void folder_store::erase_from_index(const std::string& id) {
    const auto old = stored_.find(id);
    if (old == stored_.end()) return;
    checksum_ ^= old->second.checksum;
    stored_.erase(old);
}

void folder_store::check_changes(std::span<const change> batch) const {
    check_batch(batch);
    for (const auto& change : batch) {
        if (change.kind == change_kind::update)
            throw store_refused("a file store accepts whole conversations, not updates");
        if (change.kind == change_kind::trim)
            throw store_refused("a file store keeps no archive that could be trimmed");
        const auto stored = stored_.find(change.id);
        check_follows(change, stored == stored_.end() ? nullptr : &stored->second.revision);
    }
}

void folder_store::write_all(std::span<const change> batch, unfinished_files& files) {
    written_.clear();
    for (const auto& change : batch) {
        auto& written = written_.emplace_back();
        if (is_removal(change)) continue;
        const auto [text, sum] = encode(change, transaction_ + 1);
        written = {change.revision, transaction_ + 1, sum};
        if (text.size() > largest_file)
            throw store_refused("conversation " + change.id + " is larger than 64 MiB");
        bool is_syncing = false;
        const auto name = change.id + std::string(unfinished_suffix);
        const int error = files.write(name, text, is_syncing, written.inode);
        if (error == 0) continue;
        // A full disk may be reported only by the sync. Nothing was renamed yet, so the save is
        // still refused.
        if (is_syncing && error != ENOSPC && error != EDQUOT)
            stop("syncing conversation " + change.id, error);
        refuse("writing conversation " + change.id, error);
    }
}

void folder_store::publish_all(std::span<const change> batch) {
    bool has_changed = false;
    for (const auto& change : batch) {
        if (const int error = publish(change)) {
            if (has_changed) stop("renaming conversation " + change.id, error);
            refuse("renaming conversation " + change.id, error);
        }
        has_changed = true;
    }
    if (::fsync(folder_.number()) != 0) stop("syncing the folder", errno);
}

/// Renames or removes the file of one change. Returns an errno value, 0 on success.
int folder_store::publish(const change& change) const {
    const std::string target = change.id + std::string(final_suffix);
    const int folder = folder_.number();
    if (is_removal(change)) {
        const bool is_gone = ::unlinkat(folder, target.c_str(), 0) == 0 || errno == ENOENT;
        return is_gone ? 0 : errno;
    }
    const std::string source = change.id + std::string(unfinished_suffix);
    return ::renameat(folder, source.c_str(), folder, target.c_str()) == 0 ? 0 : errno;
}

void folder_store::each_text(const std::function<void(const stored_text&)>& each) {
    each_text_in_folder(dir_, each);
}

/// Deleted files are not recorded: the folder has no place for that.
erased_counts folder_store::erase(const erasure& what) {
    std::vector<change> removals;
    for (const auto& id : what.conversations) {
        if (!stored_.contains(id)) continue;
        change& removal = removals.emplace_back();
        removal.id = id;
        removal.kind = change_kind::remove;
    }
    save(removals);
    erase_quarantined(dir_, what.conversations);
    return {removals.size(), 0, 0};
}

std::vector<std::string> folder_store::files_with(std::span<const std::string> texts) {
    return files_in_folder_with(dir_, texts);
}

void folder_store::refuse(const std::string& doing, int error) const {
    throw store_refused(quoted(dir_) + ": " + doing + ": " + error_text(error));
}

void folder_store::stop(const std::string& doing, int error) {
    stop(quoted(dir_) + ": " + doing + ": " + error_text(error));
}

void folder_store::stop(const std::string& why) {
    stopped_ = why + "; the stored state is not known, and the store is stopped";
    throw store_unknown(stopped_);
}

}  // namespace
}  // namespace storage

std::unique_ptr<store> file_store(const std::string& dir, file_options options) {
    return storage::open_store<storage::folder_store>(dir, options);
}

}  // namespace stube
