#pragma once
#include "base/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hk {

/// An amount of memory or data in bytes.
struct Bytes {
    std::int64_t value = 0;
    friend bool operator==(Bytes, Bytes) = default;
    friend auto operator<=>(Bytes, Bytes) = default;
    Bytes& operator+=(Bytes other) {
        value += other.value;
        return *this;
    }
    Bytes& operator-=(Bytes other) {
        value -= other.value;
        return *this;
    }
    friend Bytes operator+(Bytes a, Bytes b) { return a += b; }
    friend Bytes operator-(Bytes a, Bytes b) { return a -= b; }
};

/// "512M" -> 512'000'000. Digits and an optional K, M, G or T in either case, 1000-based as the command line
/// documents. Refuses zero, signs, fractions, "MiB" and anything over 2^60 with a sentence that says what is right.
Result<Bytes> parse_size(std::string_view text);

/// "1.2 GB", three significant digits at most, 1000-based.
std::string format_size(Bytes size);

} // namespace hk
