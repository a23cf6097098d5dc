#include "host/api/terminal.hpp"

#include "base/log.hpp"
#include "host/api/reply.hpp"
#include "host/environments.hpp"
#include "json/json.hpp"

#include <array>

namespace hk::host {
namespace {

/// A person may think for long; the pings keep the connection alive.
const net::WebSocketLimits limits{.message_bytes = 256 * 1024, .idle_time = std::chrono::seconds(60)};
constexpr std::size_t chunk = 32 * 1024;

/// bash where the image has it, else sh.
const std::vector<std::string> shell{"/bin/sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh"};

Result<docker::ContainerInfo> running_one(const std::vector<docker::ContainerInfo>& containers,
                                          const std::string& name) {
    for (const auto& container : containers) {
        if (container.name != name && container.name != "/" + name) continue;
        if (container.status == docker::ContainerStatus::running) return container;
        return fail(Errc::conflict, "the container " + name +
                                        " is not running; start it with hakuriver.docker start-container " + name);
    }
    return fail(Errc::not_found,
                "there is no container '" + name + "'; make it with hakuriver.docker create-container IMAGE " + name);
}

/// One session: what is typed goes in, what is written comes out, until the shell ends or the person leaves.
class Session {
public:
    Session(net::Loop& loop, docker::Engine& engine, std::string exec, net::StreamPtr stream, net::WebSocket socket)
        : engine_(engine)
        , exec_(std::move(exec))
        , stream_(std::move(stream))
        , socket_(std::move(socket))
        , group_(loop) {}

    net::Task<void> run() {
        group_.spawn(type());
        group_.spawn(show());
        co_await group_.join();
        const auto info = co_await engine_.inspect_exec(exec_);
        if (socket_.open() && info && info->exit_code)
            (void)socket_.send_text("{\"type\":\"exit\",\"code\":" + std::to_string(*info->exit_code) + "}");
        co_await socket_.close();
    }

private:
    net::Task<void> show() {
        std::array<char, chunk> buffer{};
        for (;;) {
            const auto got = co_await stream_->read_some(buffer, net::no_limit);
            if (!got || *got == 0) break;
            std::string output(buffer.data(), *got);
            auto written = co_await socket_.write_binary(std::move(output));
            if (!written) break;
        }
        group_.cancel();
    }
    net::Task<void> type() {
        for (;;) {
            const auto text = co_await socket_.read();
            if (!text) break;
            co_await obey(*text);
        }
        stream_->close(); // the person left: the shell hears it
    }
    /// {"type":"input","data"} or {"type":"resize","rows","cols"}; anything else is ignored, as the original does.
    net::Task<void> obey(const std::string& text) {
        const auto message = json::parse(text);
        if (!message || !message->is_object()) co_return;
        const auto& object = message->get_object();
        const auto* type = object.if_contains("type");
        if (type == nullptr || !type->is_string()) co_return;
        if (type->get_string() == "input") co_await input(object);
        if (type->get_string() == "resize") co_await resize(object);
    }
    net::Task<void> input(const json::Object& object) {
        const auto* data = object.if_contains("data");
        if (data == nullptr || !data->is_string()) co_return;
        const std::string bytes(data->get_string());
        (void)co_await stream_->write_all(bytes, std::chrono::seconds(30));
    }
    net::Task<void> resize(const json::Object& object) {
        const auto* rows = object.if_contains("rows");
        const auto* columns = object.if_contains("cols");
        const auto sane = [](const json::Value* value) {
            return value != nullptr && value->is_int64() && value->get_int64() > 0 && value->get_int64() < 10'000;
        };
        if (!sane(rows) || !sane(columns)) co_return;
        (void)co_await engine_.resize_exec(exec_, static_cast<int>(rows->get_int64()),
                                           static_cast<int>(columns->get_int64()));
    }

    docker::Engine& engine_;
    std::string exec_;
    net::StreamPtr stream_;
    net::WebSocket socket_;
    net::TaskGroup group_;
};

} // namespace

net::Task<void> environment_terminal(net::Exchange& exchange, Api& api) {
    const auto name = parse_environment_name(exchange.request().param("env"));
    if (!name) co_return co_await refuse(exchange, name.error());
    docker::Engine& engine = api.environments.engine();
    const auto containers = co_await engine.list("");
    if (!containers) co_return co_await refuse(exchange, containers.error());
    const auto container = running_one(*containers, *name);
    if (!container) co_return co_await refuse(exchange, container.error());
    docker::ExecSpec spec{.argv = shell, .env = {"TERM=xterm-256color"}};
    const auto exec = co_await engine.create_exec(container->id, std::move(spec));
    if (!exec) co_return co_await refuse(exchange, exec.error());
    auto stream = co_await engine.start_exec(*exec, true);
    if (!stream) co_return co_await refuse(exchange, stream.error());
    auto socket = co_await exchange.upgrade(limits);
    if (!socket) co_return;
    log::info("a terminal is open", {{"environment", *name}});
    Session session(api.loop, engine, *exec, std::move(*stream), std::move(*socket));
    co_await session.run();
    log::info("a terminal is closed", {{"environment", *name}});
}

} // namespace hk::host
