#include "cli/session.hpp"
#include "config/load.hpp"

namespace hk::cli {
namespace {

constexpr std::uint16_t usual_port = 8000;

Result<HostPlace> named(std::string_view text, std::string origin) {
    const auto address = net::parse_address(text, usual_port);
    if (!address) return fail(Errc::invalid, origin + ": " + address.error().message);
    return HostPlace{*address, std::move(origin)};
}

Result<HostPlace> from_config(const CommonOptions& options) {
    std::optional<std::filesystem::path> file;
    if (options.config) file = *options.config;
    auto config = config::load_client(file, config::read_surroundings());
    // A file that is named and not there is a wrong word, as are wrong values in it.
    if (!config && config.error().code == Errc::not_found) config.error().code = Errc::invalid;
    if (!config) return fail(config.error());
    const config::Common& common = config->common;
    const std::string origin = common.file.empty()
                                   ? "the default, since there is no config file (hakuriver.init config writes one)"
                                   : "network.host_reachable_address in " + common.file.string();
    if (common.host_address.starts_with("unix:")) return named(common.host_address, origin);
    return HostPlace{net::Address::tcp(common.host_address, common.host_port), origin};
}

} // namespace

Result<HostPlace> find_host(const CommonOptions& options, std::string_view variable) {
    if (options.host) return named(*options.host, "--host");
    if (!variable.empty()) return named(variable, "$HAKURIVER_HOST");
    return from_config(options);
}

} // namespace hk::cli
