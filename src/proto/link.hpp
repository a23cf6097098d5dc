#pragma once
#include "base/result.hpp"
#include "model/attempt_report.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a runner and the Host say to each other over their one WebSocket: JSON text messages, each an object with a
/// "type". Unknown fields are ignored, an unknown type is skipped, so that neighbours of one version understand each
/// other.
namespace hk::proto {

inline constexpr int link_protocol = 1;

/// First message of a runner on every connection: who it is, what its node has, and every attempt in its spool.
struct Hello {
    int protocol = link_protocol;
    NodeName name;
    NodeInventory inventory;
    std::vector<AttemptReport> attempts;
};
/// The Host takes the runner in.
struct Welcome {
    int protocol = link_protocol;
    int heartbeat_ms = 5000;
};
/// The Host does not; the runner says so and tries again later.
struct Rejected {
    std::string message;
};
struct Heartbeat {
    NodeUsage usage;
};
/// News of attempts.
struct Reports {
    std::vector<AttemptReport> attempts;
};
struct StopOrder {
    AttemptId attempt;
    Duration grace{};
};
/// What the Host wants done; every order is idempotent by attempt id.
struct Orders {
    std::vector<Assignment> start;
    std::vector<StopOrder> stop;
    std::vector<AttemptId> pause;
    std::vector<AttemptId> resume;
    std::vector<AttemptId> forget; ///< the Host has the result for good
    bool empty() const { return start.empty() && stop.empty() && pause.empty() && resume.empty() && forget.empty(); }
};
/// The same orders in their order, each part well below the limit of a message; none when there is nothing to do.
std::vector<Orders> split(Orders orders);
/// Open a shell in a running attempt, and connect to /api/runners/terminals/SESSION with it: a connection of its own,
/// so that a terminal delays nobody else.
struct OpenTerminal {
    std::string session; ///< a secret for one connection
    AttemptId attempt;
};
/// A message of a type that this version does not know.
struct UnknownMessage {
    std::string type;
};

using RunnerMessage = std::variant<Hello, Heartbeat, Reports, UnknownMessage>;
using HostMessage = std::variant<Welcome, Rejected, Orders, OpenTerminal, UnknownMessage>;

std::string to_json(const Hello& hello);
std::string to_json(const Heartbeat& heartbeat);
std::string to_json(const Reports& reports);
std::string to_json(const Welcome& welcome);
std::string to_json(const Rejected& rejected);
std::string to_json(const Orders& orders);
std::string to_json(const OpenTerminal& open);
Result<RunnerMessage> parse_runner_message(std::string_view text);
Result<HostMessage> parse_host_message(std::string_view text);

} // namespace hk::proto
