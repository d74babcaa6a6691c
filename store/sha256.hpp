#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_st;      // EVP_MD of OpenSSL
struct evp_md_ctx_st;  // EVP_MD_CTX

namespace stube::storage {

/// A SHA-256.
using digest = std::array<std::uint8_t, 32>;

/// Computes SHA-256 with libcrypto. An object is reused, because making one costs more than the
/// digest of a small part.
/// Threads: one at a time.
/// Errors: std::runtime_error if libcrypto has no SHA-256 or no memory.
class sha256 {
public:
    sha256();

    digest of(std::string_view bytes);

private:
    struct deleter {
        void operator()(evp_md_st* algorithm) const;
        void operator()(evp_md_ctx_st* context) const;
    };

    std::unique_ptr<evp_md_st, deleter> algorithm_;
    std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

/// Appends a digest as base64url without padding: 43 characters.
void append_digest(std::string& text, const digest& value);

/// Empty if the text is not a digest as `append_digest` writes it.
std::optional<digest> read_digest(std::string_view text);

}  // namespace stube::storage
