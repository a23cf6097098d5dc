#include "rig.hpp"

#include "base/file.hpp"
#include "net/http_server.hpp"
#include "net/loop.hpp"
#include "net/router.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <thread>
#include <unistd.h>

using namespace hk;
using namespace hk::cli;
using namespace hk::cli::test;

namespace {

std::string line(const std::string& message, bool finished) {
    proto::OperationProgress step{.operation = "import", .environment = "env", .message = message};
    step.finished = finished;
    return proto::to_json(step) + "\n";
}

net::Task<void> give_nodes(net::Exchange& exchange) {
    co_await exchange.respond(net::json_response(200, R"({"nodes":[]})"));
}

net::Task<void> give_log(net::Exchange& exchange) {
    net::Headers none;
    (void)co_await exchange.begin(200, std::move(none));
    for (int i = 0; i < 1000; ++i) {
        const std::string text = "line " + std::to_string(i) + "\n";
        (void)co_await exchange.write(text);
    }
    co_await exchange.finish();
}

net::Task<void> take_tar(net::Exchange& exchange) {
    std::size_t total = 0;
    for (;;) {
        const auto piece = co_await exchange.read_body_chunk();
        if (!piece || piece->empty()) break;
        total += piece->size();
    }
    net::Headers none;
    (void)co_await exchange.begin(200, std::move(none));
    const std::string text = line("got " + std::to_string(total), true);
    (void)co_await exchange.write(text);
    co_await exchange.finish();
}

/// A real server on a free port, in a thread of its own.
class Server {
public:
    Server()
        : router_(routes())
        , server_(loop_, {}, router_.handler(), router_.body_rules()) {
        const auto bound = server_.listen(net::Address::tcp("127.0.0.1", 0));
        REQUIRE_MESSAGE(bound, bound.error().message);
        address = *bound;
        thread_ = std::thread([this] { loop_.run(); }); // all is set up: the loop has one thread from here on
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server() {
        loop_.stop();
        thread_.join();
    }
    net::Address address;

private:
    static std::vector<net::Route> routes() {
        return {{.method = net::Method::get, .pattern = "/api/nodes", .handler = give_nodes},
                {.method = net::Method::get, .pattern = "/api/tasks/{id}/stdout", .handler = give_log},
                {.method = net::Method::post,
                 .pattern = "/api/environments/{env}/import",
                 .handler = take_tar,
                 .body = {.limit = std::size_t{1} << 30, .streaming = true}}};
    }
    net::Loop loop_;
    net::Router router_;
    net::HttpServer server_;
    std::thread thread_;
};

Rig& use(Rig& rig, const net::Address& address) {
    rig.world.locate = [address](const CommonOptions&) { return HostPlace{address, "the test"}; };
    rig.world.link = [](const net::Address& where) { return make_net_link(where); };
    return rig;
}

} // namespace

TEST_CASE("net link: calls, streams and uploads reach a real server") {
    const Server server;
    Rig rig;
    use(rig, server.address);
    CHECK(rig.client({"--list-nodes", "--json"}) == 0);
    CHECK(rig.out == "{\"nodes\":[]}\n");
    rig.clear();
    CHECK(rig.client({"--logs", "3"}) == 0);
    CHECK(rig.out.starts_with("line 0\n"));
    CHECK(rig.out.ends_with("line 999\n"));
    rig.clear();
    const auto file = std::filesystem::temp_directory_path() / ("hk-cli-tar-" + std::to_string(getpid()));
    REQUIRE(write_file_atomically(file, std::string(1'000'000, 'x')));
    CHECK(rig.docker({"import-tar", file.string(), "env"}) == 0);
    CHECK(rig.err.contains("import env: got 1000000"));
    std::filesystem::remove(file);
    rig.clear();
    CHECK(rig.hakuriver({"batch", "3"}) == 125);
    CHECK(rig.err.contains("does not offer this"));
    rig.clear();
    CHECK(rig.world.link(server.address)
              ->call({.method = net::Method::delete_, .target = "/api/nodes"}, std::chrono::seconds(5))
              ->status == 405);
    CHECK(rig.hakuriver({"shell", "my-env"}) == 125);
    CHECK(rig.err.contains("the Host at " + net::to_text(server.address) + " does not offer this"));
}

TEST_CASE("net link: nobody listens") {
    net::Address address;
    {
        address = Server().address;
    }
    Rig rig;
    CHECK(use(rig, address).client({"--list-nodes"}) == 125);
    CHECK(rig.err.contains("the Host at " + net::to_text(address) + " does not answer ("));
    CHECK(std::ranges::count(rig.err, '\n') == 1);
}
