#include "config/checks.hpp"

#include "base/units.hpp"
#include "model/ids.hpp"
#include "model/node.hpp"
#include "model/task.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <filesystem>

namespace hk::config {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 80)) + "\""; }

bool is_address(const std::string& text) {
    unsigned char buffer[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, text.c_str(), buffer) == 1 || ::inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

bool is_plain(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 127; });
}

bool is_host_name(std::string_view text) {
    const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_'; };
    return text.size() <= 253 && std::ranges::all_of(text, allowed) && !text.starts_with('.') &&
           !text.starts_with('-') && !text.contains("..");
}

template <class T>
std::string message_of(const Result<T>& result) {
    return result ? std::string() : "is wrong: " + result.error().message;
}

} // namespace

std::string check_bind_address(std::string_view text) {
    if (text == "localhost" || is_address(std::string(text))) return {};
    return "is " + quoted(text) +
           ", which is not an IP address; 127.0.0.1 for this machine only, 0.0.0.0 for every "
           "network";
}

std::string check_host(std::string_view text) {
    if (is_address(std::string(text)) || is_host_name(text)) return {};
    return "is " + quoted(text) + ", which is neither an IP address nor a host name (write no http:// and no port)";
}

std::string check_node_name(std::string_view text) { return message_of(parse_node_name(text)); }
std::string check_environment(std::string_view text) { return message_of(parse_environment_name(text)); }
std::string check_size(std::string_view text) { return message_of(parse_size(text)); }
std::string check_strategy(std::string_view text) { return message_of(parse_strategy(text)); }
std::string check_mount(std::string_view text) { return message_of(parse_mount(text)); }

std::string check_executor(std::string_view text) {
    if (parse_executor_kind(text)) return {};
    return "holds " + quoted(text) + "; choose from process, systemd and docker";
}

std::string check_log_level(std::string_view text) {
    if (text == "debug" || text == "info" || text == "warn" || text == "error") return {};
    return "is " + quoted(text) + "; choose debug, info, warn or error";
}

std::string check_log_format(std::string_view text) {
    if (text == "text" || text == "json") return {};
    return "is " + quoted(text) + "; choose text or json";
}

std::string check_absolute(std::string_view text) {
    const std::filesystem::path path(text);
    if (path.is_absolute() && std::ranges::find(path, "..") == path.end()) return {};
    return "holds " + quoted(text) + ", which is not an absolute path without \"..\"";
}

std::string check_inner_folder(std::string_view text) {
    const std::filesystem::path path(text);
    if (path.is_relative() && std::ranges::find(path, "..") == path.end()) return {};
    return "is " + quoted(text) +
           "; it must be a folder inside paths.shared_dir, named without a leading / and without "
           "\"..\"";
}

std::string check_word(std::string_view text) {
    if (is_plain(text) && !text.starts_with('-')) return {};
    return "is " + quoted(text) + "; it must not contain spaces or control characters, nor start with \"-\"";
}

} // namespace hk::config
