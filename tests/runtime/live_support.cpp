#include "runtime/live_support.hpp"

#include "store/store_model.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <limits>
#include <map>
#include <stdexcept>

namespace live_test {
namespace {

/// The archive of the saved changes, computed for each call.
class archive_of_script : public archive {
public:
    explicit archive_of_script(std::shared_ptr<script> of) : saved_(std::move(of)) {}

    bool keeps_archive() const override { return saved_->archives; }

    std::vector<archived_head>
    heads(std::string_view id, std::uint64_t before, std::size_t count) override {
        std::vector<archived_head> out;
        for (const auto& each : archive_of(id).heads)
            if (each.head.number < before) out.push_back(each.head);
        std::ranges::reverse(out);
        if (out.size() > count) out.resize(count);
        return out;
    }

    std::optional<archived_head> oldest_head(std::string_view id) override {
        const auto found = archive_of(id);
        return found.heads.empty() ? std::nullopt : std::optional(found.heads.front().head);
    }

    std::optional<archived_state> state(std::string_view id, std::uint64_t head) override {
        for (const auto& each : archive_of(id).heads)
            if (each.head.number == head) return each;
        return std::nullopt;
    }

    std::optional<std::string> find_alias(std::string_view name) override {
        for (const auto& [id, archived] : all())
            if (std::ranges::find(archived.aliases, name) != archived.aliases.end()) return id;
        return std::nullopt;
    }

    std::vector<std::string> aliases(std::string_view id) override {
        return archive_of(id).aliases;
    }

    std::vector<derivation> derivations(std::string_view id) override {
        std::vector<derivation> out;
        for (const auto& [fork, archived] : all())
            if (archived.origin && (fork == id || archived.origin->id == id))
                out.push_back({fork, *archived.origin});
        return out;
    }

    std::vector<archived_failure> failures(std::string_view id) override {
        std::vector<archived_failure> out;
        for (const auto& each : saved_->failures())
            if (each.id == id) out.push_back(each);
        return out;
    }

    void append_failures(std::span<const archived_failure> failed) override {
        saved_->append_failures(failed);
    }

    /// Each commit has a whole list. Its position is its number among all changes.
    std::vector<logged_commit> commits_after(std::uint64_t position, std::size_t count) override {
        std::vector<logged_commit> out;
        const auto log = all_in_order();
        for (std::size_t i = position; i < log.size() && out.size() < count; ++i)
            out.push_back(
                {i + 1, log[i].first, log[i].second.head, true, log[i].second.parts, {}, {}}
            );
        return out;
    }

    std::vector<logged_commit> commits_of(std::string_view id, std::uint64_t first) override {
        auto out = commits_after(0, std::numeric_limits<std::size_t>::max());
        std::erase_if(out, [&](const logged_commit& each) {
            return each.id != id || each.head.number < first;
        });
        const bool has_first = first == 0 || (!out.empty() && out.front().head.number == first);
        return has_first ? out : std::vector<logged_commit>();
    }

    std::optional<archived_state> state_at(std::uint64_t position) override {
        const auto log = all_in_order();
        if (position == 0 || position > log.size()) return std::nullopt;
        return log[position - 1].second;
    }

private:
    archive_contents all() const {
        ++saved_->archive_reads;
        archive_contents archived;
        contents stored;
        for (const auto& each : saved_->changes()) {
            apply_commit(archived, stored, each);
            apply_change(stored, each);
        }
        return archived;
    }

    std::vector<std::pair<std::string, archived_state>> all_in_order() const {
        ++saved_->archive_reads;
        std::vector<std::pair<std::string, archived_state>> log;
        archive_contents archived;
        contents stored;
        for (const auto& each : saved_->changes()) {
            const std::size_t before = archived[each.id].heads.size();
            apply_commit(archived, stored, each);
            apply_change(stored, each);
            if (archived[each.id].heads.size() > before)
                log.emplace_back(each.id, archived[each.id].heads.back());
        }
        return log;
    }

    model_archive archive_of(std::string_view id) const { return all()[std::string(id)]; }

    std::shared_ptr<script> saved_;
};

class scripted final : public store, public archive_of_script {
public:
    explicit scripted(std::shared_ptr<script> told)
        : archive_of_script(told), script_(std::move(told)) {}

    load_report load_all(const std::function<void(record&&)>& each) override {
        for (auto found : script_->stored)
            each(std::move(found));
        return {script_->stored.size(), script_->quarantined, {}};
    }

    void save(std::span<const change> batch) override { script_->save(batch); }

    bool saves_parts() const override { return script_->parts; }

private:
    std::shared_ptr<script> script_;
};

void act(answer_of_store a) {
    switch (a) {
    case answer_of_store::durable:
        return;
    case answer_of_store::refused:
        throw store_refused("disk full");
    case answer_of_store::invalid:
        throw std::invalid_argument("not UTF-8");
    case answer_of_store::unknown:
        throw store_unknown("sync failed");
    case answer_of_store::other:
        throw 7;
    }
}

}  // namespace

void script::save(std::span<const change> batch) {
    std::unique_lock lock(mutex_);
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return gate_is_open_; });
    auto a = answer_of_store::durable;
    if (!answers_.empty()) {
        a = answers_.front();
        answers_.pop_front();
    }
    act(a);
    if (std::ranges::any_of(batch, [this](const change& c) { return c.id == refused_; })) {
        act(answer_of_store::refused);
    }
    batches_.emplace_back(batch.begin(), batch.end());
}

std::size_t count_in(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

std::unique_ptr<store> scripted_store(std::shared_ptr<script> told) {
    return std::make_unique<scripted>(std::move(told));
}

std::shared_ptr<script> after_restart(const script& of) {
    contents kept;
    for (const auto& each : of.changes())
        apply_change(kept, each);
    auto next = std::make_shared<script>();
    for (auto& [id, each] : kept)
        next->stored.push_back(std::move(each));
    return next;
}

void queue_runner::post(std::function<void()> work) {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
    posted_.notify_one();
}

void queue_runner::run_one() {
    std::function<void()> next;
    {
        std::unique_lock lock(mutex_);
        posted_.wait(lock, [this] { return !waiting_.empty(); });
        next = std::move(waiting_.front());
        waiting_.pop_front();
    }
    next();
}

std::size_t queue_runner::run_all() {
    std::size_t done = 0;
    for (;; ++done) {
        std::function<void()> next;
        {
            std::lock_guard lock(mutex_);
            if (waiting_.empty()) return done;
            next = std::move(waiting_.front());
            waiting_.pop_front();
        }
        next();
    }
}

world::world(std::function<void(conversation_options&)> setup)
    : world(std::make_shared<script>(), std::move(setup)) {}

world::world(
    std::function<void(conversation_options&)> setup,
    std::unique_ptr<stube::store> storage
)
    : script_(std::make_shared<script>()) {
    begin(std::move(storage), std::move(setup));
}

world::world(std::shared_ptr<script> told, std::function<void(conversation_options&)> setup)
    : script_(std::move(told)) {
    begin(scripted_store(script_), std::move(setup));
}

void world::begin(
    std::unique_ptr<stube::store> storage,
    std::function<void(conversation_options&)> setup
) {
    conversation_options options;
    options.grace_after_start = std::chrono::minutes(0);
    options.clock = [this] { return now_.load(); };
    options.steady_clock = [this] { return steady_.load(); };
    options.logger = std::make_shared<spdlog::logger>(
        "test",
        std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)
    );
    options.on_store_down = [this](const std::string& why) { downs_.push_back(why); };
    options.watch_clock = false;
    if (setup) setup(options);
    map_ = std::make_unique<conversation_map>(std::move(storage), std::move(options));
    map_->use({&thread});
}

world::~world() {
    script_->open_gate();
    map_->stop();
    thread.run_all();
}

void world::stop() {
    map_->stop();
    thread.run_all();
}

void world::pass(std::chrono::milliseconds time) {
    advance(time);
    map_->fire_due();
}

pending world::mint(beginning with, std::string owner) {
    pending p;
    map_->mint("/here", std::move(with), std::move(owner), "principal", thread, p.callback());
    return p;
}

pending world::open(const std::string& id, const std::string& owner) {
    pending p;
    map_->open(id, owner, thread, p.callback());
    return p;
}

pending world::send(const std::string& id, event what, const std::string& owner) {
    pending p;
    map_->send(id, owner, std::move(what), thread, p.callback());
    return p;
}

pending world::attach(
    const std::string& id,
    std::optional<std::uint64_t> seen,
    std::shared_ptr<view_stream> stream,
    const std::string& owner
) {
    pending p;
    map_->attach(id, owner, seen, std::move(stream), thread, p.callback());
    return p;
}

pending world::swap(const std::string& id, std::function<outcome(const conversation&)> change) {
    pending p;
    map_->swap_conv(id, std::move(change), thread, p.callback());
    return p;
}

reply world::wait(const pending& p) {
    while (!p.is_there())
        thread.run_one();
    auto r = std::move(p.replies->front());
    p.replies->pop_front();
    if (p.is_there()) throw std::logic_error("more than one reply");
    return r;
}

std::string world::unseen(beginning with, const std::string& owner) {
    auto r = wait(mint(std::move(with), owner));
    if (r.result != status::ok) throw std::logic_error("not minted: " + log());
    return r.value->id;
}

std::string world::minted(beginning with, const std::string& owner) {
    const auto id = unseen(std::move(with), owner);
    wait(open(id, owner));
    return id;
}

std::shared_ptr<const conversation> world::value(const std::string& id) {
    return wait(swap(
                    id,
                    [](const conversation&) {
                        outcome o;
                        o.verdict = verdict::stale;
                        return o;
                    }
                )
    ).value;
}

event world::to_top(const std::string& id, std::string name, std::string arguments) {
    return {++last_event_, value(id)->top().id, std::move(name), std::move(arguments), {}};
}

}  // namespace live_test
