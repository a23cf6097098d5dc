#pragma once
#include "sched/context.hpp"
#include "sched/step.hpp"

namespace hk::sched {

/// A runner connected: it is taken in, and what it has is compared with what the Host wants. Refused when another
/// live runner has the name.
std::optional<Error> hello(Context& context, const NodeHello& event);
void heartbeat(Context& context, const NodeHeartbeat& event);
void reports(Context& context, const NodeReports& event);
void gone(Context& context, const NodeGone& event);
/// Tasks of nodes that have been silent for too long become lost.
void tick(Context& context);
std::optional<Error> drain(Context& context, const Drain& event);
std::optional<Error> remove(Context& context, const RemoveNode& event);

} // namespace hk::sched
