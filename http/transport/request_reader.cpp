#include "http/transport/request_reader.hpp"

#include "http/protocol/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

namespace stube::http {

namespace {

namespace beast = boost::beast;
using beast::http::field;
using boost::system::error_code;

constexpr std::size_t small_buffer = 4096;
constexpr std::size_t body_room =
    4096;  // free bytes behind the head, so that reading a body moves no views
constexpr std::size_t max_headers = 100;
constexpr std::size_t kept_body = 16 << 10;  // capacity that is kept from request to request

std::string_view to_std(beast::string_view text) {
    return {text.data(), text.size()};
}

/// The position of the "\r\n\r\n" that ends a head (Horspool's search: most steps skip four bytes).
std::size_t find_head_end(std::string_view text, std::size_t from) {
    for (std::size_t last = from + 3; last < text.size();) {
        const char c = text[last];
        if (c == '\n') {
            if (text[last - 1] == '\r' && text[last - 2] == '\n' && text[last - 3] == '\r')
                return last - 3;
            last += 2;
        } else {
            last += c == '\r' ? 1 : 4;
        }
    }
    return text.npos;
}

/// False for line breaks that two readers could understand differently: a carriage return or a
/// newline alone, and a line that is folded (RFC 9112, 2.2 and 5.2).
bool has_plain_lines(std::string_view head) {
    while (!head.empty()) {
        const auto end = head.find('\n');
        if (end == head.npos) return head.find('\r') == head.npos;
        if (end == 0 || head.find('\r') != end - 1) return false;
        head.remove_prefix(end + 1);
        if (head.starts_with(' ') || head.starts_with('\t')) return false;
    }
    return true;
}

constexpr std::array<bool, 256> make_authority_table() {
    std::array<bool, 256> allowed{};
    for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-._~%!$&'()*+,;=:[]"))
        allowed[static_cast<unsigned char>(c)] = true;
    return allowed;
}

/// True if a Host header may contain the text: a name or a numeric address, with or without a port.
bool is_authority(std::string_view text) {
    static constexpr auto allowed = make_authority_table();
    return std::ranges::all_of(text, [](char c) { return allowed[static_cast<unsigned char>(c)]; });
}

/// Writes the results of Beast's parser into a `request`.
class parser final : public beast::http::basic_parser<true> {
public:
    parser(request& out, std::string& body) : out_(out), body_(body) {}

    int status() const { return status_; }

private:
    // clang-format 19 puts a declaration that ends in `override` on one line, however long.
    // clang-format off
    void on_request_impl(
        beast::http::verb named,
        beast::string_view,
        beast::string_view target,
        int version,
        error_code&
    ) override {
        // clang-format on
        using beast::http::verb;
        out_.method = named == verb::get    ? method::get
                      : named == verb::head ? method::head
                      : named == verb::post ? method::post
                                            : method::other;
        out_.target = to_std(target);
        out_.is_http_1_0 = version == 10;  // or 11; Beast refuses all others
    }

    void on_response_impl(int, beast::string_view, int, error_code&) override {}

    void on_field_impl(
        field name,
        beast::string_view name_text,
        beast::string_view value_text,
        error_code& ec
    ) override {
        if (is_body_) return;  // a trailer: fields behind the body must not change the head
        const auto value = to_std(value_text);
        if (out_.fields.size() >= max_headers) return refuse(431, ec);
        out_.fields.push_back({to_std(name_text), value});
        read_known(name, to_std(name_text), value, ec);
    }

    /// Reads the headers that nearly every handler needs, and those that frame the request.
    void
    read_known(field name, std::string_view name_text, std::string_view value, error_code& ec) {
        switch (name) {
        case field::host:
            if (std::exchange(has_host_, true) || !is_authority(value)) return refuse(400, ec);
            out_.host = value;
            break;
        case field::content_length:
            if (std::exchange(has_length_, true) || !parse_number(value)) return refuse(400, ec);
            break;
        case field::transfer_encoding:
            if (std::exchange(has_encoding_, true)) return refuse(400, ec);
            if (!same_word(value, "chunked")) return refuse(501, ec);
            break;
        case field::cookie:
            keep_first(out_.cookies, value);
            break;
        case field::content_type:
            keep_first(out_.content_type, value);
            break;
        case field::origin:
            keep_first(out_.origin, value);
            break;
        case field::expect:
            if (!same_word(value, "100-continue")) return refuse(417, ec);
            out_.expects_continue = true;
            break;
        default:  // by name: Beast's enumerators differ between versions
            if (same_word(name_text, "stube-event-id")) keep_first(out_.event_id, value);
            if (same_word(name_text, "sec-fetch-site")) keep_first(out_.fetch_site, value);
        }
    }

    static void keep_first(std::string_view& to, std::string_view value) {
        if (to.data() == nullptr) to = value;
    }

    void on_header_impl(error_code& ec) override {
        if (out_.is_http_1_0 && has_encoding_) return refuse(400, ec);
        if (has_length_ && has_encoding_) return refuse(400, ec);
        if (!out_.is_http_1_0 && !has_host_) return refuse(400, ec);
        out_.keep_alive = keep_alive() && !out_.is_http_1_0;
        if (out_.is_http_1_0) out_.expects_continue = false;
        is_body_ = true;
    }

    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}

    std::size_t on_body_impl(beast::string_view part, error_code&) override {
        body_.append(part.data(), part.size());
        return part.size();
    }

    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}

    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view part, error_code&) override {
        body_.append(part.data(), part.size());
        return part.size();
    }

    void on_finish_impl(error_code&) override {}

    void refuse(int status, error_code& ec) {
        status_ = status;
        ec = beast::http::error::bad_value;
    }

    request& out_;
    std::string& body_;
    int status_ = 400;
    bool is_body_ = false;
    bool has_host_ = false;
    bool has_length_ = false;
    bool has_encoding_ = false;
};

}  // namespace

class request_reader::impl {
public:
    impl(std::size_t max_head, std::size_t max_body) : max_head_(max_head), max_body_(max_body) {
        buffer_.resize(small_buffer);
    }

    std::span<char> space() {
        if (used_ == buffer_.size()) grow();
        return {buffer_.data() + used_, buffer_.size() - used_};
    }

    progress next() {
        if (status_ != 0) return progress::bad;
        if (!parser_) {
            const auto found = find_head();
            if (found != progress::ready) return found;
        }
        return parse();
    }

    void finish() {
        parser_.reset();
        head_size_ = scanned_ = 0;
        if (body_.capacity() > kept_body) std::string().swap(body_);
        body_.clear();
        consume(consumed_);
        consumed_ = 0;
    }

    void reset() {
        used_ = consumed_ = 0;
        finish();
        status_ = 0;
        if (buffer_.size() > small_buffer) {
            buffer_.resize(small_buffer);
            buffer_.shrink_to_fit();
        }
    }

    bool empty() const { return used_ == 0 && !parser_; }

    void commit(std::size_t size) { used_ += size; }

    int status() const { return status_; }

    http::request& request() { return request_; }

    bool has_head() const { return parser_.has_value(); }

private:
    std::size_t full_size() const { return max_head_ + body_room; }

    /// Called only while the head is incomplete. Afterwards views point into the buffer, and the
    /// buffer has room.
    void grow() { buffer_.resize(std::max(full_size(), buffer_.size() + body_room)); }

    progress bad(int status) {
        status_ = status;
        return progress::bad;
    }

    void consume(std::size_t size) {
        std::memmove(buffer_.data(), buffer_.data() + size, used_ - size);
        used_ -= size;
    }

    /// Looks for the end of the head.
    progress find_head() {
        skip_empty_lines();
        const std::string_view have(buffer_.data(), used_);
        const auto end = find_head_end(have, scanned_ > 3 ? scanned_ - 3 : 0);
        if (end == have.npos) {
            scanned_ = used_;
            if (used_ > max_head_) return bad(431);
            return looks_like_request(have) ? progress::more : bad(400);
        }
        head_size_ = end + 4;
        if (head_size_ > max_head_) return bad(431);
        if (buffer_.size() - head_size_ < body_room / 4) grow();
        if (!has_plain_lines({buffer_.data(), head_size_})) return bad(400);
        begin_request();
        parser_.emplace(request_, body_);
        parser_->eager(true);
        parser_->header_limit(static_cast<std::uint32_t>(max_head_ + body_room));
        parser_->body_limit(max_body_);
        return progress::ready;
    }

    /// Empty lines before a request are allowed (RFC 9112, 2.2).
    void skip_empty_lines() {
        std::size_t skip = 0;
        while (skip + 1 < used_ && buffer_[skip] == '\r' && buffer_[skip + 1] == '\n')
            skip += 2;
        if (skip == 0) return;
        consume(skip);
        scanned_ = 0;
    }

    /// False as soon as the bytes cannot become a request, so that a client with another protocol
    /// (TLS, lines that end with a bare newline) does not wait for the timeout.
    static bool looks_like_request(std::string_view have) {
        if (have.empty() || have == "\r") return true;
        const char first = have.front();
        if (!((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z'))) return false;
        const auto line_end = have.find('\n');
        return line_end == have.npos || have[line_end - 1] == '\r';
    }

    void begin_request() {
        auto fields = std::move(request_.fields);
        auto session = std::move(request_.new_session);
        fields.clear();
        session.clear();
        request_ = http::request();
        request_.fields = std::move(fields);
        request_.new_session = std::move(session);
    }

    progress parse() {
        const bool had_head = parser_->is_header_done();
        const auto from = had_head ? head_size_ : 0;
        // No end of chunks is shorter, and Beast's parser relies on that.
        constexpr std::string_view shortest_end = "0\r\n\r\n";
        if (had_head && parser_->chunked() && used_ - from < shortest_end.size())
            return progress::more;
        error_code ec;
        const auto size =
            parser_->put(boost::asio::const_buffer(buffer_.data() + from, used_ - from), ec);
        if (ec && ec != beast::http::error::need_more) {
            if (!request_.target.empty()) set_path();  // the path decides the form of the error
            if (ec == beast::http::error::body_limit) return bad(413);
            if (ec == beast::http::error::header_limit) return bad(431);
            return bad(parser_->status());
        }
        if (!had_head && !set_path()) return bad(400);
        if (parser_->is_done()) {
            consumed_ = from + size;
            request_.body = body_;
            return progress::ready;
        }
        // The parser has copied the body bytes. Only the head stays in the buffer.
        const auto rest = from + size;
        std::memmove(buffer_.data() + head_size_, buffer_.data() + rest, used_ - rest);
        used_ -= rest - head_size_;
        if (used_ == buffer_.size()) return bad(400);  // the header line of a chunk is too long
        return progress::more;
    }

    /// Splits the target into host, path and query. False if the path cannot be served.
    bool set_path() {
        auto target = request_.target;
        if (!target.starts_with('/')) {
            const auto scheme = target.find("://");  // the absolute form, as sent to a proxy
            if (scheme == target.npos) return request_.method == method::other;
            // The host in the target replaces the Host header (RFC 9112, 3.2.2).
            const auto slash = std::min(target.find_first_of("/?", scheme + 3), target.size());
            request_.host = target.substr(scheme + 3, slash - scheme - 3);
            if (!is_authority(request_.host)) return false;
            target = target.substr(slash);
        }
        const auto question = std::min(target.find('?'), target.size());
        request_.path = question == 0 ? "/" : target.substr(0, question);
        request_.query = target.substr(std::min(question + 1, target.size()));
        if (request_.path.find('%') != request_.path.npos) {
            path_.clear();
            if (!append_decoded(path_, request_.path, false)) return false;
            request_.path = path_;
        }
        const auto is_control = [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        };
        return std::ranges::none_of(request_.path, is_control) && is_utf8(request_.path);
    }

    const std::size_t max_head_;
    const std::size_t max_body_;
    std::string buffer_;
    std::size_t used_ = 0;       // bytes of `buffer_` that are input
    std::size_t scanned_ = 0;    // the bytes before contain no end of a head
    std::size_t head_size_ = 0;  // of the present request, once its end was found
    std::size_t consumed_ = 0;   // bytes of the request that is ready
    int status_ = 0;
    http::request request_;
    std::string body_;
    std::string path_;
    std::optional<parser> parser_;
};

request_reader::request_reader(std::size_t max_head, std::size_t max_body)
    : impl_(std::make_unique<impl>(max_head, max_body)) {}

request_reader::~request_reader() = default;

std::span<char> request_reader::space() {
    return impl_->space();
}

void request_reader::commit(std::size_t size) {
    impl_->commit(size);
}

request_reader::progress request_reader::next() {
    return impl_->next();
}

int request_reader::status() const {
    return impl_->status();
}

request& request_reader::request() {
    return impl_->request();
}

bool request_reader::has_head() const {
    return impl_->has_head();
}

bool request_reader::empty() const {
    return impl_->empty();
}

void request_reader::finish() {
    impl_->finish();
}

void request_reader::reset() {
    impl_->reset();
}

}  // namespace stube::http
