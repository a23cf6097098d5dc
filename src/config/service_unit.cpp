#include "config/service_unit.hpp"

#include <algorithm>

namespace hk::config {
namespace {

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(text, [](unsigned char c) { return c < ' ' || c == 127; });
}

Result<> check(const UnitOptions& options) {
    if (options.command.empty() || !options.command.front().starts_with('/'))
        return fail(Errc::invalid, "a systemd unit needs the absolute path of the executable");
    for (const std::string& word : options.command)
        if (has_control_character(word))
            return fail(Errc::invalid, "a path with a line break or another control character "
                                       "cannot stand in a systemd unit");
    const bool plain_user = std::ranges::none_of(options.user, [](unsigned char c) { return c <= ' ' || c == '%'; });
    if (!plain_user || has_control_character(options.user))
        return fail(Errc::invalid, "\"" + options.user + "\" is not a user name that a systemd unit can hold");
    return {};
}

enum class Variables { taken, not_taken };

std::string quote(std::string_view word, Variables variables) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,=:@";
    std::string quoted;
    for (const char c : word) {
        if (c == '%' || (c == '$' && variables == Variables::taken))
            quoted += c; // one alone is a specifier or variable
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    const bool needs_quotes = word.empty() || word.find_first_not_of(plain) != word.npos;
    return needs_quotes ? "\"" + quoted + "\"" : quoted;
}

/// The first word is a path, in which systemd replaces specifiers but no variables.
std::string command_line(const std::vector<std::string>& words) {
    std::string line = quote(words.front(), Variables::not_taken);
    for (std::size_t i = 1; i < words.size(); ++i) line += " " + quote_unit_word(words[i]);
    return line;
}

/// A user's own systemd knows neither the network nor Docker, which are units of the system.
std::string unit_section(const UnitOptions& options) {
    std::string text = "[Unit]\n";
    text += options.service == Service::host ? "Description=HakuRiver Host: queue, placement and dashboard\n"
                                             : "Description=HakuRiver runner: runs tasks on this node\n";
    if (!options.for_user) text += "Wants=network-online.target\nAfter=network-online.target docker.service\n";
    // Retry for ever: a node that was without its network or shared storage comes back by itself.
    text += "StartLimitIntervalSec=0\n";
    return text;
}

std::string runner_lines() {
    std::string text;
    // Tasks belong to the node, not to this service: stopping or restarting it ends its own process
    // only.
    text += "KillMode=process\n";
    // The runner makes cgroups for its tasks below its own.
    text += "Delegate=yes\n";
    text += "TasksMax=infinity\n";
    // A task that runs out of memory must not take the service down.
    text += "OOMPolicy=continue\n";
    // No limits and no OOM score of its own: tasks would inherit them.
    return text;
}

std::string service_section(const UnitOptions& options) {
    std::string text = "[Service]\n";
    text += options.notifies ? "Type=notify\nNotifyAccess=main\n" : "Type=exec\n";
    text += "ExecStart=" + command_line(options.command) + "\n";
    if (!options.for_user && !options.user.empty()) text += "User=" + options.user + "\n";
    text += "Restart=always\nRestartSec=2\n";
    if (options.service == Service::runner) return text + runner_lines();
    // One connection per runner, browser and following client.
    text += "LimitNOFILE=65536\n";
    text += "TimeoutStopSec=30\n";
    return text;
}

} // namespace

std::string_view unit_name(Service service) {
    return service == Service::host ? "hakuriver-host.service" : "hakuriver-runner.service";
}

std::string quote_unit_word(std::string_view word) { return quote(word, Variables::taken); }

Result<std::string> unit_text(const UnitOptions& options) {
    HK_CHECK(check(options));
    return unit_section(options) + "\n" + service_section(options) +
           "\n[Install]\nWantedBy=" + (options.for_user ? "default.target" : "multi-user.target") + "\n";
}

} // namespace hk::config
