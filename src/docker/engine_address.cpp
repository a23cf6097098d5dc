#include "docker/engine_client.hpp"

#include <cstdlib>
#include <filesystem>

namespace hk::docker {

namespace {

constexpr const char* docker_socket = "/var/run/docker.sock";
constexpr const char* podman_socket = "/run/podman/podman.sock";

Result<net::Address> parse_engine_address(std::string text, const char* where) {
    if (text.starts_with("/")) return net::Address::unix_socket(text);
    if (text.starts_with("tcp://")) text.erase(0, 6);
    auto address = net::parse_address(text, 2375);
    if (!address)
        return fail(Errc::invalid,
                    std::string(where) + " says \"" + text +
                        "\", which is no address of a container engine; write unix:///path or tcp://host:port");
    return address;
}

} // namespace

Result<net::Address> find_engine(const std::string& configured) {
    if (!configured.empty()) return parse_engine_address(configured, "the configuration");
    if (const char* host = std::getenv("DOCKER_HOST"); host != nullptr && *host != '\0')
        return parse_engine_address(host, "DOCKER_HOST");
    std::error_code ignored;
    if (!std::filesystem::exists(docker_socket, ignored) && std::filesystem::exists(podman_socket, ignored))
        return net::Address::unix_socket(podman_socket);
    return net::Address::unix_socket(docker_socket);
}

} // namespace hk::docker
