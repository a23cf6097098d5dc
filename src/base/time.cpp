#include "base/time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace hk {

BootClock::time_point BootClock::now() {
    timespec ts{};
    clock_gettime(CLOCK_BOOTTIME, &ts);
    return time_point{std::chrono::seconds{ts.tv_sec} + std::chrono::microseconds{ts.tv_nsec / 1000}};
}

Now read_clocks() {
    return {BootClock::now(),
            std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

std::string format_time(Time time) {
    const std::int64_t micros = to_micros(time);
    std::int64_t seconds = micros / 1'000'000;
    std::int64_t fraction = micros % 1'000'000;
    if (fraction < 0) {
        fraction += 1'000'000;
        --seconds;
    }
    const std::time_t whole = seconds;
    std::tm parts{};
    gmtime_r(&whole, &parts);
    std::array<char, 40> text{};
    const std::size_t used = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text.data() + used, text.size() - used, ".%06lldZ", static_cast<long long>(fraction));
    return text.data();
}

std::optional<Time> parse_time(std::string_view text) {
    const std::string copy(text);
    std::tm parts{};
    const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest == nullptr) return std::nullopt;
    std::int64_t micros = static_cast<std::int64_t>(timegm(&parts)) * 1'000'000;
    if (*rest == '.') {
        std::int64_t unit = 100'000;
        for (++rest; *rest >= '0' && *rest <= '9'; ++rest, unit /= 10) micros += (*rest - '0') * unit;
    }
    if (*rest == 'Z') ++rest;
    if (*rest != '\0') return std::nullopt;
    return from_micros(micros);
}

std::string format_duration(Duration duration) {
    const std::int64_t ms = duration.count() / 1000;
    if (ms < 1000) return std::to_string(ms < 0 ? 0 : ms) + " ms";
    const std::int64_t s = ms / 1000;
    const auto pair = [](std::int64_t big, const char* big_unit, std::int64_t small, const char* unit) {
        std::string text = std::to_string(big) + " " + big_unit;
        if (small > 0) text += " " + std::to_string(small) + " " + unit;
        return text;
    };
    if (s < 60) return std::to_string(s) + " s";
    if (s < 3600) return pair(s / 60, "m", s % 60, "s");
    if (s < 86400) return pair(s / 3600, "h", s % 3600 / 60, "m");
    return pair(s / 86400, "d", s % 86400 / 3600, "h");
}

} // namespace hk
