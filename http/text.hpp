#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Small things about text, for bytes that come from the network and may be anything.
namespace stube::http {

/// The same but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

/// Appends `text` with its %XX undone; `plus_is_blank` as in forms. False if a % stands before
/// anything but two hex digits.
bool append_decoded(std::string& out, std::string_view text, bool plus_is_blank);

bool is_utf8(std::string_view text);

/// All of `text` as a decimal number without sign.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// Exactly 16 lower-case hex digits.
std::optional<std::uint64_t> parse_hex16(std::string_view text);

void append_number(std::string& out, std::uint64_t value);

/// Appends `text` as the content of an element.
void append_element_text(std::string& out, std::string_view text);

/// Appends `text` as a value between double quotes.
void append_attribute(std::string& out, std::string_view text);

/// True for what `stube::random_id` makes: 22 characters of [A-Za-z0-9_-].
bool is_token(std::string_view text);

/// True for an address that leads to this server, whatever a browser makes of it: it begins with
/// one "/" and holds neither backslashes nor anything that ends a header line.
bool is_local_address(std::string_view address);

/// The next part of `rest` before `separator`, which is consumed.
std::string_view take_until(std::string_view& rest, char separator);

}  // namespace stube::http
