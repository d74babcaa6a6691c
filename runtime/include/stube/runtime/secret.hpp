#pragma once

#include <stube/runtime/codec.hpp>

#include <boost/json/fwd.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Secret values: passwords, keys, card numbers. A store, a log, a snapshot, `tree` and the HTML of
/// a page never contain them in readable form.
///
/// - `transient<T>` is in memory only. It is stored as nothing. After a restart, and in a restored
///   snapshot, it has the value of a new component, so the user must enter it again.
/// - `encrypted<T>` is stored encrypted with a key of the application (`app::secret_keys`). A
///   program that has an encrypted member starts only with a key.
///
/// The content is read with `reveal()`. A secret value cannot be printed, and it does not convert
/// to its content. A value of the content's type converts to a secret value.
///
///     struct transfer {
///         static constexpr std::string_view component = "demo/transfer";
///         encrypted<std::string> account;
///         field<int> amount;
///         field<transient<std::string>> pin;
///         std::string result;
///         void send(context& c) {
///             amount.require("Enter an amount");
///             pin.require("Enter your PIN");
///             if (has_errors(*this)) return;
///             const bool is_sent =
///                 c.app<bank>().send(account.reveal(), amount.value(), pin.value().reveal());
///             result = is_sent ? "The money is on its way." : "This is not your PIN.";
///             pin.clear();
///         }
///         markup render() const {
///             return form(
///                 on<"submit", &transfer::send>,
///                 ui::input_for<&transfer::amount>(*this, "Amount"),
///                 ui::input_for<&transfer::pin>(*this, "PIN", inputmode("numeric")),
///                 p(result),
///                 button("Send")
///             );
///         }
///     };
///     BOOST_DESCRIBE_STRUCT(transfer, (), (account, amount, pin, result, send))
///
/// Where a secret value is allowed:
/// - a data member of a component, or of a described struct in it, also in an optional, a container
///   or a tuple. The content is any type that can be stored. A type with a codec of its own cannot
///   contain an encrypted value;
/// - `field<transient<T>>` and `field<encrypted<T>>`: the entry, the value and the message are
///   secret. Its control never shows the entry, so it is empty after each event, and the next event
///   sends the empty entry: a transient field is then empty. An encrypted field ignores an empty
///   entry and keeps its value; `clear()` empties it;
/// - a parameter of an event, `void pay(const transient<std::string>& pin)`, whose argument comes
///   from a behavior's module. `on<...>` cannot send it, because its arguments are in the page;
/// - an argument of `call` and of `send`, an answer, and a result of `run`. They are not stored.
///
/// The compiler refuses a secret argument of `after`, because a timer is stored with its arguments:
/// keep the value in a member, and read it when the timer fires. The compiler also refuses secret
/// messages of `publish` and `subscribe`, because any component may subscribe to a topic.
///
/// A keyed list compares the initial states of its children without their secret values. A child
/// whose initial state differs in a secret value only does not begin again.
///
/// A secret value overwrites the memory of a std::string before it frees that memory. It does not
/// do so for other types. Copies outside of it are not overwritten: the request's body, JSON,
/// copies that `reveal()` has made, swapped pages and core dumps. A step that Back can
/// reach keeps its secret values in memory; `no_way_back()` drops the steps.
namespace stube {

template <class T>
class transient;
template <class T>
class encrypted;
class secret_keys;

namespace detail {

/// Overwrites memory. The compiler cannot remove it.
void wipe(void* memory, std::size_t size) noexcept;

/// Overwrites a text, and leaves it empty.
void wipe(std::string& text) noexcept;

template <class T>
void wipe_content(T& content) noexcept {
    if constexpr (std::same_as<T, std::string>) detail::wipe(content);
}

template <class T>
inline constexpr bool is_secret = false;
template <class T>
inline constexpr bool is_encrypted = false;
template <class T>
inline constexpr bool is_secret<transient<T>> = true;
template <class T>
inline constexpr bool is_secret<encrypted<T>> = true;
template <class T>
inline constexpr bool is_encrypted<encrypted<T>> = true;
template <class T>
inline constexpr bool is_transient<transient<T>> = true;

/// True if a secret T can be made from this type.
template <class From, class T>
concept is_content =
    !is_secret<std::remove_cvref_t<From>> && !std::same_as<std::remove_cvref_t<From>, anything> &&
    std::convertible_to<From, T>;

/// The part that `transient` and `encrypted` share.
template <class T>
class secret_content {
    static_assert(!is_secret<T>, "stube: a secret value cannot be the content of another one.");

public:
    using content_type = T;

    secret_content() = default;

    template <class From>
        requires is_content<From, T>
    secret_content(From&& from) : content_(std::forward<From>(from)) {}

    secret_content(const secret_content&) = default;

    secret_content(secret_content&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
        : content_(std::move(other.content_)) {
        detail::wipe_content(other.content_);
    }

    secret_content& operator=(const secret_content& other) {
        if (this != &other) *this = secret_content(other);
        return *this;
    }

    secret_content& operator=(secret_content&& other
    ) noexcept(std::is_nothrow_move_assignable_v<T>) {
        if (this == &other) return *this;
        detail::wipe_content(content_);
        content_ = std::move(other.content_);
        detail::wipe_content(other.content_);
        return *this;
    }

    ~secret_content() { detail::wipe_content(content_); }

    /// The content. The reference is valid as long as the secret value.
    const T& reveal() const& { return content_; }

    T& reveal() & { return content_; }

    T reveal() && { return std::move(content_); }

    friend bool operator==(const secret_content& left, const secret_content& right)
        requires std::equality_comparable<T>
    {
        return left.content_ == right.content_;
    }

private:
    T content_{};
};

}  // namespace detail

/// A secret value that exists in memory only.
template <class T>
class transient : public detail::secret_content<T> {
public:
    using detail::secret_content<T>::secret_content;

    friend bool operator==(const transient&, const transient&) = default;

    friend std::ostream& operator<<(std::ostream&, const transient&) = delete;
};

/// A secret value that is stored encrypted: AES-256-SIV (RFC 5297), with the component's name as
/// associated data, under the first of the `secret_keys`. The encryption is deterministic. A reader
/// of the store sees the length of a value, and which values of one component are equal. Somebody
/// who can also enter values can therefore guess a value with few possibilities, such as a PIN of
/// four digits: such a value must be `transient`.
///
/// A member that becomes `encrypted` or `transient` in a new release reads its old stored value.
/// The next change of the component stores it in the new form.
template <class T>
class encrypted : public detail::secret_content<T> {
public:
    using detail::secret_content<T>::secret_content;

    friend bool operator==(const encrypted&, const encrypted&) = default;

    friend std::ostream& operator<<(std::ostream&, const encrypted&) = delete;
};

/// A key of the application for `encrypted` values, under a name.
struct secret_key {
    std::string id;              ///< stored with each value: 1 to 64 letters, digits, '-', '_', '.'
    transient<std::string> key;  ///< at least 32 random bytes, binary or as text
};

/// The keys of an application. The first one encrypts. All of them decrypt, so a new key is put
/// before the old ones. A value is encrypted with the new key when its component next changes. An
/// old key can be removed when no stored conversation contains its id.
///
///     site.secret_keys({{"2027", key_from("/run/secrets/stube-2027")},
///                       {"2026", key_from("/run/secrets/stube-2026")}});
///
/// `openssl rand -base64 32` makes a key. A copy shares the keys. Threads: any.
class secret_keys {
public:
    secret_keys();

    /// Throws std::invalid_argument if an id is not valid or is used twice, or if a key is too
    /// short.
    secret_keys(std::initializer_list<secret_key> keys);
    explicit secret_keys(const std::vector<secret_key>& keys);

    bool empty() const { return !ring_; }

    class ring;

    /// For the library. Null if there are no keys.
    const ring* get() const { return ring_.get(); }

private:
    std::shared_ptr<const ring> ring_;
};

namespace detail {

/// The secret type of the same kind with another content.
template <class Secret, class T>
struct secret_with;
template <class Old, class T>
struct secret_with<transient<Old>, T> {
    using type = transient<T>;
};
template <class Old, class T>
struct secret_with<encrypted<Old>, T> {
    using type = encrypted<T>;
};

/// The form in which the codecs write and read secret values on this thread.
enum class secret_form {
    stored,    ///< transient as nothing, encrypted with the keys of a `secret_keys_scope`
    readable,  ///< as its content: arguments on their way to a member, never stored or shown
    masked,    ///< a fixed text, and read as a default value: for people, and to compare states
};

/// The form within a scope. The codecs of components are static functions without a parameter for
/// it.
class secret_form_scope {
public:
    explicit secret_form_scope(secret_form form) noexcept;
    secret_form_scope(const secret_form_scope&) = delete;
    secret_form_scope& operator=(const secret_form_scope&) = delete;
    ~secret_form_scope();

private:
    secret_form before_;
};

secret_form current_secret_form() noexcept;

/// The keys for conversations that are encoded or decoded on this thread within a scope. The keys
/// must outlive the scope.
class secret_keys_scope {
public:
    explicit secret_keys_scope(const secret_keys* keys) noexcept;
    explicit secret_keys_scope(const secret_keys& keys) noexcept : secret_keys_scope(&keys) {}
    secret_keys_scope(const secret_keys_scope&) = delete;
    secret_keys_scope& operator=(const secret_keys_scope&) = delete;
    ~secret_keys_scope();

private:
    const secret_keys::ring* before_;
};

/// The component whose state is encoded or decoded on this thread within a scope.
class secret_component_scope {
public:
    explicit secret_component_scope(std::string_view component) noexcept;
    secret_component_scope(const secret_component_scope&) = delete;
    secret_component_scope& operator=(const secret_component_scope&) = delete;
    ~secret_component_scope();

private:
    std::string_view before_;
};

void set_masked(boost::json::value& to);

/// True for the stored form of an encrypted value.
bool is_ciphertext(const boost::json::value& from);

/// Encrypts `plain` as JSON text. Throws std::logic_error without keys or outside of a component.
void set_encrypted(boost::json::value& to, const boost::json::value& plain);

/// Throws `decode_error` if the value cannot be decrypted.
void decrypt(boost::json::value& to, const boost::json::value& from);

[[noreturn]] void throw_secret_not_encoded();
[[noreturn]] void throw_secret_not_decoded();

/// Encodes a secret value whose content `write` encodes.
template <bool IsEncrypted, class Write>
void encode_secret(boost::json::value& to, Write write) {
    const auto form = current_secret_form();
    if (form == secret_form::masked) return set_masked(to);
    // The message of an exception may contain the value.
    const auto write_content = [&](boost::json::value& content) {
        try {
            write(content);
        } catch (...) {
            throw_secret_not_encoded();
        }
    };
    if (form == secret_form::readable) return write_content(to);
    if constexpr (IsEncrypted) {
        json_holder plain;
        write_content(*plain);
        set_encrypted(to, *plain);
    }
}

/// Decodes a secret value whose content `read` decodes.
template <bool IsEncrypted, class Read>
void decode_secret(const boost::json::value& from, Read read) {
    // The content is not in a masked value, so the secret has the default value of its type.
    if (current_secret_form() == secret_form::masked) return;
    const auto read_content = [&](const boost::json::value& content) {
        try {
            read(content);
        } catch (...) {
            throw_secret_not_decoded();
        }
    };
    if (current_secret_form() == secret_form::stored) {
        if constexpr (IsEncrypted) {
            if (is_ciphertext(from)) {
                json_holder plain;
                decrypt(*plain, from);
                return read_content(*plain);
            }
        } else {
            if (is_null(from)) return;
        }
    }
    read_content(from);
}

}  // namespace detail

template <class T>
struct codec<transient<T>> {
    static void encode_to(boost::json::value& to, const transient<T>& from) {
        detail::encode_secret<false>(to, [&](boost::json::value& content) {
            detail::encode_to(content, from.reveal());
        });
    }

    static void decode(transient<T>& to, const boost::json::value& from) {
        detail::decode_secret<false>(from, [&](const boost::json::value& content) {
            stube::decode(to.reveal(), content);
        });
    }
};

template <class T>
struct codec<encrypted<T>> {
    static void encode_to(boost::json::value& to, const encrypted<T>& from) {
        detail::encode_secret<true>(to, [&](boost::json::value& content) {
            detail::encode_to(content, from.reveal());
        });
    }

    static void decode(encrypted<T>& to, const boost::json::value& from) {
        detail::decode_secret<true>(from, [&](const boost::json::value& content) {
            stube::decode(to.reveal(), content);
        });
    }
};

}  // namespace stube
