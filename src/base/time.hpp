#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace hk {

/// Wall-clock time in microseconds since 1970, UTC. For people and records, never for deadlines.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Time since boot, suspend included. For deadlines and silence; a stepped wall clock does not move it.
struct BootClock {
    using rep = std::int64_t;
    using period = std::micro;
    using duration = std::chrono::microseconds;
    using time_point = std::chrono::time_point<BootClock>;
    static constexpr bool is_steady = true;
    static time_point now();
};
using Mono = BootClock::time_point;
using Duration = std::chrono::microseconds;

/// Both clocks read together: what the pure cores receive as "now".
struct Now {
    Mono mono;
    Time wall;
};
Now read_clocks();

/// "2026-11-22T23:53:02.295584Z"; microseconds always present.
std::string format_time(Time time);
/// The reverse; also accepts no fraction and no "Z". Empty when the text is something else.
std::optional<Time> parse_time(std::string_view text);
/// "850 ms", "12 s", "3 m 20 s", "2 h 5 m", "4 d 1 h": two units at most.
std::string format_duration(Duration duration);

constexpr std::int64_t to_micros(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_micros(std::int64_t micros) { return Time{std::chrono::microseconds{micros}}; }

} // namespace hk
