#include "store/mark.hpp"

#include "store/checksum.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stube {
namespace {

constexpr std::size_t line_size = 160;
constexpr std::chrono::seconds between_notes{1};

/// "turn 7 saved 12 last 12 conversations 3 checksum 00f1... sound 9c41...", filled with blanks.
std::string line_of(std::uint64_t turn, const marked& what) {
    std::string line = "turn " + std::to_string(turn) + " saved " + std::to_string(what.saved) +
                       " last " + std::to_string(what.last) + " conversations " +
                       std::to_string(what.conversations) + " checksum " + hex(what.checksum);
    line += " sound " + hex(checksum(line));
    line.resize(line_size - 1, ' ');
    return line + '\n';
}

/// The number after `word` in a line; 0 if it is not there, which then shows as unsound.
std::uint64_t number_after(std::string_view line, std::string_view word, int base = 10) {
    std::size_t at = line.find(word);
    std::uint64_t number = 0;
    if (at != line.npos)
        std::from_chars(line.data() + at + word.size(), line.data() + line.size(), number, base);
    return number;
}

/// True if the mark tells of all conversations, and nothing was written after it.
bool is_about(const marked& mark, const found_stored& found) {
    bool tells = mark.conversations != 0 || mark.checksum != 0;
    return tells && found.now.saved >= mark.saved && found.now.saved <= mark.last;
}

struct turn_of_mark {
    std::uint64_t turn = 0;
    marked what;
};

std::optional<turn_of_mark> sound_line(std::string_view line) {
    turn_of_mark read{
        number_after(line, "turn "),
        {number_after(line, " saved "),
         number_after(line, " last "),
         number_after(line, " conversations "),
         number_after(line, " checksum ", 16)}
    };
    if (line != line_of(read.turn, read.what)) return std::nullopt;
    return read;
}

std::string read_lines(const std::filesystem::path& file) {
    file_descriptor handle(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    std::string text(2 * line_size, '\0');
    ssize_t size = handle.is_open() ? ::pread(handle.number(), text.data(), text.size(), 0) : 0;
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

std::optional<marked> rollback_mark::read() {
    std::string text = read_lines(file_);
    std::optional<turn_of_mark> newest;
    for (std::size_t at = 0; at < text.size(); at += line_size) {
        auto line = sound_line(std::string_view(text).substr(at, line_size));
        if (line && (!newest || line->turn > newest->turn)) newest = line;
    }
    unsound_ = !newest && !text.empty();  // an empty one was about to be written for the first time
    if (!newest) return std::nullopt;
    turn_ = newest->turn;
    written_ = newest->what;
    return written_;
}

void rollback_mark::note(const marked& now) {
    auto time = std::chrono::steady_clock::now();
    if (noted_ && time - *noted_ < between_notes) return;
    noted_ = time;
    put(now);
}

void rollback_mark::begin(const marked& now) {
    if (now.saved == 0) write(now);
}

int rollback_mark::write(const marked& now) {
    int error = put(now);
    if (error != 0) return error;
    return ::fdatasync(handle_.number()) == 0 ? 0 : errno;
}

int rollback_mark::put(const marked& now) {
    if (!handle_.is_open())
        if (int error = open()) return error;
    ++turn_;
    std::string line = line_of(turn_, now);
    auto at = static_cast<off_t>(turn_ % 2 * line_size);
    ssize_t written = ::pwrite(handle_.number(), line.data(), line.size(), at);
    if (written < 0) return errno;
    if (static_cast<std::size_t>(written) != line.size()) return ENOSPC;
    written_ = now;
    return 0;
}

int rollback_mark::open() {
    handle_ = file_descriptor(
        ::open(file_.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600)
    );
    if (!handle_.is_open()) return errno;
    return sync_folder(file_.parent_path());
}

void refuse_rollback(
    const std::filesystem::path& path,
    const rollback_mark& file,
    const std::optional<marked>& mark,
    const found_stored& found,
    bool accepted
) {
    if (accepted || !mark || !found.all_read || found.now.saved >= mark->saved) return;
    throw store_rolled_back(
        "the store " + quoted(path) + " is older than its mark: it ends with transaction " +
        std::to_string(found.now.saved) + ", and transaction " + std::to_string(mark->saved) +
        " was durable. It was replaced by an older copy, or lost its end (a -wal file belongs to "
        "its database). Nothing was changed. Put back the newest copy; or, to go on without what "
        "is missing, remove " +
        quoted(file.file()) + " or open the store once with accept_rollback"
    );
}

void add_warnings(
    const std::filesystem::path& path,
    const rollback_mark& file,
    const std::optional<marked>& mark,
    const found_stored& found,
    load_report& report
) {
    auto warn = [&](const std::string& what) {
        report.warnings.push_back("the store " + quoted(path) + " " + what);
    };
    if (file.is_unsound())
        warn("has a mark that cannot be read: an older copy of the store would not be noticed");
    else if (!mark && found.now.saved > 0)
        warn("has no mark: an older copy of the store would not be noticed");
    if (!mark) return;
    if (found.now.saved < mark->saved)
        warn(
            "ends with transaction " + std::to_string(found.now.saved) + ", and transaction " +
            std::to_string(mark->saved) + " was durable: it may be an older copy"
        );
    else if (found.all_read && is_about(*mark, found) && !is_as_marked(mark, found))
        warn(
            "holds " + std::to_string(found.now.conversations) +
            " conversations that are not the " + std::to_string(mark->conversations) +
            " of its mark: some were lost, or changed by another program"
        );
}

bool is_as_marked(const std::optional<marked>& mark, const found_stored& found) {
    return mark && found.all_read && is_about(*mark, found) &&
           mark->conversations == found.now.conversations && mark->checksum == found.now.checksum;
}

}  // namespace stube
