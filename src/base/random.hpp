#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace hk {

/// As many bytes from the kernel's generator, each as two hexadecimal digits: nobody guesses 16 of them.
std::string random_hex(std::size_t bytes);

/// Whether two secrets are the same, in a time that does not tell how far a guess was right.
bool same_secret(std::string_view a, std::string_view b);

} // namespace hk
