#pragma once
#include "cli/verb.hpp"

namespace hk::cli {

std::unique_ptr<Verb> make_client(); ///< hakuriver.client
std::unique_ptr<Verb> make_shell();  ///< hakuriver.docker-shell and `hakuriver shell`

} // namespace hk::cli
