#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hk::host {

/// What a Range header (RFC 9110, 14.2) asks of a body of a known size. Only one range is served; several, and headers
/// that make no sense, are ignored as the RFC allows.
struct ByteRange {
    enum class Kind { whole, part, unsatisfiable };
    Kind kind = Kind::whole;
    std::int64_t offset = 0;
    std::int64_t length = 0;
};
ByteRange parse_range(std::string_view header, std::int64_t size);
/// "bytes 0-99/1000"
std::string content_range(const ByteRange& range, std::int64_t size);

} // namespace hk::host
