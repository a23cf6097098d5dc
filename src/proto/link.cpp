#include "proto/link.hpp"

#include "json/model_codec.hpp"

#include <utility>

namespace hk::proto {

BOOST_DESCRIBE_STRUCT(Hello, (), (protocol, name, inventory, attempts))
BOOST_DESCRIBE_STRUCT(Welcome, (), (protocol, heartbeat_ms))
BOOST_DESCRIBE_STRUCT(Rejected, (), (message))
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (usage))
BOOST_DESCRIBE_STRUCT(Reports, (), (attempts))
BOOST_DESCRIBE_STRUCT(StopOrder, (), (attempt, grace))
BOOST_DESCRIBE_STRUCT(Orders, (), (start, stop, pause, resume, forget))
BOOST_DESCRIBE_STRUCT(OpenTerminal, (), (session, attempt))

namespace {

template <class T>
std::string message(std::string_view type, const T& body) {
    json::Value value = json::encode(body);
    value.as_object()["type"] = type;
    return json::serialize(value);
}

/// As it is in memory; JSON may need six bytes for one, and a message may have 8 MiB.
constexpr std::size_t most_of_a_part = 512 << 10;

/// About what a task adds to a message, its quotes and names included.
std::size_t size_of(const TaskSpec& spec) {
    constexpr std::size_t around = 500;
    constexpr std::size_t each = 50;
    std::size_t size = around + spec.command.size();
    for (const auto& argument : spec.arguments) size += each + argument.size();
    for (const auto& [name, value] : spec.env) size += each + name.size() + value.size();
    for (const auto& mount : spec.mounts) size += each + mount.source.size() + mount.target.size();
    return size;
}

struct Envelope {
    std::string type;
    json::Value body;
};

Result<Envelope> open(std::string_view text) {
    HK_TRY(json::Value value, json::parse(text));
    const auto* object = value.if_object();
    const auto* type = object == nullptr ? nullptr : object->if_contains("type");
    if (type == nullptr || !type->is_string()) return fail(Errc::invalid, "the message has no type");
    std::string name(type->get_string());
    return Envelope{std::move(name), std::move(value)};
}

template <class T, class Message>
Result<Message> read(const json::Value& body) {
    auto decoded = json::decode<T>(body, json::Unknown::ignore);
    if (!decoded) return fail(std::move(decoded.error()));
    return Message{std::move(*decoded)};
}

} // namespace

std::string to_json(const Hello& hello) { return message("hello", hello); }
std::string to_json(const Heartbeat& heartbeat) { return message("heartbeat", heartbeat); }
std::string to_json(const Reports& reports) { return message("reports", reports); }
std::string to_json(const Welcome& welcome) { return message("welcome", welcome); }
std::string to_json(const Rejected& rejected) { return message("rejected", rejected); }
std::string to_json(const Orders& orders) { return message("orders", orders); }
std::string to_json(const OpenTerminal& open) { return message("open_terminal", open); }

std::vector<Orders> split(Orders orders) {
    std::vector<Orders> parts;
    if (orders.empty()) return parts;
    std::size_t size = 0;
    parts.emplace_back();
    for (Assignment& start : std::exchange(orders.start, {})) {
        const std::size_t bytes = size_of(*start.spec);
        if (size > 0 && size + bytes > most_of_a_part) {
            parts.emplace_back();
            size = 0;
        }
        size += bytes;
        parts.back().start.push_back(std::move(start));
    }
    orders.start = std::move(parts.back().start); // the rest is ids only, and comes after all starts
    parts.back() = std::move(orders);
    return parts;
}

Result<RunnerMessage> parse_runner_message(std::string_view text) {
    HK_TRY(const Envelope envelope, open(text));
    if (envelope.type == "hello") return read<Hello, RunnerMessage>(envelope.body);
    if (envelope.type == "heartbeat") return read<Heartbeat, RunnerMessage>(envelope.body);
    if (envelope.type == "reports") return read<Reports, RunnerMessage>(envelope.body);
    return RunnerMessage{UnknownMessage{envelope.type}};
}

Result<HostMessage> parse_host_message(std::string_view text) {
    HK_TRY(const Envelope envelope, open(text));
    if (envelope.type == "welcome") return read<Welcome, HostMessage>(envelope.body);
    if (envelope.type == "rejected") return read<Rejected, HostMessage>(envelope.body);
    if (envelope.type == "orders") return read<Orders, HostMessage>(envelope.body);
    if (envelope.type == "open_terminal") return read<OpenTerminal, HostMessage>(envelope.body);
    return HostMessage{UnknownMessage{envelope.type}};
}

} // namespace hk::proto
