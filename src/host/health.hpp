#pragma once
#include "host/engine.hpp"
#include "host/usage.hpp"
#include "proto/node_api.hpp"

#include <deque>

namespace hk::host {

/// The last minute of the cluster and its nodes, one sample a second, and the last hour of the cluster, one sample for
/// every ten of those. Loop thread only.
class Health {
public:
    static constexpr std::size_t samples = 60;
    static constexpr std::size_t hour_step = 10; ///< seconds
    static constexpr std::size_t hour_samples = 360;

    Health(const Engine& engine, const Usage& usage)
        : engine_(engine)
        , usage_(usage) {}
    /// Takes a sample; call once a second.
    void sample(Time now);
    /// Everything, or one node's part of it. Oldest first.
    proto::Health history(const std::optional<NodeName>& node) const;
    /// The hour; without nodes.
    proto::Health hour() const { return {.aggregate = {hour_.begin(), hour_.end()}}; }
    /// The newest sample alone.
    const proto::HealthAggregate& aggregate() const { return aggregate_.back(); }
    bool empty() const { return nodes_.empty(); }

private:
    const Engine& engine_;
    const Usage& usage_;
    std::deque<std::vector<proto::HealthNode>> nodes_;
    std::deque<proto::HealthAggregate> aggregate_;
    std::deque<proto::HealthAggregate> hour_;
    std::size_t until_step_ = hour_step;
};

} // namespace hk::host
