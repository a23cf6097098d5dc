#pragma once
#include "docker/engine.hpp"
#include "net/loop.hpp"

#include <functional>
#include <string>

namespace hk::test {

/// What every engine must do, the fake included. `image` is there already and has "sh", "sleep" and "true"; names of
/// containers and images that the contract makes start with "hk-contract". The check leaves nothing behind.
void check_engine_contract(net::Loop& loop, docker::Engine& engine, const std::string& image);

} // namespace hk::test
