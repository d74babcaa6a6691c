#include "runtime/component/secret_cipher.hpp"

#include <stube/runtime/secret.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <openssl/crypto.h>
#include <stdexcept>

namespace stube {

namespace {

constexpr std::string_view name_of_ciphertext = "encrypted";

// Stores can read 500 levels.
constexpr std::size_t deepest_content = 512;

/// The settings for the codecs of secret values. A codec is a static function without a parameter
/// for them.
struct secret_settings {
    detail::secret_form form = detail::secret_form::stored;
    const secret_keys::ring* keys = nullptr;
    std::string_view component;
};

thread_local secret_settings settings;

/// The key that a stored value names, and the value's bytes as text.
struct ciphertext {
    std::string_view key;
    std::string_view bytes;
};

ciphertext split(std::string_view stored) {
    const auto colon = stored.find(':');
    if (colon == stored.npos) throw decode_error("an encrypted value is damaged");
    return {stored.substr(0, colon), stored.substr(colon + 1)};
}

}  // namespace

secret_keys::secret_keys() = default;

secret_keys::secret_keys(std::initializer_list<secret_key> keys)
    : secret_keys(std::vector<secret_key>(keys)) {}

secret_keys::secret_keys(const std::vector<secret_key>& keys) {
    if (!keys.empty()) ring_ = std::make_shared<const ring>(keys);
}

namespace detail {

void wipe(void* memory, std::size_t size) noexcept {
    OPENSSL_cleanse(memory, size);
}

void wipe(std::string& text) noexcept {
    // Up to its capacity, a string changes its size without new memory. The bytes after a text may
    // be of a longer text that was there before.
    text.resize(text.capacity());
    detail::wipe(text.data(), text.size());
    text.clear();
}

secret_form_scope::secret_form_scope(secret_form form) noexcept
    : before_(std::exchange(settings.form, form)) {}

secret_form_scope::~secret_form_scope() {
    settings.form = before_;
}

secret_form current_secret_form() noexcept {
    return settings.form;
}

bool omits_transient() noexcept {
    return settings.form == secret_form::stored;
}

secret_keys_scope::secret_keys_scope(const secret_keys* keys) noexcept
    : before_(std::exchange(settings.keys, keys ? keys->get() : nullptr)) {}

secret_keys_scope::~secret_keys_scope() {
    settings.keys = before_;
}

secret_component_scope::secret_component_scope(std::string_view component) noexcept
    : before_(std::exchange(settings.component, component)) {}

secret_component_scope::~secret_component_scope() {
    settings.component = before_;
}

void set_masked(boost::json::value& to) {
    set_text(to, "(secret)");
}

bool is_ciphertext(const boost::json::value& from) {
    const auto* object = from.if_object();
    return object && object->size() == 1 && object->contains(name_of_ciphertext);
}

void set_encrypted(boost::json::value& to, const boost::json::value& plain) {
    if (!settings.keys) {
        throw std::logic_error(
            "stube: an encrypted value cannot be stored without a key. Give the application's keys "
            "with app::secret_keys, or pass secret_keys to the function that encodes."
        );
    }
    if (settings.component.empty())
        throw std::logic_error("stube: only a component's state can contain encrypted values");
    auto text = boost::json::serialize(plain);
    auto stored = settings.keys->encrypt(settings.component, text);
    detail::wipe(text);
    set_text(make_object(to, 1)[name_of_ciphertext], stored);
}

void decrypt(boost::json::value& to, const boost::json::value& from) {
    const auto& stored = from.get_object().at(name_of_ciphertext);
    const auto [key, bytes] = split(text_of(stored, "an encrypted value"));
    if (!settings.keys || !settings.keys->has(key)) {
        throw decode_error(
            "an encrypted value needs the key \"" + std::string(key) +
            "\", which is not one of the secret_keys"
        );
    }
    auto text = settings.keys->decrypt(settings.component, key, bytes);
    if (!text) throw decode_error("an encrypted value is damaged, or its key has changed");
    boost::json::parse_options options;
    options.max_depth = deepest_content;
    options.allow_invalid_utf8 = true;  // serialize writes the bytes of a text as they are
    boost::json::error_code failed;
    to = boost::json::parse(*text, failed, {}, options);
    detail::wipe(*text);
    if (failed) throw_secret_not_decoded();
}

void throw_secret_not_encoded() {
    throw std::logic_error("stube: the content of a secret value cannot be stored");
}

void throw_secret_not_decoded() {
    throw decode_error("expected another type of secret value");
}

}  // namespace detail

}  // namespace stube
