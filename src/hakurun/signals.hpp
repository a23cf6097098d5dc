#pragma once
#include "base/file.hpp"
#include "base/result.hpp"

#include <vector>

namespace hk::hakurun {

/// SIGINT, SIGTERM, SIGHUP and SIGCHLD as something to poll. While one lives they are blocked in this
/// process, and so are taken in order and never lost; children start with none blocked.
class Signals {
public:
    static Result<Signals> open();
    /// Readable when a signal has arrived.
    int fd() const { return fd_.get(); }
    /// The requests to end that have arrived since the last call, in order. SIGCHLD only wakes the caller.
    std::vector<int> take_requests();

private:
    Fd fd_;
};

} // namespace hk::hakurun
