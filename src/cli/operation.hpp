#pragma once
#include "cli/session.hpp"

namespace hk::cli {

/// Long operations on the Host, which answer with one line of JSON (OperationProgress) for each
/// step. The steps are shown as progress on a terminal, as lines elsewhere, and passed on with
/// --json. Fails when the operation does, also when its answer ends before it said that it is
/// finished.
Result<> follow_operation(Session& session, net::Request request);
/// The same with a file as the body.
Result<> upload_operation(Session& session, net::Request request, const std::string& file);

} // namespace hk::cli
