#pragma once
#include "base/time.hpp"
#include "model/node.hpp"
#include "sched/ledger.hpp"

#include <cstdint>
#include <optional>
#include <set>

namespace hk::sched {

/// One connection of a runner; the Host counts them up.
using SessionId = Id<struct SessionTag>;

/// A node as the scheduler sees it.
struct Node {
    NodeName name;
    NodeInventory inventory;
    bool drained = false; ///< keeps what it has, takes nothing new
    Time first_seen{};
    Time last_seen{};                 ///< for people
    Mono last_heard{};                ///< for silence
    bool silent = false;              ///< past the timeout; its tasks are lost until it returns
    std::optional<SessionId> session; ///< its connection, while there is one
    Ledger ledger;
    /// Attempts that still run there although the Host has no use for them. They are being stopped; until they are
    /// gone nobody knows what they use, so the node takes nothing new.
    std::set<AttemptId> strays;
    std::int64_t last_turn = 0; ///< when round-robin chose it last

    bool online() const { return session.has_value() && !silent; }
    bool offers(bool container) const;
    /// Why it does not offer the executor, in words.
    std::string why_not(bool container) const;
};

} // namespace hk::sched
