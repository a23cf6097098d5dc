#pragma once
#include "config/settings.hpp"
#include "exec/exec_settings.hpp"
#include "runner/worker.hpp"

namespace hk::runner {

/// What executors need to know, from the configuration and what the node is made of.
exec::ExecSettings exec_settings(const config::RunnerConfig& config, const NodeInventory& inventory);

/// Opens the executors that the configuration allows. One that does not work here is still there and says why, so that
/// users see the reason; one that cannot even be tried is an error.
struct ExecutorContext {
    net::Loop& loop;
    exec::Spool& spool;
    exec::Listener& listener;
};
Result<Worker::Executors> open_executors(const ExecutorContext& context, const config::RunnerConfig& config,
                                         const exec::ExecSettings& settings);

} // namespace hk::runner
