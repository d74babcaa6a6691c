#include "runtime/component/secret_cipher.hpp"

#include "store/base64url.hpp"

#include <algorithm>
#include <climits>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdexcept>

namespace stube {

namespace {

constexpr std::size_t tag_size = 16;
constexpr std::size_t shortest_key = 32;
constexpr std::size_t longest_id = 64;
constexpr std::string_view format_of_secrets = "stube encrypted 1";

[[noreturn]] void fail_cipher(const char* what) {
    ERR_clear_error();
    throw std::runtime_error(std::string("stube: libcrypto cannot ") + what);
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

int size_of(std::string_view text) {
    if (text.size() > INT_MAX) throw std::length_error("stube: a secret value is too large");
    return static_cast<int>(text.size());
}

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;

enum class direction { decrypt, encrypt };

cipher_context begin_use(const EVP_CIPHER* cipher, const unsigned char* key, direction way) {
    cipher_context out(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const int is_encryption = way == direction::encrypt ? 1 : 0;
    if (!out || EVP_CipherInit_ex2(out.get(), cipher, key, nullptr, is_encryption, nullptr) != 1)
        fail_cipher("use AES-256-SIV");
    return out;
}

/// Associated data must not be empty: OpenSSL 3.0 ignores empty data (CVE-2023-2975).
void add_associated_data(EVP_CIPHER_CTX* to, std::string_view component) {
    const std::string data = std::string(format_of_secrets) + '\0' + std::string(component);
    int ignored = 0;
    if (EVP_CipherUpdate(to, nullptr, &ignored, bytes_of(std::string_view(data)), size_of(data)) !=
        1)
        fail_cipher("use associated data");
}

void derive(std::array<unsigned char, 64>& to, std::string_view key) {
    const std::unique_ptr<EVP_KDF, void (*)(EVP_KDF*)> kdf(
        EVP_KDF_fetch(nullptr, "HKDF", nullptr),
        &EVP_KDF_free
    );
    if (!kdf) fail_cipher("derive keys by HKDF");
    const std::unique_ptr<EVP_KDF_CTX, void (*)(EVP_KDF_CTX*)> context(
        EVP_KDF_CTX_new(kdf.get()),
        &EVP_KDF_CTX_free
    );
    // The parameters are not const, but they are only read.
    std::string digest = "SHA256";
    std::string secret(key);
    std::string info(format_of_secrets);
    const std::array<OSSL_PARAM, 4> params{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end()
    };
    const bool is_derived =
        context && EVP_KDF_derive(context.get(), to.data(), to.size(), params.data()) == 1;
    detail::wipe(secret);
    if (!is_derived) fail_cipher("derive keys by HKDF");
}

bool is_key_id(std::string_view id) {
    constexpr std::string_view further = "-_.";
    const auto is_allowed = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               further.find(c) != further.npos;
    };
    return !id.empty() && id.size() <= longest_id && std::ranges::all_of(id, is_allowed);
}

}  // namespace

secret_keys::ring::ring(const std::vector<secret_key>& keys)
    : cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-SIV", nullptr), &EVP_CIPHER_free) {
    if (!cipher_) fail_cipher("use AES-256-SIV");
    keys_.reserve(keys.size());
    for (const auto& each : keys)
        add(each);
}

secret_keys::ring::~ring() {
    for (auto& each : keys_)
        detail::wipe(each.bytes.data(), each.bytes.size());
}

void secret_keys::ring::add(const secret_key& key) {
    if (!is_key_id(key.id)) {
        throw std::invalid_argument(
            "stube: \"" + key.id +
            "\" is not a valid id of a secret key: 1 to 64 letters, digits, '-', '_' and '.'"
        );
    }
    if (has(key.id))
        throw std::invalid_argument("stube: two secret keys have the id \"" + key.id + '"');
    if (key.key.reveal().size() < shortest_key) {
        throw std::invalid_argument(
            "stube: the secret key \"" + key.id + "\" is too short: it needs 32 random bytes"
        );
    }
    keys_.push_back({key.id});
    derive(keys_.back().bytes, key.key.reveal());
}

const secret_keys::ring::derived_key* secret_keys::ring::find(std::string_view id) const {
    const auto found = std::ranges::find(keys_, id, &derived_key::id);
    return found == keys_.end() ? nullptr : &*found;
}

std::string secret_keys::ring::encrypt(std::string_view component, std::string_view plain) const {
    const auto& key = keys_.front();
    const auto context = begin_use(cipher_.get(), key.bytes.data(), direction::encrypt);
    add_associated_data(context.get(), component);
    std::string sealed(tag_size + plain.size(), '\0');
    int written = 0;
    int finished = 0;
    auto* const text = bytes_of(sealed) + tag_size;
    if (EVP_CipherUpdate(context.get(), text, &written, bytes_of(plain), size_of(plain)) != 1 ||
        EVP_CipherFinal_ex(context.get(), text + written, &finished) != 1 ||
        EVP_CIPHER_CTX_ctrl(
            context.get(),
            EVP_CTRL_AEAD_GET_TAG,
            static_cast<int>(tag_size),
            sealed.data()
        ) != 1)
        fail_cipher("encrypt");
    std::string out = key.id + ':';
    storage::append_base64url(out, sealed);
    return out;
}

std::optional<std::string>
secret_keys::ring::decrypt(std::string_view component, std::string_view key, std::string_view bytes)
    const {
    auto sealed = storage::read_base64url(bytes);
    if (!sealed || sealed->size() <= tag_size) return std::nullopt;
    const auto context = begin_use(cipher_.get(), find(key)->bytes.data(), direction::decrypt);
    if (EVP_CIPHER_CTX_ctrl(
            context.get(),
            EVP_CTRL_AEAD_SET_TAG,
            static_cast<int>(tag_size),
            sealed->data()
        ) != 1)
        fail_cipher("decrypt");
    add_associated_data(context.get(), component);
    const auto text = std::string_view(*sealed).substr(tag_size);
    std::string out(text.size(), '\0');
    int written = 0;
    int finished = 0;
    if (EVP_CipherUpdate(context.get(), bytes_of(out), &written, bytes_of(text), size_of(text)) !=
            1 ||
        EVP_CipherFinal_ex(context.get(), bytes_of(out) + written, &finished) != 1) {
        ERR_clear_error();
        detail::wipe(out);  // SIV computes the plaintext before it knows whether the tag fits
        return std::nullopt;
    }
    return out;
}

}  // namespace stube
