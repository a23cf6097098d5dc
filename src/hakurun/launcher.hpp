#pragma once
#include <string_view>

namespace hk::hakurun {

/// Python source for python3 -c: arguments MODULE:FUNCTION KINDS WORD...; calls the function with the words,
/// those whose kind is i or f as numbers.
std::string_view function_launcher();

/// Python source for python3 -c: argument MODULE; exit code 0 when it can be imported, 1 when not.
std::string_view module_finder();

} // namespace hk::hakurun
