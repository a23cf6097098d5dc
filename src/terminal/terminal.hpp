#pragma once
#include "net/task.hpp"

#include <string>

namespace hk::terminal {

/// One open terminal. Owned by Terminals; loop thread only.
class Terminal {
public:
    Terminal() = default;
    virtual ~Terminal() = default;
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// Resumes when both of its sides have ended. Once.
    virtual net::Task<void> run() = 0;
    /// run() ends soon, and the person is told why in one sentence.
    virtual void end(std::string why) = 0;
};

/// Longer messages end the terminal. A person may think for long; the pings keep the connection alive.
inline constexpr std::size_t most_message_bytes = std::size_t{256} * 1024;
inline constexpr Duration idle_time = std::chrono::seconds(60);

} // namespace hk::terminal
