// Measures an event as its conversation grows: the dispatch by the kernel, encode_change, and the
// save of the SQLite store. Batches are 64 conversations out of many, so that databases of small
// and of large conversations are of the same size.
#include "measure.hpp"
#include "runtime/conversation/encoder.hpp"
#include "store_bench.hpp"

#include <stube/runtime/binding.hpp>
#include <stube/runtime/call.hpp>
#include <stube/runtime/effects.hpp>
#include <stube/runtime/html.hpp>
#include <stube/runtime/kernel.hpp>
#include <stube/runtime/slot.hpp>
#include <stube/store/sqlite_store.hpp>

#include <boost/describe/class.hpp>

#include <cstdio>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>

using namespace stube;
using namespace stube::storage;
using namespace stube::kernel;

namespace growing {

struct row {
    static constexpr std::string_view component = "bench/row";
    int n = 0;
    std::string text;

    void inc() { ++n; }

    markup render() const {
        return html::li(html::span(text), html::button(on<"click", &row::inc>, n));
    }
};
BOOST_DESCRIBE_STRUCT(row, (), (n, text, inc))

struct board {
    static constexpr std::string_view component = "bench/board";
    int rows_wanted = 0;
    int n = 0;
    keyed<row> rows;

    void start() {
        std::vector<int> numbers;
        for (int i = 0; i < rows_wanted; ++i)
            numbers.push_back(i);
        const auto same = [](int number) { return number; };
        rows.assign(numbers, same, [](int number) {
            return row{
                number,
                "What is to be done about this one, in so many words: " + std::string(150, 'x')
            };
        });
    }

    void inc() { ++n; }

    effects step() { return push_url("/board?n=" + std::to_string(++n)); }

    markup render() const {
        return html::div(
            html::button(on<"click", &board::inc>, n),
            html::button(on<"click", &board::step>, "On"),
            html::ul(rows)
        );
    }
};
BOOST_DESCRIBE_STRUCT(board, (), (rows_wanted, n, rows, start, inc, step))

}  // namespace growing

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t batch_size = 64;

environment now() {
    return {time_point(std::chrono::milliseconds(1'700'000'000'000))};
}

conversation begun(int rows) {
    conversation fresh;
    fresh.id = "original";
    fresh.owner = "0123456789abcdef0123456789abcdef";
    fresh.mount = "/board";
    auto made = begin(std::move(fresh), call<growing::board>(rows).release(), now());
    if (made.verdict != verdict::applied) throw std::runtime_error(made.error);
    return std::move(made.next);
}

conversation after_event(const conversation& of, instance_id to, const char* name, event_id id) {
    auto out = dispatch(of, {id, to, name, "", {}}, now());
    if (out.verdict != verdict::applied) throw std::runtime_error(out.error);
    return std::move(out.next);
}

struct event_costs {
    cost dispatch;
    cost encode;
    cost save;  ///< with the bytes

    double cpu() const { return dispatch.cpu_us + encode.cpu_us + save.cpu_us; }
};

/// Equally grown conversations, in a database of their own.
class grown {
public:
    /// `parts`: about how many parts all conversations have together.
    grown(std::string name, const fs::path& file, const conversation& one, std::size_t parts)
        : name_(std::move(name)), kept_(sqlite_store(file)) {
        kept_->load_all([](record&&) {});
        const auto each = encode_change(nullptr, one, true).written.size();
        const auto count = std::max(batch_size, parts / each);
        for (std::size_t i = 0; i < count; ++i) {
            all_.push_back(one);
            all_.back().id = std::string("conversation-").append(std::to_string(i));
            kept_->save(std::vector{encode_change(nullptr, all_.back(), true)});
        }
        use_well();
    }

    const std::string& name() const { return name_; }

    /// Sends an event to each conversation of a batch, for this number of batches.
    void play(
        std::size_t batches,
        const std::function<instance_id(const conversation&, std::mt19937&)>& who,
        const char* what
    ) {
        meter dispatching, encoding, saving;
        const double before = bytes_written();
        for (std::size_t i = 0; i < batches; ++i) {
            std::vector<std::size_t> picked;
            for (std::size_t first = random_() % all_.size(); picked.size() < batch_size; ++first)
                picked.push_back(first * 61 % all_.size());
            std::sort(picked.begin(), picked.end());
            picked.erase(std::unique(picked.begin(), picked.end()), picked.end());
            std::vector<instance_id> targets;
            for (const auto at : picked)
                targets.push_back(who(all_[at], random_));

            std::vector<conversation> next;
            next.reserve(picked.size());
            dispatching.start();
            for (std::size_t k = 0; k < picked.size(); ++k)
                next.push_back(after_event(all_[picked[k]], targets[k], what, ++last_event_));
            dispatching.stop();
            std::vector<change> batch;
            batch.reserve(picked.size());
            encoding.start();
            for (std::size_t k = 0; k < picked.size(); ++k)
                batch.push_back(encode_change(&all_[picked[k]], next[k], true));
            encoding.stop();
            saving.start();
            kept_->save(batch);
            saving.stop();
            for (std::size_t k = 0; k < picked.size(); ++k)
                all_[picked[k]] = std::move(next[k]);
            events_ += picked.size();
        }
        const auto events = static_cast<double>(std::exchange(events_, 0));
        rounds_.push_back({dispatching.per(events), encoding.per(events), saving.per(events)});
        rounds_.back().save.bytes = (bytes_written() - before) / events;
    }

    std::vector<event_costs> take() { return std::exchange(rounds_, {}); }

private:
    /// Sends each component an event from each of two pages, as a returning visitor does. The first
    /// event makes a stored part longer: it may need another database page, which costs once.
    void use_well() {
        for (const event_id page : {1U, 2U})
            for (instance_id to = all_.front().root; to <= all_.front().last_instance; ++to)
                if (all_.front().instances.get(to)) send_to_all(to, (page << 24) + to);
    }

    void send_to_all(instance_id to, event_id event) {
        std::vector<change> batch;
        for (auto& each : all_) {
            auto next = after_event(each, to, "inc", event);
            batch.push_back(encode_change(&each, next, true));
            each = std::move(next);
            if (batch.size() == batch_size || &each == &all_.back())
                kept_->save(std::exchange(batch, {}));
        }
    }

    std::string name_;
    std::unique_ptr<store> kept_;
    std::vector<conversation> all_;
    std::mt19937 random_{1};
    event_id last_event_ = event_id(3) << 24;  // of a page of its own
    std::size_t events_ = 0;
    std::vector<event_costs> rounds_;
};

template <class Get>
double median_by(const std::vector<event_costs>& rounds, Get get) {
    std::vector<double> all;
    for (const auto& each : rounds)
        all.push_back(get(each));
    return median(std::move(all));
}

/// The median over the rounds of the ratio of `get`: `of` to `to`.
double times(
    const std::vector<event_costs>& of,
    const std::vector<event_costs>& to,
    const std::function<double(const event_costs&)>& get
) {
    std::vector<double> all;
    for (std::size_t i = 0; i < of.size(); ++i)
        all.push_back(get(of[i]) / get(to[i]));
    return median(std::move(all));
}

boost::json::array
report(const char* title, const char* what, std::vector<std::unique_ptr<grown>>& all) {
    boost::json::array figures;
    std::printf(
        "\n%-26s dispatch us  encode us  save us    bytes   saving x first  all x first\n",
        title
    );
    const auto saving = [](const event_costs& one) { return one.encode.cpu_us + one.save.cpu_us; };
    const auto whole = [](const event_costs& one) { return one.cpu(); };
    std::vector<event_costs> first;
    for (const auto& each : all) {
        const auto rounds = each->take();
        if (first.empty()) first = rounds;
        const auto name = each->name() + what;
        const double dispatching =
            median_by(rounds, [](const auto& r) { return r.dispatch.cpu_us; });
        const double encoding = median_by(rounds, [](const auto& r) { return r.encode.cpu_us; });
        const double saved = median_by(rounds, [](const auto& r) { return r.save.cpu_us; });
        const double bytes = median_by(rounds, [](const auto& r) { return r.save.bytes; });
        const double ratio_of_saving = times(rounds, first, saving);
        const double ratio_of_all = times(rounds, first, whole);
        std::printf(
            "%-26s %11.2f %10.2f %8.2f %8.0f %16.2f %12.2f  %s\n",
            name.c_str(),
            dispatching,
            encoding,
            saved,
            bytes,
            ratio_of_saving,
            ratio_of_all,
            ratio_of_saving <= 1.2 ? "<= 1.2 met" : "<= 1.2 MISSED"
        );
        figures.push_back(
            {{"what", name},
             {"dispatch_us", dispatching},
             {"encode_us", encoding},
             {"save_us", saved},
             {"bytes", bytes},
             {"saving_ratio", ratio_of_saving},
             {"ratio", ratio_of_all}}
        );
    }
    return figures;
}

constexpr std::size_t batches_in_a_round = 12;

}  // namespace

change begun_conversation(std::size_t number) {
    static const auto one = begun(1);
    auto next = one;
    next.id = std::string("conversation-").append(std::to_string(100'000 + number));
    return encode_change(nullptr, next, true);
}

boost::json::array measure_children(const store_options& options) {
    std::vector<std::unique_ptr<grown>> all;
    for (const std::size_t children : {1u, 10u, 100u, 1000u}) {
        const auto count = std::max<std::size_t>(1, children / options.part);
        const auto name = std::to_string(count) + (count == 1 ? " child" : " children");
        all.push_back(std::make_unique<grown>(
            name,
            options.folder / ("children-" + std::to_string(children)),
            begun(static_cast<int>(count)),
            batch_size * 1000 / options.part
        ));
    }
    const auto some_child = [](const conversation& in, std::mt19937& random) {
        return in.root + 1 + random() % (in.instances.size() - 1);
    };
    for (std::size_t round = 0; round < options.rounds; ++round)
        for (auto& each : all)
            each->play(batches_in_a_round, some_child, "inc");
    return report("event of a child", "", all);
}

boost::json::array measure_history(const store_options& options) {
    std::vector<std::unique_ptr<grown>> all;
    for (const std::size_t steps : {0u, 32u, 1000u}) {
        auto one = begun(1);
        for (std::size_t i = 0; i < steps; ++i)
            one = after_event(one, one.root, "step", 1'000'000 + i);
        all.push_back(std::make_unique<grown>(
            std::to_string(steps) + " steps",
            options.folder / ("history-" + std::to_string(steps)),
            std::move(one),
            batch_size * 1000 / options.part
        ));
    }
    const auto root = [](const conversation& in, std::mt19937&) { return in.root; };
    for (std::size_t round = 0; round < options.rounds; ++round)
        for (auto& each : all)
            each->play(batches_in_a_round, root, "inc");
    return report("event after", "", all);
}

boost::json::array measure_pages(const store_options& options) {
    struct page {
        std::size_t children;
        conversation at;
        std::vector<cost> of_child;
        std::vector<cost> of_owner;
    };
    std::vector<page> all;
    for (const std::size_t children : {1u, 100u, 1000u})
        all.push_back({children, begun(static_cast<int>(children)), {}, {}});
    const auto click = [&](page& on, const char* what, bool child) {
        std::mt19937 random(1);
        const std::size_t events = std::max<std::size_t>(20, 2000 / options.part);
        meter spent;
        spent.start();
        for (std::size_t i = 0; i < events; ++i) {
            const auto to = child ? on.at.root + 1 + random() % on.children : on.at.root;
            on.at = after_event(on.at, to, what, 0);
        }
        spent.stop();
        return spent.per(static_cast<double>(events));
    };
    for (std::size_t round = 0; round < options.rounds; ++round) {
        for (auto& each : all) {
            each.of_child.push_back(click(each, "inc", true));
            each.of_owner.push_back(click(each, "inc", false));
        }
    }
    boost::json::array figures;
    std::puts("\ndispatch and render      child us   x first   owner us   x first");
    for (const auto& each : all) {
        const double of_child = ratio(each.of_child, all.front().of_child);
        const double of_owner = ratio(each.of_owner, all.front().of_owner);
        std::printf(
            "%7zu children %16.2f %9.2f %10.2f %9.2f  %s\n",
            each.children,
            median(each.of_child).cpu_us,
            of_child,
            median(each.of_owner).cpu_us,
            of_owner,
            of_child <= 1.2 ? "<= 1.2 met" : "<= 1.2 MISSED"
        );
        figures.push_back(
            {{"children", each.children},
             {"child_us", median(each.of_child).cpu_us},
             {"child_ratio", of_child},
             {"owner_us", median(each.of_owner).cpu_us},
             {"owner_ratio", of_owner}}
        );
    }
    return figures;
}

}  // namespace bench
