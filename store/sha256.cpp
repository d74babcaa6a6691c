#include "store/sha256.hpp"

#include "store/base64url.hpp"

#include <algorithm>
#include <openssl/evp.h>
#include <stdexcept>

namespace stube::storage {
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
    append_base64url(text, {reinterpret_cast<const char*>(value.data()), value.size()});
}

std::optional<digest> read_digest(std::string_view text) {
    const auto bytes = read_base64url(text);
    digest value{};
    if (!bytes || bytes->size() != value.size()) return std::nullopt;
    std::ranges::transform(*bytes, value.begin(), [](char byte) {
        return static_cast<std::uint8_t>(byte);
    });
    return value;
}

}  // namespace stube::storage
