#include "store/sha256.hpp"

#include <algorithm>
#include <openssl/evp.h>
#include <stdexcept>

namespace stube::storage {
namespace {

constexpr std::string_view base64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// 64 for a character that is not in the alphabet.
constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(64);
    for (std::size_t i = 0; i < base64url.size(); ++i)
        values[static_cast<unsigned char>(base64url[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr auto base64url_values = make_values();

}  // namespace

void sha256::deleter::operator()(evp_md_st* algorithm) const {
    EVP_MD_free(algorithm);
}

void sha256::deleter::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

sha256::sha256()
    : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_) throw std::runtime_error("libcrypto does not provide SHA-256");
}

digest sha256::of(std::string_view bytes) {
    digest value{};
    if (EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), value.data(), nullptr) != 1)
        throw std::runtime_error("libcrypto could not compute a SHA-256");
    return value;
}

void append_digest(std::string& text, const digest& value) {
    // 32 bytes are 256 bits: 42 characters of 6 bits, and one of 4 bits and two zeros.
    std::uint32_t bits = 0;
    int count = 0;
    for (const std::uint8_t byte : value) {
        bits = bits << 8 | byte;
        for (count += 8; count >= 6; count -= 6)
            text += base64url[bits >> (count - 6) & 63];
    }
    text += base64url[bits << (6 - count) & 63];
}

std::optional<digest> read_digest(std::string_view text) {
    if (text.size() != digest_text_length) return std::nullopt;
    digest value{};
    std::size_t at = 0;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::uint8_t six = base64url_values[static_cast<unsigned char>(c)];
        if (six > 63) return std::nullopt;
        bits = bits << 6 | six;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        value[at++] = static_cast<std::uint8_t>(bits >> count & 0xff);
    }
    if ((bits & 3) != 0) return std::nullopt;
    return value;
}

}  // namespace stube::storage
