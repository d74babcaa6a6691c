#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Small functions for text from the network, which may contain any bytes.
namespace stube::http {

/// True if the texts are equal except for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

/// The text without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// Appends `text` with each %XX decoded, and with "+" as a blank if `plus_is_blank`, as in forms.
/// Returns false if a "%" is not followed by two hex digits.
bool append_decoded(std::string& out, std::string_view text, bool plus_is_blank);

bool is_utf8(std::string_view text);

/// Parses the whole text as a decimal number without a sign.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// Parses exactly `digits` lower-case hex digits, at most 16.
std::optional<std::uint64_t> parse_hex(std::string_view text, std::size_t digits);

void append_number(std::string& out, std::uint64_t value);

/// Appends `text` as the content of an element.
void append_element_text(std::string& out, std::string_view text);

/// Appends `text` as a value between double quotes.
void append_attribute(std::string& out, std::string_view text);

/// True for a text of the form that `stube::random_id` returns: 22 characters of [A-Za-z0-9_-].
bool is_token(std::string_view text);

/// True for an address that every browser resolves to this server: it begins with one "/", and
/// contains no backslash and only visible ASCII, so it cannot end a header line.
bool is_local_address(std::string_view address);

/// Removes the text before the first `separator` from `rest`, with the separator, and returns it.
std::string_view take_until(std::string_view& rest, char separator);

}  // namespace stube::http
