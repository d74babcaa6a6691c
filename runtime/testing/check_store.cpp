#include "runtime/component/exception_message.hpp"
#include "runtime/conversation/decoder.hpp"
#include "runtime/conversation/encoder.hpp"
#include "runtime/kernel/turn.hpp"

#include <stube/runtime/check_store.hpp>

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace stube {

using namespace kernel;
using namespace storage;
namespace {

using shape = std::pair<std::string, int>;

constexpr std::size_t most_others = 20;

/// Why a conversation does not go on, and whose fault it is.
struct verdict_of_one {
    enum class kind { newer, unknown, failed } what = kind::failed;
    std::optional<shape> guilty = {};
    std::string why;
};

/// Renders the components of the page one by one, to find the one that throws.
std::optional<shape> find_guilty(const conversation& in, const environment& world) {
    std::optional<shape> found;
    in.instances.each([&](const instance_ptr& each) {
        if (found || !each->type->render || !in.is_shown(each->id)) return;
        try {
            each->type->render(each->state.get(), kernel::context_of(in, world));
        } catch (...) {
            found.emplace(std::string(each->type->name), each->type->version);
        }
    });
    return found;
}

/// Why the page cannot be shown, or what was read could not be saved again; empty if both can be.
std::string show_and_encode(const conversation& of, const environment& world) {
    try {
        render_view(of, world);
        check_change(encode_change(nullptr, of, false));
    } catch (...) {
        return "cannot be shown: " + current_exception_message();
    }
    return {};
}

class check {
public:
    explicit check(const environment& world) : world_(world) {}

    void add(const record& one) {
        if (one.status == record_status::tombstone) return add_mark(one);
        std::set<shape> shapes;
        std::optional<verdict_of_one> wrong;
        try {
            shapes = stored_shapes(one);
            wrong = try_one(one);
        } catch (const std::exception& e) {
            wrong = verdict_of_one{.why = e.what()};
        }
        for (const auto& each : shapes)
            ++row_of(each).conversations;
        wrong ? count_wrong(one.id, *wrong) : count_good(shapes);
    }

    store_check finish(std::vector<unreadable_record> quarantined) {
        found_.unreadable = quarantined.size();
        for (auto& each : quarantined)
            add_other(std::move(each));
        for (auto& [what, row] : rows_)
            found_.shapes.push_back(std::move(row));
        return std::move(found_);
    }

private:
    void add_mark(const record& one) {
        try {
            decode_mark(one);
            ++found_.not_kept;
        } catch (const std::exception& e) {
            count_wrong(one.id, {.why = e.what()});
        }
    }

    /// Decodes, migrates, renders; nothing if all of that went well.
    std::optional<verdict_of_one> try_one(const record& one) const {
        using enum verdict_of_one::kind;
        try {
            check_shapes(read_head(one));
            const auto read = decode_conversation(one);
            const auto why = show_and_encode(read, world_);
            if (why.empty()) return std::nullopt;
            return verdict_of_one{failed, as_stored(find_guilty(read, world_), one), why};
        } catch (const newer_shape& e) {
            return verdict_of_one{newer, shape(e.component(), e.stored()), e.what()};
        } catch (const unknown_component& e) {
            return verdict_of_one{unknown, as_stored(shape(e.component(), 1), one), e.what()};
        } catch (const bad_state& e) {
            return verdict_of_one{failed, shape(e.component(), e.stored()), e.what()};
        }
    }

    /// The row of a component whose version in this conversation is not known at hand.
    static std::optional<shape> as_stored(const std::optional<shape>& guilty, const record& one) {
        if (!guilty) return guilty;
        for (const auto& each : stored_shapes(one)) {
            if (each.first == guilty->first) return each;
        }
        return guilty;
    }

    void count_good(const std::set<shape>& shapes) {
        const bool is_as_it_is = std::ranges::all_of(shapes, [&](const shape& each) {
            return row_of(each).what == stored_shape::fate::fits;
        });
        ++(is_as_it_is ? found_.as_they_are : found_.migrated);
    }

    void count_wrong(const std::string& id, const verdict_of_one& wrong) {
        using enum verdict_of_one::kind;
        ++(wrong.what == newer     ? found_.newer_shape
           : wrong.what == unknown ? found_.unknown_component
                                   : found_.failed);
        if (!wrong.guilty) return add_other({id, wrong.why, {}});
        auto& row = row_of(*wrong.guilty);
        if (row.failed++ > 0) return;
        row.example = id;
        row.why = wrong.why;
    }

    void add_other(unreadable_record one) {
        if (found_.others.size() < most_others) found_.others.push_back(std::move(one));
    }

    stored_shape& row_of(const shape& of) {
        auto [at, is_new] = rows_.try_emplace(of);
        auto& row = at->second;
        if (!is_new) return row;
        using enum stored_shape::fate;
        const auto* type = find_component(of.first);
        const bool is_known = type && type->durable();
        row.component = of.first;
        row.version = of.second;
        row.known = is_known ? type->version : 0;
        row.what = !is_known                 ? unknown
                   : row.version > row.known ? newer
                   : row.version < row.known ? migrates
                                             : fits;
        return row;
    }

    const environment& world_;
    store_check found_;
    std::map<shape, stored_shape> rows_;
};

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string version_of(const stored_shape& row) {
    auto out = std::to_string(row.version);
    if (row.what == stored_shape::fate::migrates) out += " -> " + std::to_string(row.known);
    return out;
}

std::string words_for(const stored_shape& row) {
    using enum stored_shape::fate;
    std::string out = row.what == fits       ? "fits"
                      : row.what == migrates ? "migrates"
                      : row.what == newer    ? "NEWER"
                                             : "UNKNOWN";
    if (row.failed == 0) return out;
    return out + ", " + std::to_string(row.failed) + " cannot go on, such as " + row.example +
           ": " + row.why;
}

}  // namespace

store_check check_store(store& from, const environment& world) {
    check all(world);
    auto report = from.load_all([&](record&& one) { all.add(one); });
    return all.finish(std::move(report.quarantined));
}

std::string report_of(const store_check& found) {
    std::size_t width = 9;
    for (const auto& row : found.shapes)
        width = std::max(width, row.component.size());
    std::string out;
    if (!found.shapes.empty()) out += padded("component", width) + "  version  conversations\n";
    for (const auto& row : found.shapes) {
        out += padded(row.component, width) + "  " + padded(version_of(row), 7) + "  " +
               padded(std::to_string(row.conversations), 13) + "  " + words_for(row) + "\n";
    }
    for (const auto& each : found.others)
        out += "cannot be read: " + each.id + ": " + each.why + "\n";
    const auto number = [&](std::string_view name, std::size_t count) {
        out.append(name).append("=").append(std::to_string(count));
    };
    number("as_they_are", found.as_they_are);
    number(" migrated", found.migrated);
    number(" not_kept", found.not_kept);
    number(" newer_shape", found.newer_shape);
    number(" unknown_component", found.unknown_component);
    number(" failed", found.failed);
    number(" unreadable", found.unreadable);
    return out + (found.all_go_on() ? "\nall go on\n" : "\nsome would not go on\n");
}

}  // namespace stube
