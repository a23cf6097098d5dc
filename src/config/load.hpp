#pragma once
#include "base/result.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace hk::config {

/// What loading depends on besides the file; made up by tests.
struct Surroundings {
    std::filesystem::path home; ///< empty when unknown
    std::string variable;       ///< $HAKURIVER_CONFIG
    std::filesystem::path system_file = "/etc/hakuriver/config.toml";
    std::string host_name;
};
Surroundings read_surroundings();

/// `~/.hakuriver/config.toml`.
std::filesystem::path user_file(const Surroundings& around);

/// The file to use: the one that was named with --config, else $HAKURIVER_CONFIG, else the user's
/// own, else the system's. Empty when neither of the last two is there: then everything has its
/// default. A file that was named and is not there is not_found.
Result<std::optional<std::filesystem::path>> find_file(const std::optional<std::filesystem::path>& named,
                                                       const Surroundings& around);

/// Finds, reads and checks the file. A wrong file is one Error of code `invalid` whose message
/// lists every mistake on a line of its own with its line number ("FILE:LINE: what is wrong"), in
/// `fields` once more one by one. Keys that only other programs use are checked as well: one file
/// serves all.
Result<HostConfig> load_host(const std::optional<std::filesystem::path>& named, const Surroundings& around);
Result<RunnerConfig> load_runner(const std::optional<std::filesystem::path>& named, const Surroundings& around);
Result<ClientConfig> load_client(const std::optional<std::filesystem::path>& named, const Surroundings& around);

/// The default file, every key commented with what it means; `hakuriver.init config` writes it.
std::string default_file();
/// docs/configuration.md.
std::string reference_page();

} // namespace hk::config
