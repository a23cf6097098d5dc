#pragma once
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace hk {

/// A value of one meaning: a TaskId cannot be passed where a BatchId is expected.
template <class Tag, class Value = std::int64_t>
struct Id {
    Value value{};
    Id() = default;
    explicit Id(Value v)
        : value(std::move(v)) {}
    friend bool operator==(const Id&, const Id&) = default;
    friend auto operator<=>(const Id&, const Id&) = default;
};

} // namespace hk

template <class Tag, class Value>
struct std::hash<hk::Id<Tag, Value>> {
    std::size_t operator()(const hk::Id<Tag, Value>& id) const noexcept { return std::hash<Value>{}(id.value); }
};
