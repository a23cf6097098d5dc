#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>

/// The one table from kinds of failure to what each interface shows.
namespace hk::proto {

int http_status(Errc code);
/// 2 for wrong usage, 125 for everything that is not the task's own doing (see docs/exit-codes.md).
int exit_code(Errc code);
/// "not_found", "conflict", ...: stable names for programs.
std::string_view code_name(Errc code);
Errc errc_of(int http_status, std::string_view code_name);

/// {"error":{"code","message","fields":[{"path","message"}]},"detail":message}; `detail` is what clients of the
/// original program read.
std::string error_body(const Error& error);
/// The reverse, for clients. A body that is something else becomes an error that shows its first line.
Error parse_error_body(int http_status, std::string_view body);

} // namespace hk::proto
