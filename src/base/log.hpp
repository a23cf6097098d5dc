#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

/// Logs are events with fields: one line per state change on standard error, errors where they stop.
/// Safe from every thread.
namespace hk::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

/// A named value of a log line. Numbers and strings only; secrets have no conversion on purpose.
struct Field {
    std::string_view key;
    std::string value;
    Field(std::string_view k, std::string_view v)
        : key(k)
        , value(v) {}
    Field(std::string_view k, const char* v)
        : key(k)
        , value(v) {}
    Field(std::string_view k, const std::string& v)
        : key(k)
        , value(v) {}
    template <std::integral T>
    Field(std::string_view k, T v)
        : key(k)
        , value(std::to_string(v)) {}
};
using Fields = std::initializer_list<Field>;

/// Sets the process-wide level and format. Under systemd's journal lines carry the <N> priority prefix.
void configure(Level level, Format format);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

} // namespace hk::log
