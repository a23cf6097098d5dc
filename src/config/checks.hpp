#pragma once
#include <string>
#include <string_view>

/// Checks of single values (config::Check): empty when right, else the end of a sentence that
/// starts with the key.
namespace hk::config {

std::string check_bind_address(std::string_view text);
std::string check_host(std::string_view text);
std::string check_node_name(std::string_view text);
std::string check_environment(std::string_view text);
std::string check_executor(std::string_view text);
std::string check_size(std::string_view text);
std::string check_strategy(std::string_view text);
std::string check_log_level(std::string_view text);
std::string check_log_format(std::string_view text);
std::string check_mount(std::string_view text);
std::string check_absolute(std::string_view text);
std::string check_inner_folder(std::string_view text);
std::string check_word(std::string_view text);

} // namespace hk::config
