#pragma once
#include "hakurun/options.hpp"
#include "hakurun/target.hpp"
#include "span/sweep.hpp"

namespace hk::hakurun {

/// Runs every combination; the exit code of hakurun. Returns when no child of it is left.
int run_all(const Options& options, const span::Sweep& sweep, Target target);

} // namespace hk::hakurun
