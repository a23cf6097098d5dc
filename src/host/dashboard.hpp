#pragma once
#include "net/exchange.hpp"

namespace hk::host {

/// Answers every path that no route knows with a file of the dashboard, which is inside the executable. A path without
/// a dot is a page of the dashboard and gets its index. `suggested` is the answer where there is no dashboard for it.
net::Task<void> serve_dashboard(net::Exchange& exchange, net::Response suggested);

} // namespace hk::host
