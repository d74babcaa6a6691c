#include "store/files.hpp"
#include "store/json_text.hpp"

#include <stube/store/file_store.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unordered_map>

// The folder:
//
//   <id>.json     one conversation
//   <id>.tmp      one that is being written; what a crash left of it is removed on loading
//   quarantine/   files that could not be read, under their old names
//   lock          locked by the process that owns the folder
//
// A file is a JSON object with exactly these members, a part on each line:
//
//   {"format":1,"id":"...","revision":3,"status":"kept","parts":{
//   "head":{...},
//   "i1":{...}
//   }}
//
// `status` is "kept" or "not_kept". The bodies of the parts are the caller's bytes. Other files are
// left alone.

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

std::string_view status_text(keeping status) {
    return status == keeping::kept ? "kept" : "not_kept";
}

std::string encode(const change& one) {
    std::string text = "{\"format\":" + std::to_string(our_format) + ",\"id\":\"" + one.id +
                       "\",\"revision\":" + std::to_string(one.revision) + ",\"status\":\"";
    text += status_text(one.status);
    text += "\",\"parts\":{";
    const char* before = "\n\"";
    for (const part& each : one.written) {
        text += before;
        text += each.name;
        text += "\":";
        text += each.body;
        before = ",\n\"";
    }
    text += "\n}}\n";
    return text;
}

std::uint64_t decode_number(std::string_view text, const char* what) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        throw bad_file(std::string(what) + " is not a whole number");
    return number;
}

std::vector<part> decode_parts(std::string_view text) {
    auto members = json_members(text);
    if (!members) throw bad_file("\"parts\" is not an object");
    std::vector<part> parts;
    for (const auto& [name, body] : *members)
        parts.push_back({std::string(name), std::string(body)});
    return parts;
}

keeping decode_status(std::string_view text) {
    if (text == "\"kept\"") return keeping::kept;
    if (text == "\"not_kept\"") return keeping::not_kept;
    throw bad_file("the status is not known");
}

/// Sees to the format first: a file of a newer release is not bad, and must not be moved aside.
void check_format(const std::vector<json_member>& members, const fs::path& file) {
    auto found = std::find_if(members.begin(), members.end(), [](const json_member& each) {
        return each.first == "format";
    });
    if (found == members.end()) throw bad_file("it does not say its format");
    std::uint64_t format = decode_number(found->second, "the format");
    if (format > our_format)
        refuse_place(
            file,
            "it was written by a newer release (format " + std::to_string(format) +
                ", this one knows " + std::to_string(our_format) + ")"
        );
    if (format != our_format) throw bad_file("format " + std::to_string(format) + " is not known");
}

/// Throws bad_file, or store_refused if a newer release wrote the file.
record decode(std::string_view text, const std::string& id, const fs::path& file) {
    if (!is_json(text, deepest_body + 2)) throw bad_file("it is not JSON");
    auto members = json_members(text);
    if (!members) throw bad_file("it is not a JSON object");
    check_format(*members, file);

    record one;
    one.id = id;
    int known = 0;
    for (const auto& [name, value] : *members) {
        if (name == "id" && value != "\"" + id + "\"") throw bad_file("its id is not its name");
        if (name == "revision") one.revision = decode_number(value, "the revision");
        if (name == "status") one.status = decode_status(value);
        if (name == "parts") one.parts = decode_parts(value);
        known += name == "format" || name == "id" || name == "revision" || name == "status" ||
                 name == "parts";
    }
    if (known != 5 || members->size() != 5)
        throw bad_file("it does not have the members of a conversation, each once");
    return one;
}

/// What was read must be what save() accepts, or the next save of it would fail.
void check_record(record& one) {
    change as_saved{one.id, change::kind::replace, one.revision, one.status, {}, {}};
    as_saved.written.swap(one.parts);
    try {
        check_change(as_saved);
    } catch (const std::invalid_argument& broken) {
        throw bad_file(broken.what());
    }
    as_saved.written.swap(one.parts);
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

    /// Writes and syncs one. Returns an errno value, 0 if done; `syncing` tells what failed.
    int write(const std::string& name, std::string_view text, bool& syncing) {
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
        return ::fsync(file.number()) == 0 ? 0 : errno;
    }

    void renamed() { names_.clear(); }

private:
    int folder_;
    std::vector<std::string> names_;
};

class folder_store final : public store {
public:
    explicit folder_store(const fs::path& dir);

    load_report load_all(const std::function<void(record&&)>& each) override;
    void save(std::span<const change> batch) override;

private:
    void make_folder();
    std::vector<std::string> names() const;
    std::string read(const fs::path& file) const;
    void load_one(
        const std::string& name,
        const std::function<void(record&&)>& each,
        load_report& report
    );
    std::string set_aside(const std::string& name);
    void check(std::span<const change> batch) const;
    void write_all(std::span<const change> batch, unfinished_files& files);
    void publish_all(std::span<const change> batch);
    int publish(const change& one) const;
    void remember(std::span<const change> batch);
    [[noreturn]] void refuse(const std::string& doing, int error) const;
    [[noreturn]] void stop(const std::string& doing, int error);

    fs::path dir_;
    file_descriptor lock_;
    file_descriptor folder_;
    std::unordered_map<std::string, std::uint64_t> revisions_;  ///< of what is stored
    bool loaded_ = false;
    std::string stopped_;  ///< why it takes no more changes; empty while it does
};

folder_store::folder_store(const fs::path& dir) : dir_(absolute_path(dir)) {
    if (!dir_.has_filename()) dir_ = dir_.parent_path();
    make_folder();
    lock_ = take_ownership(dir_ / "lock", dir_);
    folder_ = file_descriptor(::open(dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder_.is_open()) refuse_place(dir_, words_for(errno));
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
    revisions_.clear();
    load_report report;
    for (const std::string& name : names()) {
        fs::path path(name);
        if (path.extension() == unfinished_suffix && is_id(path.stem().string()))
            ::unlinkat(folder_.number(), name.c_str(), 0);
        else if (path.extension() == final_suffix)
            load_one(name, each, report);
    }
    loaded_ = true;
    return report;
}

std::vector<std::string> folder_store::names() const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator at(dir_, error), end; !error && at != end; at.increment(error))
        found.push_back(at->path().filename().string());
    if (error) refuse_place(dir_, error.message());
    return found;
}

void folder_store::load_one(
    const std::string& name,
    const std::function<void(record&&)>& each,
    load_report& report
) {
    fs::path file = dir_ / name;
    std::string id = file.stem().string();
    record one;
    try {
        if (!is_id(id)) throw bad_file("its name is not the id of a conversation");
        one = decode(read(file), id, file);
        check_record(one);
    } catch (const bad_file& bad) {
        report.quarantined.push_back({is_id(id) ? id : "", bad.what(), set_aside(name)});
        return;
    }
    revisions_[one.id] = one.revision;
    ++report.loaded;
    each(std::move(one));
}

std::string folder_store::read(const fs::path& file) const {
    // Without O_NONBLOCK, opening a pipe that somebody put here would wait for ever.
    file_descriptor handle(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!handle.is_open()) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            refuse_place(dir_, words_for(errno));  // no fault of the file
        throw bad_file("it cannot be opened: " + words_for(errno));
    }
    struct stat status {};
    if (::fstat(handle.number(), &status) != 0)
        throw bad_file("it cannot be read: " + words_for(errno));
    if (!S_ISREG(status.st_mode)) throw bad_file("it is not a regular file");
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
    fs::path target = quarantine / name;
    for (int copy = 1; fs::exists(fs::symlink_status(target)); ++copy)
        target = quarantine / (name + "." + std::to_string(copy));
    if (::rename((dir_ / name).c_str(), target.c_str()) != 0)
        refuse_place(dir_, doing + words_for(errno));
    int error = sync_folder(quarantine);
    if (error == 0 && ::fsync(folder_.number()) != 0) error = errno;
    if (error != 0) refuse_place(dir_, doing + words_for(error));
    return target.string();
}

void folder_store::save(std::span<const change> batch) {
    if (!stopped_.empty()) throw store_unknown(stopped_);
    if (!loaded_) throw std::logic_error("load_all comes before the first save");
    if (batch.empty()) return;
    check(batch);
    unfinished_files files(folder_.number());
    write_all(batch, files);
    publish_all(batch);
    files.renamed();
    remember(batch);
}

void folder_store::remember(std::span<const change> batch) {
    for (const change& one : batch) {
        if (one.what == change::kind::remove)
            revisions_.erase(one.id);
        else
            revisions_[one.id] = one.revision;
    }
}

void folder_store::check(std::span<const change> batch) const {
    check_batch(batch);
    for (const change& one : batch) {
        if (one.what == change::kind::update)
            throw store_refused("a file store takes whole conversations, not updates");
        auto stored = revisions_.find(one.id);
        check_follows(one, stored == revisions_.end() ? nullptr : &stored->second);
    }
}

void folder_store::write_all(std::span<const change> batch, unfinished_files& files) {
    for (const change& one : batch) {
        if (one.what == change::kind::remove) continue;
        std::string text = encode(one);
        if (text.size() > largest_file)
            throw store_refused("conversation " + one.id + " is larger than 64 MiB");
        bool syncing = false;
        int error = files.write(one.id + std::string(unfinished_suffix), text, syncing);
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
    stopped_ = quoted(dir_) + ": " + doing + ": " + words_for(error) +
               "; what is stored is not known, the store is stopped";
    throw store_unknown(stopped_);
}

}  // namespace

std::unique_ptr<store> file_store(const std::filesystem::path& dir) {
    return std::make_unique<folder_store>(dir);
}

}  // namespace stube
