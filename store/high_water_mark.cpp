#include "store/high_water_mark.hpp"

#include "store/checksum.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace stube::storage {
namespace {

constexpr std::size_t line_size = 160;
constexpr std::chrono::seconds write_interval{1};

/// "turn 7 saved 12 last 12 conversations 3 checksum 00f1... sound 9c41...", padded with blanks.
/// `sound` is the checksum of the line.
std::string line_of(std::uint64_t sequence, const high_water_mark& mark) {
    std::string line = "turn " + std::to_string(sequence) + " saved " +
                       std::to_string(mark.transaction) + " last " + std::to_string(mark.last) +
                       " conversations " + std::to_string(mark.conversations) + " checksum " +
                       hex(mark.checksum);
    line += " sound " + hex(checksum(line));
    line.resize(line_size - 1, ' ');
    return line + '\n';
}

/// The number after `word` in a line; 0 if it is missing, which then makes the line invalid.
std::uint64_t number_after(std::string_view line, std::string_view word, int base = 10) {
    const std::size_t found = line.find(word);
    std::uint64_t number = 0;
    if (found != line.npos)
        std::from_chars(line.data() + found + word.size(), line.data() + line.size(), number, base);
    return number;
}

/// True if the mark records the conversations, and nothing was written after it.
bool is_comparable(const high_water_mark& mark, const loaded_state& loaded) {
    const bool has_conversations = mark.conversations != 0 || mark.checksum != 0;
    return has_conversations && loaded.now.transaction >= mark.transaction &&
           loaded.now.transaction <= mark.last;
}

struct numbered_mark {
    std::uint64_t sequence = 0;
    high_water_mark mark;
};

/// Nothing if the line is not valid.
std::optional<numbered_mark> parse_line(std::string_view line) {
    const numbered_mark parsed{
        number_after(line, "turn "),
        {number_after(line, " saved "),
         number_after(line, " last "),
         number_after(line, " conversations "),
         number_after(line, " checksum ", 16)}
    };
    if (line != line_of(parsed.sequence, parsed.mark)) return std::nullopt;
    return parsed;
}

std::string read_lines(const std::filesystem::path& path) {
    const file_descriptor handle(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    std::string text(2 * line_size, '\0');
    const ssize_t size =
        handle.is_open() ? ::pread(handle.number(), text.data(), text.size(), 0) : 0;
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
}

}  // namespace

std::optional<high_water_mark> high_water_mark_file::read() {
    const std::string text = read_lines(path_);
    std::optional<numbered_mark> newest;
    for (std::size_t begin = 0; begin < text.size(); begin += line_size) {
        const auto line = parse_line(std::string_view(text).substr(begin, line_size));
        if (line && (!newest || line->sequence > newest->sequence)) newest = line;
    }
    // A process that was killed before it wrote the first line leaves an empty file.
    is_unreadable_ = !newest && !text.empty();
    if (!newest) return std::nullopt;
    sequence_ = newest->sequence;
    written_ = newest->mark;
    return written_;
}

void high_water_mark_file::write_if_due(const high_water_mark& now) {
    const auto time = std::chrono::steady_clock::now();
    if (last_due_ && time - *last_due_ < write_interval) return;
    last_due_ = time;
    write_line(now);
}

void high_water_mark_file::write_first(const high_water_mark& now) {
    if (now.transaction == 0) write(now);
}

int high_water_mark_file::write(const high_water_mark& now) {
    const int error = write_line(now);
    if (error != 0) return error;
    return ::fdatasync(handle_.number()) == 0 ? 0 : errno;
}

int high_water_mark_file::write_line(const high_water_mark& now) {
    if (!handle_.is_open())
        if (const int error = open()) return error;
    ++sequence_;
    const std::string line = line_of(sequence_, now);
    const auto offset = static_cast<off_t>(sequence_ % 2 * line_size);
    const ssize_t written = ::pwrite(handle_.number(), line.data(), line.size(), offset);
    if (written < 0) return errno;
    if (static_cast<std::size_t>(written) != line.size()) return ENOSPC;
    written_ = now;
    return 0;
}

int high_water_mark_file::open() {
    handle_ = file_descriptor(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600)
    );
    if (!handle_.is_open()) return errno;
    return sync_folder(path_.parent_path());
}

void refuse_rollback(
    const std::filesystem::path& place,
    const high_water_mark_file& file,
    const std::optional<high_water_mark>& mark,
    const loaded_state& loaded,
    bool is_accepted
) {
    if (is_accepted || !mark || !loaded.all_read || loaded.now.transaction >= mark->transaction)
        return;
    throw store_rolled_back(
        "the store " + quoted(place) +
        " is older than its high-water mark: it ends with "
        "transaction " +
        std::to_string(loaded.now.transaction) + ", but transaction " +
        std::to_string(mark->transaction) +
        " was durable. The store was replaced by an older copy, or its end was lost (a -wal file "
        "belongs to its database). Nothing was changed. Put back the newest copy; or, to continue "
        "without the missing transactions, remove " +
        quoted(file.path()) + " or open the store once with accept_rollback"
    );
}

void add_warnings(
    const std::filesystem::path& place,
    const high_water_mark_file& file,
    const std::optional<high_water_mark>& mark,
    const loaded_state& loaded,
    load_report& report
) {
    const auto warn = [&](const std::string& text) {
        report.warnings.push_back("the store " + quoted(place) + " " + text);
    };
    if (file.is_unreadable())
        warn("has a high-water mark that cannot be read: an older copy of the store would not be "
             "noticed");
    else if (!mark && loaded.now.transaction > 0)
        warn("has no high-water mark: an older copy of the store would not be noticed");
    if (!mark) return;
    if (loaded.now.transaction < mark->transaction)
        warn(
            "ends with transaction " + std::to_string(loaded.now.transaction) +
            ", but transaction " + std::to_string(mark->transaction) +
            " was durable: it may be an older copy"
        );
    else if (loaded.all_read && is_comparable(*mark, loaded) && !matches(mark, loaded))
        warn(
            "contains " + std::to_string(loaded.now.conversations) +
            " conversations that differ from the " + std::to_string(mark->conversations) +
            " of its high-water mark: some were lost, or changed by another program"
        );
}

bool matches(const std::optional<high_water_mark>& mark, const loaded_state& loaded) {
    return mark && loaded.all_read && is_comparable(*mark, loaded) &&
           mark->conversations == loaded.now.conversations && mark->checksum == loaded.now.checksum;
}

}  // namespace stube::storage
