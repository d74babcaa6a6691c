#include "store/checksum.hpp"
#include "store/files.hpp"
#include "store/mark.hpp"
#include "store/refused_store.hpp"

#include <stube/store/file_store.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>

// The folder:
//
//   <id>.json     one conversation
//   <id>.tmp      one that is being written; what a crash left of it is removed on loading
//   quarantine/   files that could not be read, under their old names
//   .mark         how far the folder was durable (mark.hpp)
//   lock          locked by the process that owns the folder
//
// A file is a JSON object of exactly this form, a part on each line:
//
//   {"format":1,"checksum":"0123456789abcdef","id":"...","revision":3,"saved":7,"status":"kept",
//   "sizes":{"head":7,"i1":9},"parts":{
//   "head":{"n":1},
//   "i1":{"n":22}
//   }}
//
// (with the first two lines as one). `checksum` is of the format and of all that follows, `saved`
// the number of the batch, `status` "kept" or "not_kept". The bodies of the parts are the caller's
// bytes, found by their sizes. A newer format keeps the first two members as they are, so that it
// can be told from damage. Other files are left alone.

namespace stube {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t our_format = 1;
constexpr std::size_t largest_file = 64u << 20;
constexpr std::string_view final_suffix = ".json";
constexpr std::string_view unfinished_suffix = ".tmp";

/// One file that cannot be read; what() says why.
class bad_file : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

std::string_view status_name(keeping status) {
    return status == keeping::kept ? "kept" : "not_kept";
}

/// What is known of a stored file.
struct stored_file {
    std::uint64_t revision = 0;
    std::uint64_t saved = 0;
    std::uint64_t checksum = 0;
    ino_t inode = 0;
};

/// Of the format and of all that follows the checksum itself.
std::uint64_t file_checksum(std::uint64_t format, std::string_view rest) {
    return checksum(std::to_string(format)) ^ checksum(rest);
}

struct encoded_file {
    std::string text;
    std::uint64_t checksum = 0;
};

encoded_file encode(const change& one, std::uint64_t saved) {
    std::string text = "\",\"id\":\"" + one.id + "\",\"revision\":" + std::to_string(one.revision) +
                       ",\"saved\":" + std::to_string(saved) + ",\"status\":\"";
    text += status_name(one.status);
    text += "\",\"sizes\":{";
    const char* before = "\"";
    for (const part& each : one.written) {
        text += before;
        text += each.name;
        text += "\":";
        text += std::to_string(each.body.size());
        before = ",\"";
    }
    text += "},\"parts\":{";
    before = "\n\"";
    for (const part& each : one.written) {
        text += before;
        text += each.name;
        text += "\":";
        text += each.body;
        before = ",\n\"";
    }
    text += "\n}}\n";
    std::uint64_t sum = file_checksum(our_format, text);
    return {
        "{\"format\":" + std::to_string(our_format) + ",\"checksum\":\"" + hex(sum) + text,
        sum
    };
}

/// Takes a text of known form apart, from its beginning to its end.
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
        auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc()) throw bad_file("a number is missing");
        rest_ = rest_.substr(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    std::string_view take(std::size_t size) {
        if (size > rest_.size()) throw bad_file("it is cut off");
        std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view until(char end) {
        std::size_t size = rest_.find(end);
        if (size == rest_.npos) throw bad_file("it is cut off");
        return take(size);
    }

    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

/// Reads the parts, whose sizes come first.
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

/// Throws bad_file, or store_refused if a newer release wrote the file.
record decode(std::string_view text, const fs::path& file, stored_file& known) {
    text_reader reader(text);
    reader.need("{\"format\":");
    std::uint64_t format = reader.number();
    reader.need(",\"checksum\":\"");
    std::string_view sum = reader.take(16);
    known.checksum = file_checksum(format, reader.rest());
    if (sum != hex(known.checksum)) throw bad_file("it is damaged: its checksum is another");
    // A sound file of a newer release must not be moved aside.
    if (format > our_format)
        refuse_place(
            file,
            "it was written by a newer release (format " + std::to_string(format) +
                ", this one knows " + std::to_string(our_format) + ")"
        );
    if (format != our_format) throw bad_file("format " + std::to_string(format) + " is not known");

    record one;
    reader.need("\",\"id\":\"");
    one.id = reader.until('"');
    reader.need("\",\"revision\":");
    one.revision = known.revision = reader.number();
    reader.need(",\"saved\":");
    known.saved = reader.number();
    reader.need(",\"status\":\"");
    one.status = reader.skip("not_") ? keeping::not_kept : keeping::kept;
    reader.need("kept\",\"sizes\":{");
    one.parts = decode_parts(reader);
    if (!reader.rest().empty()) throw bad_file("something stands behind its end");
    return one;
}

bool is_id(std::string_view text) {
    try {
        check_id(text);
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

/// The temporary files of one batch; those that were not renamed are removed at the end.
class unfinished_files {
public:
    explicit unfinished_files(int folder) : folder_(folder) {}
    unfinished_files(const unfinished_files&) = delete;
    unfinished_files& operator=(const unfinished_files&) = delete;

    ~unfinished_files() {
        for (const std::string& name : names_)
            ::unlinkat(folder_, name.c_str(), 0);
    }

    /// Writes and syncs one, and tells which file it is, 0 if that is not known. Returns an errno
    /// value, 0 if done; `syncing` tells what failed.
    int write(const std::string& name, std::string_view text, bool& syncing, ino_t& inode) {
        syncing = false;
        file_descriptor file(
            ::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
        );
        if (!file.is_open()) return errno;
        names_.push_back(name);
        while (!text.empty()) {
            ssize_t written = ::write(file.number(), text.data(), text.size());
            if (written < 0 && errno != EINTR) return errno;
            text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
        }
        syncing = true;
        if (::fsync(file.number()) != 0) return errno;
        struct stat status{};
        inode = ::fstat(file.number(), &status) == 0 ? status.st_ino : 0;
        return 0;
    }

    void renamed() { names_.clear(); }

private:
    int folder_;
    std::vector<std::string> names_;
};

class folder_store final : public store, public place_watch {
public:
    folder_store(const fs::path& dir, file_options options);
    ~folder_store() override;

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;
    void check_place() override;

private:
    void make_folder();
    void note_folder();
    void check_files();
    void check_mark(const std::optional<marked>& before, bool all_read, load_report& report);
    std::vector<std::string> names() const;
    std::optional<std::string> read(const fs::path& file, stored_file& known) const;
    bool load_one(
        const std::string& name,
        const std::function<void(record&&)>& each,
        load_report& report
    );
    std::string set_aside(const std::string& name);
    void check(std::span<const change> batch) const;
    void note_removals(std::span<const change> batch);
    void write_all(std::span<const change> batch, unfinished_files& files);
    void publish_all(std::span<const change> batch);
    int publish(const change& one) const;
    void remember(std::span<const change> batch);
    void forget(const std::string& id);
    std::uint64_t highest_without(std::span<const change> batch) const;
    marked state() const { return {saved_, saved_, stored_.size(), checksum_}; }
    [[noreturn]] void refuse(const std::string& doing, int error) const;
    [[noreturn]] void stop(const std::string& doing, int error);
    [[noreturn]] void stop(const std::string& why);

    fs::path dir_;
    file_options options_;
    file_descriptor lock_;
    file_descriptor folder_;
    rollback_mark mark_;
    std::unordered_map<std::string, stored_file> stored_;
    std::vector<stored_file> written_;  ///< of the batch under way
    watched_files watched_;
    struct timespec changed_{};   ///< when the folder was changed last by us
    std::uint64_t saved_ = 0;     ///< the number of the last batch
    std::uint64_t checksum_ = 0;  ///< the XOR of the checksums of all files
    bool has_saved_ = false;
    bool loaded_ = false;
    std::string stopped_;  ///< why it takes no more changes; empty while it does
};

folder_store::folder_store(const fs::path& dir, file_options options)
    : dir_(absolute_path(dir)), options_(options), mark_(dir_ / ".mark") {
    if (!dir_.has_filename()) dir_ = dir_.parent_path();
    if (options_.read_only)
        need_folder(dir_, dir_);
    else
        make_folder();
    if (!options_.read_only) lock_ = take_ownership(dir_ / "lock", dir_);
    folder_ = file_descriptor(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_.is_open()) refuse_place(dir_, words_for(errno));
}

folder_store::~folder_store() {
    if (!has_saved_ || !stopped_.empty()) return;
    marked last = state();
    last.saved = highest_without({});
    mark_.write(last);
}

void folder_store::make_folder() {
    fs::path parent = dir_.parent_path();
    need_folder(parent, dir_);
    if (::mkdir(dir_.c_str(), 0700) == 0) {
        if (int error = sync_folder(parent)) refuse_place(dir_, words_for(error));
    } else if (errno != EEXIST) {
        refuse_place(dir_, "cannot make the folder: " + words_for(errno));
    }
    need_folder(dir_, dir_);
}

load_report folder_store::load_all(const std::function<void(record&&)>& each) {
    stored_.clear();
    saved_ = checksum_ = 0;
    load_report report;
    // Before the files: whoever writes meanwhile writes the mark last.
    auto mark = mark_.read();
    std::vector<std::string> unfinished;
    std::vector<std::string> bad;
    for (const std::string& name : names()) {
        fs::path path(name);
        if (!is_id(path.stem().string())) continue;
        if (path.extension() == unfinished_suffix)
            unfinished.push_back(name);
        else if (path.extension() == final_suffix && !load_one(name, each, report))
            bad.push_back(name);
    }
    check_mark(mark, bad.empty(), report);
    if (!options_.read_only) {
        for (const std::string& name : unfinished)
            ::unlinkat(folder_.number(), name.c_str(), 0);
        for (std::size_t i = 0; i < bad.size(); ++i)
            report.quarantined[i].where = set_aside(bad[i]);
    }
    if (!options_.read_only) {
        watched_.watch(dir_);
        watched_.watch(dir_ / "lock");
        note_folder();
    }
    loaded_ = true;
    return report;
}

namespace {

bool is_same(const struct timespec& one, const struct timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

}  // namespace

void folder_store::note_folder() {
    struct stat status{};
    if (::fstat(folder_.number(), &status) == 0) changed_ = status.st_mtim;
}

void folder_store::check_place() {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    const auto lost = watched_.find_lost();
    if (!lost.empty()) stop(quoted(lost) + " was deleted or replaced while the store was open");
    struct stat status{};
    if (::fstat(folder_.number(), &status) != 0 || is_same(status.st_mtim, changed_)) return;
    check_files();
    changed_ = status.st_mtim;
}

/// Somebody else has changed the folder.
void folder_store::check_files() {
    for (const auto& [id, known] : stored_) {
        const auto name = id + std::string(final_suffix);
        struct stat status{};
        const bool is_there =
            ::fstatat(folder_.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
        const bool is_gone = !is_there && errno == ENOENT;
        const bool is_other = is_there && known.inode != 0 && status.st_ino != known.inode;
        if (is_gone || is_other)
            stop(quoted(dir_ / name) + " was deleted or replaced while the store was open");
    }
}

void folder_store::check_mark(
    const std::optional<marked>& before,
    bool all_read,
    load_report& report
) {
    // Whoever removes meanwhile writes the mark first.
    auto after = options_.read_only ? mark_.read() : before;
    auto mark = before == after ? before : std::nullopt;
    found_stored found{state(), all_read};
    refuse_rollback(dir_, mark_, mark, found, options_.accept_rollback);
    if (before == after) add_warnings(dir_, mark_, mark, found, report);
    if (options_.read_only) return;
    if (!mark) return mark_.begin(state());
    // What is missing by now is known and accepted.
    bool is_behind = saved_ < mark->saved;
    saved_ = std::max(saved_, mark->last);
    if (!is_behind) return;
    if (int error = mark_.write({0, saved_, 0, 0}))
        refuse_place(dir_, "cannot write its mark: " + words_for(error));
}

std::vector<std::string> folder_store::names() const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator at(dir_, error), end; !error && at != end; at.increment(error))
        found.push_back(at->path().filename().string());
    if (error) refuse_place(dir_, error.message());
    return found;
}

/// False if it cannot be read, which is then in the report.
bool folder_store::load_one(
    const std::string& name,
    const std::function<void(record&&)>& each,
    load_report& report
) {
    fs::path file = dir_ / name;
    std::string id = file.stem().string();
    record one;
    stored_file known;
    try {
        auto text = read(file, known);
        if (!text) return true;
        one = decode(*text, file, known);
        if (one.id != id) throw bad_file("its id is not its name");
    } catch (const bad_file& bad) {
        report.quarantined.push_back({id, bad.what(), "left at " + file.string()});
        return false;
    }
    saved_ = std::max(saved_, known.saved);
    checksum_ ^= known.checksum;
    stored_[one.id] = known;
    ++report.loaded;
    each(std::move(one));
    return true;
}

/// Nothing if the file went away, which is no fault while another process owns the folder.
std::optional<std::string> folder_store::read(const fs::path& file, stored_file& known) const {
    // Without O_NONBLOCK, opening a pipe that somebody put here would wait for ever.
    file_descriptor handle(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!handle.is_open()) {
        if (errno == ENOENT && options_.read_only) return std::nullopt;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            refuse_place(dir_, words_for(errno));  // no fault of the file
        throw bad_file("it cannot be opened: " + words_for(errno));
    }
    struct stat status{};
    if (::fstat(handle.number(), &status) != 0)
        throw bad_file("it cannot be read: " + words_for(errno));
    if (!S_ISREG(status.st_mode)) throw bad_file("it is not a regular file");
    known.inode = status.st_ino;
    if (static_cast<std::uint64_t>(status.st_size) > largest_file)
        throw bad_file("it is larger than 64 MiB");

    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        ssize_t size = ::read(handle.number(), text.data() + filled, text.size() - filled);
        if (size < 0 && errno != EINTR) throw bad_file("it cannot be read: " + words_for(errno));
        if (size == 0) throw bad_file("it became shorter while it was read");
        filled += size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    return text;
}

/// Moves a file into the quarantine and says where it is now.
std::string folder_store::set_aside(const std::string& name) {
    fs::path quarantine = dir_ / "quarantine";
    std::string doing = "cannot set aside the unreadable file \"" + name + "\": ";
    if (::mkdir(quarantine.c_str(), 0700) != 0 && errno != EEXIST)
        refuse_place(dir_, doing + words_for(errno));
    fs::path target = unused_name(quarantine / name);
    if (::rename((dir_ / name).c_str(), target.c_str()) != 0)
        refuse_place(dir_, doing + words_for(errno));
    int error = sync_folder(quarantine);
    if (error == 0 && ::fsync(folder_.number()) != 0) error = errno;
    if (error != 0) refuse_place(dir_, doing + words_for(error));
    return target.string();
}

void folder_store::save(std::span<const change> batch) {
    if (options_.read_only) throw store_refused(quoted(dir_) + " is open for reading only");
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!loaded_) throw std::logic_error("load_all comes before the first save");
    if (batch.empty()) return;
    check_place();
    check(batch);
    unfinished_files files(folder_.number());
    write_all(batch, files);
    note_removals(batch);
    publish_all(batch);
    files.renamed();
    remember(batch);
    bool writes = std::any_of(batch.begin(), batch.end(), [](const change& one) {
        return one.what != change::kind::remove;
    });
    if (writes) mark_.note(state());  // the number is in the files
    note_folder();
    check_place();
}

/// A mark must not claim a number that goes with the files of this batch.
void folder_store::note_removals(std::span<const change> batch) {
    bool removes = std::any_of(batch.begin(), batch.end(), [](const change& one) {
        return one.what == change::kind::remove;
    });
    if (!removes) return;
    std::uint64_t claimed = std::min(mark_.written().saved, highest_without(batch));
    if (int error = mark_.write({claimed, saved_, 0, 0})) refuse("writing the mark", error);
}

/// The highest number in the files that this batch does not remove.
std::uint64_t folder_store::highest_without(std::span<const change> batch) const {
    std::unordered_set<std::string_view> removed;
    for (const change& one : batch)
        if (one.what == change::kind::remove) removed.insert(one.id);
    std::uint64_t highest = 0;
    for (const auto& [id, file] : stored_)
        if (!removed.contains(id)) highest = std::max(highest, file.saved);
    return highest;
}

void folder_store::remember(std::span<const change> batch) {
    ++saved_;
    has_saved_ = true;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const change& one = batch[i];
        forget(one.id);
        if (one.what == change::kind::remove) continue;
        stored_[one.id] = written_[i];
        checksum_ ^= written_[i].checksum;
    }
}

void folder_store::forget(const std::string& id) {
    auto old = stored_.find(id);
    if (old == stored_.end()) return;
    checksum_ ^= old->second.checksum;
    stored_.erase(old);
}

void folder_store::check(std::span<const change> batch) const {
    check_batch(batch);
    for (const change& one : batch) {
        if (one.what == change::kind::update)
            throw store_refused("a file store takes whole conversations, not updates");
        auto stored = stored_.find(one.id);
        check_follows(one, stored == stored_.end() ? nullptr : &stored->second.revision);
    }
}

void folder_store::write_all(std::span<const change> batch, unfinished_files& files) {
    written_.clear();
    for (const change& one : batch) {
        auto& written = written_.emplace_back();
        if (one.what == change::kind::remove) continue;
        auto [text, sum] = encode(one, saved_ + 1);
        written = {one.revision, saved_ + 1, sum};
        if (text.size() > largest_file)
            throw store_refused("conversation " + one.id + " is larger than 64 MiB");
        bool syncing = false;
        const auto name = one.id + std::string(unfinished_suffix);
        int error = files.write(name, text, syncing, written.inode);
        if (error == 0) continue;
        // A full disk may show only at the sync. Nothing was renamed, so it is as if nothing had
        // been.
        if (syncing && error != ENOSPC && error != EDQUOT)
            stop("syncing conversation " + one.id, error);
        refuse("writing conversation " + one.id, error);
    }
}

void folder_store::publish_all(std::span<const change> batch) {
    bool changed = false;
    for (const change& one : batch) {
        if (int error = publish(one)) {
            if (changed) stop("renaming conversation " + one.id, error);
            refuse("renaming conversation " + one.id, error);
        }
        changed = true;
    }
    if (::fsync(folder_.number()) != 0) stop("syncing the folder", errno);
}

/// Puts one change in force. Returns an errno value, 0 if done.
int folder_store::publish(const change& one) const {
    std::string target = one.id + std::string(final_suffix);
    int folder = folder_.number();
    if (one.what == change::kind::remove) {
        bool gone = ::unlinkat(folder, target.c_str(), 0) == 0 || errno == ENOENT;
        return gone ? 0 : errno;
    }
    std::string source = one.id + std::string(unfinished_suffix);
    return ::renameat(folder, source.c_str(), folder, target.c_str()) == 0 ? 0 : errno;
}

void folder_store::refuse(const std::string& doing, int error) const {
    throw store_refused(quoted(dir_) + ": " + doing + ": " + words_for(error));
}

void folder_store::stop(const std::string& doing, int error) {
    stop(quoted(dir_) + ": " + doing + ": " + words_for(error));
}

void folder_store::stop(const std::string& why) {
    stopped_ = why + "; what is stored is not known, the store is stopped";
    throw store_unknown(stopped_);
}

}  // namespace

std::unique_ptr<store> file_store(const std::filesystem::path& dir, file_options options) {
    return open_store<folder_store>(dir, options);
}

}  // namespace stube
