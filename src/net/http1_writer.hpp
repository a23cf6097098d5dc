#pragma once
#include "net/http.hpp"

/// Inside net only: the text of message heads.
namespace hk::net::detail {

/// A field that could end its line early would let a value write headers: such fields are left out
/// and logged.
std::string response_head(int status, const Headers& headers, bool http11);
/// Errc::invalid when the target or a header has a character that ends a line.
Result<std::string> request_head(const Request& request);
/// "Mon, 23 Nov 2026 10:00:00 GMT"; made once per second.
const std::string& http_date();
/// "1f4\r\n"
std::string chunk_head(std::size_t size);

} // namespace hk::net::detail
