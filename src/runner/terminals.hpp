#pragma once
#include "net/address.hpp"
#include "net/websocket.hpp"
#include "proto/link.hpp"
#include "runner/worker.hpp"
#include "terminal/terminals.hpp"

namespace hk::runner {

/// Shells in this node's tasks. For each that the Host asks for, a connection of its own is made to the Host, so that a
/// person who reads slowly delays no heartbeat. Owned by the wiring; the worker outlives it. Loop thread only.
class TaskTerminals {
public:
    TaskTerminals(net::Loop& loop, net::Address host, Worker& worker, const NodeName& node);
    /// Hangs up what an earlier life of the runner left in the tasks that were taken up again.
    void clean_up();
    void open(const proto::OpenTerminal& order);
    /// Ends all of them.
    net::Task<void> stop(std::string why, Duration limit);

private:
    net::Task<void> clean_up_all(std::vector<AttemptId> attempts);
    net::Task<bool> clean_up_one(AttemptId attempt);
    net::Task<void> answer(proto::OpenTerminal order);
    net::Task<void> serve(proto::OpenTerminal order, net::WebSocket host);

    net::Loop& loop_;
    net::Address host_;
    Worker& worker_;
    terminal::Terminals terminals_;
    net::TaskGroup opening_;
};

} // namespace hk::runner
