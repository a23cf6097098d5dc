#pragma once
#include "cli/verb.hpp"

namespace hk::cli {

/// `hakuriver batch ID` and `hakuriver batch COMMAND ID`.
Menu batch_menu();
std::unique_ptr<Verb> make_batch();

} // namespace hk::cli
