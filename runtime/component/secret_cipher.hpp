#pragma once

#include <stube/runtime/secret.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_cipher_st;  // EVP_CIPHER of libcrypto

/// The cipher of `encrypted` values: AES-256-SIV (RFC 5297) from libcrypto. The 512 bits of an
/// internal key are derived from an application's key by HKDF with SHA-256 (RFC 5869).
///
/// The stored text is `<key id>:<base64url of tag and ciphertext>`. The associated data is one
/// string: a constant with the number of this format, a null character, and the component's name.
/// The tag is computed from the plaintext, so equal plaintexts of a component have equal texts.
namespace stube {

/// Keys that are ready for use. Threads: any.
class secret_keys::ring {
public:
    /// Throws std::invalid_argument for a key that is not valid.
    explicit ring(const std::vector<secret_key>& keys);
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring();

    bool has(std::string_view id) const { return find(id) != nullptr; }

    /// The stored text for `plain`, with the first key.
    std::string encrypt(std::string_view component, std::string_view plain) const;

    /// The plaintext of `bytes`, which is base64url, or nullopt if it is damaged. The key must be
    /// in the ring.
    std::optional<std::string>
    decrypt(std::string_view component, std::string_view key, std::string_view bytes) const;

private:
    struct derived_key {
        std::string id;
        std::array<unsigned char, 64> bytes{};
    };

    void add(const secret_key& key);
    const derived_key* find(std::string_view id) const;

    std::unique_ptr<evp_cipher_st, void (*)(evp_cipher_st*)> cipher_;
    std::vector<derived_key> keys_;
};

}  // namespace stube
