#pragma once
#include "sched/context.hpp"

#include <vector>

namespace hk::sched {

/// Every attempt that has a place on the node.
std::vector<AttemptId> attempts_on(const Node& node);

/// Compares what a runner that just connected has with what the Host wants of it. Reported attempts are believed; one
/// that the Host wants and the runner does not have is started (it never began), or is over (its records are gone);
/// one that the runner has and the Host does not want is stopped or forgotten.
/// `same_records`: the runner still has the records it had when the Host last saw it.
void reconcile(Context& context, Node& node, const std::vector<AttemptReport>& reported, bool same_records);

/// One report, at any time after that.
void take_report(Context& context, Node& node, const AttemptReport& report);

} // namespace hk::sched
