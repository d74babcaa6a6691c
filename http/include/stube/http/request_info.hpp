#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stube {

namespace http {
struct request;
}  // namespace http

/// The parts of a request that an application can read. Valid during the call that receives it.
class request_info {
public:
    explicit request_info(const http::request& from) : from_(from) {}

    std::string_view path() const;  ///< decoded, without the base path

    /// The value of a parameter in the path of the mount ("/claims/{id}"), decoded; std::nullopt if
    /// the path does not have it.
    std::optional<std::string> parameter(std::string_view name) const;

    /// The first value of that name in the query of the address, decoded; std::nullopt if absent.
    std::optional<std::string> query(std::string_view name) const;

    /// The first value of that name in a form sent to `app::post`, decoded; std::nullopt if absent.
    std::optional<std::string> form(std::string_view name) const;

    std::string_view header(std::string_view name) const;  ///< empty if absent
    std::string_view cookie(std::string_view name) const;  ///< empty if absent

private:
    const http::request& from_;
};

}  // namespace stube
