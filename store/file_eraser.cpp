#include "store/file_eraser.hpp"

#include "store/files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

namespace stube::storage {
namespace {

/// The id in the name of a file, such as `id.json` or `id.json.1`.
std::string id_of(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    return name.substr(0, name.find('.'));
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& dir) {
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at(dir, error), end; !error && at != end;
         at.increment(error))
        if (at->is_regular_file(error)) found.push_back(at->path());
    if (error && error != std::errc::no_such_file_or_directory)
        throw store_refused(quoted(dir) + " cannot be read: " + error.message());
    return found;
}

/// The body of a part in a line `"name":body,`. Another line is returned as it is.
std::string_view body_in(std::string_view line) {
    const auto name_end = line.find("\":");
    if (line.starts_with('"') && name_end != line.npos) line.remove_prefix(name_end + 2);
    if (line.ends_with(',')) line.remove_suffix(1);
    return line;
}

void each_line(
    const std::filesystem::path& file,
    stored_text::place where,
    const std::function<void(const stored_text&)>& each
) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw store_refused(quoted(file) + " cannot be read");
    const std::string id = id_of(file);
    for (std::string line; std::getline(in, line);)
        each({id, where, body_in(line)});
}

}  // namespace

/// Reads the file in pieces. Each piece is searched with the end of the one before it.
bool contains_any(const std::filesystem::path& file, std::span<const std::string> texts) {
    std::size_t longest = 0;
    for (const auto& text : texts)
        longest = std::max(longest, text.size());
    std::ifstream in(file, std::ios::binary);
    if (!in) throw store_refused(quoted(file) + " cannot be read");
    std::string window;
    std::string piece(std::size_t{1} << 20, '\0');
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())), in.gcount() > 0) {
        window.append(piece, 0, static_cast<std::size_t>(in.gcount()));
        const auto is_in_window = [&](const std::string& text) {
            return window.find(text) != std::string::npos;
        };
        if (std::ranges::any_of(texts, is_in_window)) return true;
        if (window.size() > longest) window.erase(0, window.size() - longest);
    }
    return false;
}

void each_text_in_folder(
    const std::filesystem::path& dir,
    const std::function<void(const stored_text&)>& each
) {
    for (const auto& file : files_in(dir))
        if (file.extension() == ".json") each_line(file, stored_text::place::current, each);
    for (const auto& file : files_in(dir / "quarantine"))
        each_line(file, stored_text::place::quarantine, each);
}

void erase_quarantined(const std::filesystem::path& dir, std::span<const std::string> ids) {
    const auto folder = dir / "quarantine";
    const auto files = files_in(folder);
    for (const auto& file : files) {
        if (std::ranges::find(ids, id_of(file)) == ids.end()) continue;
        std::error_code error;
        std::filesystem::remove(file, error);
        if (error) throw store_refused(quoted(file) + ": " + error.message());
    }
    if (files.empty()) return;
    if (const int error = sync_folder(folder))
        throw store_refused(quoted(folder) + ": " + error_text(error));
}

std::vector<std::string>
files_in_folder_with(const std::filesystem::path& dir, std::span<const std::string> texts) {
    std::vector<std::string> found;
    for (const auto& folder : {dir, dir / "quarantine"})
        for (const auto& file : files_in(folder))
            if (contains_any(file, texts)) found.push_back(file.string());
    std::ranges::sort(found);
    return found;
}

}  // namespace stube::storage
