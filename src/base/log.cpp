#include "base/log.hpp"

#include "base/time.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace hk::log {
namespace {

Format format_now = Format::text;

spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger> instance = [] {
        auto made = spdlog::stderr_logger_mt("hakuriver");
        const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
        made->set_pattern(journal ? "%v" : "%H:%M:%S.%e %L %v");
        return made;
    }();
    return *instance;
}

std::string_view journal_prefix(spdlog::level::level_enum level) {
    if (std::getenv("JOURNAL_STREAM") == nullptr) return "";
    if (level == spdlog::level::err) return "<3>";
    if (level == spdlog::level::warn) return "<4>";
    return level == spdlog::level::debug ? "<7>" : "<6>";
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            constexpr std::string_view hex = "0123456789abcdef";
            out += "\\u00";
            out += hex[static_cast<unsigned char>(c) >> 4];
            out += hex[static_cast<unsigned char>(c) & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

std::string render(std::string_view message, Fields fields) {
    std::string line;
    if (format_now == Format::json) {
        line = "{\"at\":\"" + format_time(read_clocks().wall) + "\",\"message\":";
        append_json_string(line, message);
        for (const Field& field : fields) {
            line += ',';
            append_json_string(line, field.key);
            line += ':';
            append_json_string(line, field.value);
        }
        return line + "}";
    }
    line = message;
    for (const Field& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        const bool plain = field.value.find_first_of(" \t\n\r\"=") == std::string::npos;
        if (plain && !field.value.empty()) line += field.value;
        else append_json_string(line, field.value);
    }
    return line;
}

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
    if (!logger().should_log(level)) return;
    logger().log(level, "{}{}", journal_prefix(level), render(message, fields));
}

} // namespace

void configure(Level level, Format format) {
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                                    spdlog::level::err};
    logger().set_level(levels[static_cast<int>(level)]);
    logger().flush_on(spdlog::level::debug);
    format_now = format;
}

void debug(std::string_view message, Fields fields) { write(spdlog::level::debug, message, fields); }
void info(std::string_view message, Fields fields) { write(spdlog::level::info, message, fields); }
void warn(std::string_view message, Fields fields) { write(spdlog::level::warn, message, fields); }
void error(std::string_view message, Fields fields) { write(spdlog::level::err, message, fields); }

} // namespace hk::log
