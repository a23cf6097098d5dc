#pragma once
#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hk::hakurun {

/// Failures beyond these are counted, not listed.
constexpr std::size_t max_listed = 50;

/// How one combination ended.
struct Ended {
    std::uint64_t number = 0; ///< counted from 1, in the order of the product
    int code = 0;             ///< exit code, 128 + N for signal N
    Duration took{};
    std::string line; ///< the command, as a shell would be given it
};

/// The results so far, and what is said about them at the end.
class Tally {
public:
    void add(Ended ended);
    /// Ended because everything was stopped: neither a success nor a failure of its own.
    void add_stopped() { ++stopped_; }

    std::uint64_t done() const { return succeeded_ + failed_ + stopped_; }
    std::uint64_t failed() const { return failed_; }
    /// 0 when all succeeded, else the highest code.
    int highest_code() const { return highest_code_; }
    /// The table of failures and one closing line, of `total` combinations.
    std::string summary(std::uint64_t total, Duration took) const;

private:
    std::string table() const;

    std::uint64_t succeeded_ = 0, failed_ = 0, stopped_ = 0;
    int highest_code_ = 0;
    std::vector<Ended> listed_;
};

/// "3", "137 SIGKILL": an exit code as a person reads it.
std::string describe_code(int code);

} // namespace hk::hakurun
