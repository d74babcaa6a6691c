#include "runtime/conversation/json_text.hpp"

#include <stube/runtime/erase_principal.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace stube {

using namespace storage;
namespace {

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// True if the text ends with an escape sequence of JSON, such as "\n" or "\u0007". Its last
/// character is then not part of a word.
bool ends_with_escape(std::string_view text) {
    constexpr std::size_t short_size = 2;
    constexpr std::size_t long_size = 6;
    const auto size = text.size();
    return (size >= short_size && text[size - short_size] == '\\') ||
           (size >= long_size && text.substr(size - long_size, 2) == "\\u");
}

/// True if the text contains the part, and not only within longer words: "ada" is in "ada@mail" and
/// not in the random id "badaed42".
bool contains(std::string_view text, std::string_view part) {
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) {
        const auto end = at + part.size();
        const bool begins_inside = at > 0 && is_alphanumeric(text[at - 1]) &&
                                   is_alphanumeric(part.front()) &&
                                   !ends_with_escape(text.substr(0, at));
        const bool ends_inside =
            end < text.size() && is_alphanumeric(text[end]) && is_alphanumeric(part.back());
        if (!begins_inside && !ends_inside) return true;
    }
    return false;
}

/// Finds out which of the store's texts belong to a principal.
class name_search {
public:
    explicit name_search(std::string_view name) : name_(name) {
        kernel::append_quoted(quoted_, name);
        escaped_ = quoted_.substr(1, quoted_.size() - 2);
    }

    /// True if the text contains the name as a word, plain or as JSON writes it.
    bool is_in(std::string_view text) const {
        return contains(text, name_) || contains(text, escaped_);
    }

    /// True if the text is the head of a conversation of the principal, a tombstone of one, or an
    /// event of the principal.
    bool is_signed(std::string_view text) const {
        if (!is_in(text)) return false;
        boost::system::error_code error;
        const auto parsed = boost::json::parse(text, error);
        if (error) return contains(text, "\"principal\":" + quoted_);  // damaged
        const auto* object = parsed.if_object();
        if (!object) return false;
        if (const auto* principal = object->if_contains("principal"))
            return (object->contains("owner") || object->contains("kind")) &&
                   principal->is_string() && std::string_view(principal->get_string()) == name_;
        // A tombstone. Its owner is the browser session and the principal, with a colon between.
        const auto* owner = object->if_contains("owner");
        if (!owner || !owner->is_string()) return false;
        const std::string_view both = owner->get_string();
        return both.find(':') != both.npos && both.substr(both.find(':') + 1) == name_;
    }

    /// The name as a JSON text, and at the end of an owner.
    std::vector<std::string> texts_in_files() const { return {quoted_, ":" + escaped_ + "\""}; }

private:
    std::string name_;
    std::string quoted_;   ///< as JSON
    std::string escaped_;  ///< the same without quotes
};

/// The conversations with texts that the principal has signed.
erasure find_signed(eraser& from, const name_search& search) {
    struct evidence {
        bool is_current = false;     ///< the current state is the principal's
        bool has_current = false;    ///< there is a current state
        bool is_in_archive = false;  ///< or in quarantine
    };
    using enum stored_text::place;
    std::map<std::string, evidence, std::less<>> found;
    from.each_text([&](const stored_text& each) {
        if (!search.is_signed(each.text)) return;
        auto& of = found[std::string(each.id)];
        (each.where == current ? of.is_current : of.is_in_archive) = true;
    });
    from.each_text([&](const stored_text& each) {
        if (each.where != current) return;
        if (const auto at = found.find(each.id); at != found.end()) at->second.has_current = true;
    });
    erasure out;
    for (const auto& [id, of] : found) {
        const bool is_of_other = of.has_current && !of.is_current;
        (is_of_other ? out.histories : out.conversations).push_back(id);
    }
    return out;
}

/// The forks of erased conversations that are not erased themselves.
std::vector<std::string> find_copies(eraser& from, const erasure& what) {
    const auto forks = from.forks_of(what.conversations);
    std::set<std::string> copies(forks.begin(), forks.end());
    for (const auto& id : what.conversations)
        copies.erase(id);
    return {copies.begin(), copies.end()};
}

std::string_view word_for(stored_text::place where) {
    switch (where) {
    case stored_text::place::current:
        return "current state";
    case stored_text::place::archive:
        return "archive";
    case stored_text::place::quarantine:
        return "quarantine";
    }
    return {};
}

}  // namespace

principal_erasure erase_principal(store& from, std::string_view name, time_point now) {
    if (name.empty())
        throw std::invalid_argument("stube: conversations without a principal have no name");
    from.load_all([](record&&) {});
    auto* tool = dynamic_cast<eraser*>(&from);
    if (!tool) throw store_refused("this store cannot erase; a file store and an SQLite store can");
    const name_search search(name);
    auto what = find_signed(*tool, search);
    what.time = now.time_since_epoch().count();
    principal_erasure done;
    done.copies = find_copies(*tool, what);
    done.counts = tool->erase(what);
    done.histories = std::move(what.histories);

    std::set<principal_erasure::remainder> left;
    tool->each_text([&](const stored_text& each) {
        if (search.is_in(each.text)) left.insert({std::string(each.id), each.where});
    });
    done.left.assign(left.begin(), left.end());
    done.files = tool->files_with(search.texts_in_files());
    return done;
}

std::string report_of(const principal_erasure& done) {
    std::string out = "erased: " + std::to_string(done.counts.conversations) + " conversations, " +
                      std::to_string(done.counts.archived) + " archived ones, " +
                      std::to_string(done.counts.heads) + " heads\n";
    for (const auto& id : done.histories)
        out += "the archive was erased and the current state stays: conversation " + id + "\n";
    for (const auto& id : done.copies)
        out += "began as a copy of an erased conversation: conversation " + id + "\n";
    for (const auto& each : done.left)
        out += "still contains the name: conversation " + each.id + " (" +
               std::string(word_for(each.where)) + ")\n";
    for (const auto& each : done.files)
        out += "still contains the name: file " + each + "\n";
    return out + (done.is_complete() ? "nothing of the name is left\n"
                                     : "something is left, and a person must decide\n");
}

}  // namespace stube
