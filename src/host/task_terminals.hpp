#pragma once
#include "host/links.hpp"
#include "net/exchange.hpp"
#include "terminal/relay.hpp"
#include "terminal/terminals.hpp"

#include <list>
#include <memory>

namespace hk::host {

/// Shells in running tasks. The task's node is asked for one over its runner's link; the runner then connects to us
/// once more, for this terminal alone, and says whether there can be a shell before the person is taken in. Loop thread
/// only.
class TaskTerminals {
public:
    TaskTerminals(net::Loop& loop, Links& links)
        : loop_(loop)
        , links_(links) {}

    /// The connection of the shell, which has not started yet. The runner's own refusal, or Errc::unavailable when it
    /// does not answer.
    net::Task<Result<net::WebSocket>> ask(NodeName node, AttemptId attempt);
    /// Starts the shell and lets the person talk to it.
    void connect(terminal::Terminals& terminals, terminal::Terminals::Slot slot, net::WebSocket person,
                 net::WebSocket shell, const NodeName& node);
    /// A runner connects with the secret of a terminal that was asked for.
    net::Task<void> serve(net::Exchange& exchange);

private:
    struct Expected;
    std::shared_ptr<Expected> take(std::string_view session);

    net::Loop& loop_;
    Links& links_;
    std::list<std::shared_ptr<Expected>> expected_; ///< as many at most as there may be terminals
};

} // namespace hk::host
