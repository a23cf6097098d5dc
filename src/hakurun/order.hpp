#pragma once
#include <cstdint>
#include <optional>

namespace hk::hakurun {

/// In which order the combinations run: 0, 1, 2, ... or a random permutation of them.
/// A value of a few bytes whatever the size: the permutation is a small cipher over the numbers below `size`.
class Order {
public:
    Order(std::uint64_t size, std::optional<std::uint64_t> seed);
    /// The combination that runs as number `position`; position < size.
    std::uint64_t at(std::uint64_t position) const;

private:
    std::uint64_t encrypt(std::uint64_t number) const;

    std::uint64_t size_;
    std::optional<std::uint64_t> seed_;
    unsigned half_bits_ = 1;
};

} // namespace hk::hakurun
