#pragma once
#include "model/node.hpp"

#include <map>

namespace hk::host {

/// The last reading of every node that has sent one. Not saved: a restarted Host gets new ones within seconds.
/// Loop thread only.
class Usage {
public:
    void set(const NodeName& node, NodeUsage usage) { readings_.insert_or_assign(node, std::move(usage)); }
    void forget(const NodeName& node) { readings_.erase(node); }
    /// Null before the first reading.
    const NodeUsage* of(const NodeName& node) const {
        const auto found = readings_.find(node);
        return found == readings_.end() ? nullptr : &found->second;
    }

private:
    std::map<NodeName, NodeUsage> readings_;
};

} // namespace hk::host
