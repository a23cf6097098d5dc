#pragma once
#include "store/reader.hpp"

#include <string>

namespace hk::host {

struct Api;

/// The Host's numbers in Prometheus' text format. Names are a promise: tests/data/metrics.txt lists them.
std::string metrics_text(const Api& api, const store::StateCounts& counts);

} // namespace hk::host
