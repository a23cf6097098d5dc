#include "hakurun/order.hpp"

#include <bit>

namespace hk::hakurun {
namespace {

constexpr unsigned rounds = 4;

/// The finisher of splitmix64: every bit of the input moves every bit of the output.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

} // namespace

Order::Order(std::uint64_t size, std::optional<std::uint64_t> seed)
    : size_(size)
    , seed_(seed) {
    const auto bits = static_cast<unsigned>(std::bit_width(size > 0 ? size - 1 : 0));
    half_bits_ = bits < 2 ? 1 : (bits + 1) / 2;
}

std::uint64_t Order::at(std::uint64_t position) const {
    if (!seed_ || size_ < 2) return position;
    // The cipher permutes a power of 4 that is less than four times `size_`; walk until inside again.
    std::uint64_t number = encrypt(position);
    while (number >= size_) number = encrypt(number);
    return number;
}

/// A Feistel network: a permutation whatever its round function is.
std::uint64_t Order::encrypt(std::uint64_t number) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = number >> half_bits_;
    std::uint64_t right = number & mask;
    for (unsigned round = 0; round < rounds; ++round) {
        const std::uint64_t key = mix(*seed_ + round * 0x632be59bd9b4e019u);
        const std::uint64_t next = left ^ (mix(right ^ key) & mask);
        left = right;
        right = next;
    }
    return (left << half_bits_) | right;
}

} // namespace hk::hakurun
