#pragma once
#include "json/json.hpp"

namespace hk::json {

/// Reads text that `serialize` of this program wrote: strings in it may hold any bytes, as commands and file names do.
/// Never for what came over the network.
Result<Value> parse_own(std::string_view text);

} // namespace hk::json
