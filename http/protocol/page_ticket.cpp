#include "http/protocol/page_ticket.hpp"

#include "http/protocol/text.hpp"

#include <stube/runtime/random_id.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace stube::http {

namespace {

boost::uuids::uuid
digest_of(std::string_view purpose, std::initializer_list<std::string_view> parts) {
    std::string text(purpose);
    for (const auto part : parts)
        text.append("\n").append(part);
    static constexpr boost::uuids::uuid tickets{
        {0x51,
         0x0e,
         0x5f,
         0xd8,
         0x2c,
         0x70,
         0x4b,
         0x1e,
         0x8d,
         0x93,
         0x66,
         0x1f,
         0x9a,
         0x04,
         0xbb,
         0x37}
    };
    const boost::uuids::name_generator_sha1 digest(tickets);
    return digest(text.data(), text.size());
}

std::string token_of(std::string_view session, std::string_view conversation) {
    return boost::uuids::to_string(digest_of("token", {session, conversation}));
}

/// Compares in constant time, so that the duration does not reveal the token.
bool is_same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t at = 0; at < a.size(); ++at)
        difference |= static_cast<unsigned>(a[at] ^ b[at]);
    return difference == 0;
}

}  // namespace

std::string make_ticket(std::string_view session, const conversation& of, bool is_bare) {
    auto out = token_of(session, of.id);
    out.append(".").append(random_id()).append(".");
    append_number(out, of.step);
    out += '.';
    append_number(out, of.revision);
    if (is_bare) out += ".b";
    return out;
}

std::optional<page_ticket> read_ticket(std::string_view text) {
    page_ticket out;
    out.token = take_until(text, '.');
    out.page = take_until(text, '.');
    const auto step = parse_number(take_until(text, '.'));
    const auto revision = parse_number(take_until(text, '.'));
    if (!is_token(out.page) || !step || !revision || (!text.empty() && text != "b"))
        return std::nullopt;
    out.step = *step;
    out.revision = *revision;
    out.is_bare = text == "b";
    return out;
}

bool is_token_of(std::string_view token, std::string_view session, std::string_view conversation) {
    return is_same(token, token_of(session, conversation));
}

kernel::event_id submission_id(std::string_view target, std::string_view body) {
    const auto digest = digest_of("event", {target, body});
    // The upper 40 bits of an event id identify the page, the lower 24 bits number its events. Each
    // submission counts as the first event of a page of its own.
    std::uint64_t page = 0;
    for (std::size_t byte = 0; byte < 5; ++byte)
        page = page << 8 | digest.data[byte];
    return page << 24 | 1;
}

}  // namespace stube::http
