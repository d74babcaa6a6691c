#include "http/transport/worker.hpp"

#include "http/transport/connection.hpp"
#include "runtime/component/exception_message.hpp"
#include "runtime/component/quote_for_log.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace stube::http {

namespace {
constexpr auto tick_length = std::chrono::seconds(1);
constexpr std::size_t max_readers = 64;           // kept for reuse
constexpr std::size_t max_kept_text = 256 << 10;  // capacity that the shared strings keep
}  // namespace

worker::worker(http::site& site, thread_counts& counts, std::shared_ptr<spdlog::logger> log)
    : work_(context_.get_executor()),
      timer_(context_),
      site_(site),
      counts_(counts),
      log_(std::move(log)) {
    set_date();
}

worker::~worker() {
    stop();
}

void worker::start() {
    post([this] { on_tick(); });
    thread_ = std::thread([this] { run(); });
}

void worker::run() {
    for (;;) {
        try {
            context_.run();
            return;
        } catch (...) {
            log_->error("server thread failed why={}", quote_for_log(current_exception_message()));
        }
    }
}

void worker::post(std::function<void()> work) {
    asio::post(context_, std::move(work));
}

void worker::add(tcp_socket socket, connection_slot slot) {
    asio::post(context_, [this, socket = std::move(socket), slot = std::move(slot)]() mutable {
        using pointer = boost::intrusive_ptr<connection>;
        pointer(new connection(std::move(socket), std::move(slot), *this))->start();
    });
}

void worker::enlist(connection& added) {
    added.index = connections_.size();
    connections_.push_back(&added);
    intrusive_ptr_add_ref(&added);
    counts_.connections.add(1);
}

void worker::delist(connection& closed) {
    connections_[closed.index] = connections_.back();
    connections_[closed.index]->index = closed.index;
    connections_.pop_back();
    counts_.connections.add(-1);
    intrusive_ptr_release(&closed);
}

void worker::for_each_connection(void (connection::*action)()) {
    // Backwards: when a connection closes, the last one moves to its index, and the last one has
    // been visited already.
    for (auto at = connections_.size(); at-- > 0;) {
        if (at < connections_.size()) (connections_[at]->*action)();
    }
}

void worker::drain() {
    post([this] { for_each_connection(&connection::drain); });
}

void worker::close_all() {
    post([this] { for_each_connection(&connection::close); });
}

void worker::stop() {
    if (!thread_.joinable()) return;
    post([this] {
        for_each_connection(&connection::close);
        timer_.cancel();
        work_.reset();
    });
    thread_.join();
}

connection* worker::with_most_unsent() const {
    const auto found = std::ranges::max_element(connections_, {}, &connection::unsent);
    return found == connections_.end() ? nullptr : *found;
}

std::size_t worker::most_unsent() const {
    const auto* found = with_most_unsent();
    return found ? found->unsent() : 0;
}

void worker::close_most_unsent() {
    auto* found = with_most_unsent();
    if (!found) return;
    log_->warn("connection closed unsent={} why=\"too much waits to be read\"", found->unsent());
    found->close();
}

void worker::on_tick() {
    ++tick_;
    set_date();
    clear_frames_of_this_thread();
    if (scratch_.capacity() > max_kept_text) std::string().swap(scratch_);
    if (output_.capacity() > max_kept_text) std::string().swap(output_);
    for_each_connection(&connection::tick);
    timer_.expires_after(tick_length);
    timer_.async_wait([this](error_code failed) {
        if (!failed && work_.owns_work()) on_tick();
    });
}

void worker::set_date() {
    date_ = http_date();
}

std::uint32_t worker::deadline_after(std::chrono::milliseconds timeout) const {
    const auto ticks = std::chrono::ceil<std::chrono::seconds>(timeout) / tick_length;
    return tick_ + 1 + static_cast<std::uint32_t>(std::max<std::int64_t>(ticks, 0));
}

std::string& worker::scratch() {
    scratch_.clear();
    return scratch_;
}

std::string& worker::output() {
    output_.clear();
    return output_;
}

std::unique_ptr<request_reader> worker::take_reader() {
    if (readers_.empty()) {
        return std::make_unique<request_reader>(site_.limits().max_head, site_.limits().max_body);
    }
    auto reader = std::move(readers_.back());
    readers_.pop_back();
    return reader;
}

void worker::return_reader(std::unique_ptr<request_reader> reader) {
    if (!reader || readers_.size() >= max_readers) return;
    reader->reset();
    readers_.push_back(std::move(reader));
}

}  // namespace stube::http
