#include "hakurun/order.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>
#include <vector>

using hk::hakurun::Order;

TEST_CASE("without a seed the order is that of the product") {
    const Order order(5, {});
    for (std::uint64_t i = 0; i < 5; ++i) CHECK(order.at(i) == i);
}

TEST_CASE("a shuffled order names every combination once") {
    CHECK(rc::check([](std::uint64_t seed) {
        const auto size = static_cast<std::uint64_t>(*rc::gen::inRange(0, 3000));
        const Order order(size, seed);
        std::set<std::uint64_t> seen;
        for (std::uint64_t i = 0; i < size; ++i) {
            RC_ASSERT(order.at(i) < size);
            seen.insert(order.at(i));
        }
        RC_ASSERT(seen.size() == size);
    }));
}

TEST_CASE("a seed repeats its order, another seed has another one") {
    const auto first_hundred = [](std::uint64_t seed) {
        const Order order(1'000'000'000'000u, seed);
        std::vector<std::uint64_t> numbers;
        for (std::uint64_t i = 0; i < 100; ++i) numbers.push_back(order.at(i));
        return numbers;
    };
    CHECK(first_hundred(1) == first_hundred(1));
    CHECK(first_hundred(1) != first_hundred(2));
}
