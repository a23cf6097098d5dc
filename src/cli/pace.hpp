#pragma once
#include "base/time.hpp"

/// Time and Ctrl-C for commands that wait. Tests have a Pace of their own in which no time passes.
namespace hk::cli {

class Pace {
public:
    virtual ~Pace() = default;
    virtual Now now() = 0;
    /// From now on Ctrl-C does not end the program; sleep() reports it.
    virtual void catch_interrupts() = 0;
    /// True, and earlier, when Ctrl-C was pressed; also when that was before the call and nobody
    /// has been told yet.
    virtual bool sleep(Duration duration) = 0;
};

/// The process's own. Ctrl-C is kept pending by blocking the signal, so none is lost between two
/// sleeps.
class SystemPace : public Pace {
public:
    Now now() override { return read_clocks(); }
    void catch_interrupts() override;
    bool sleep(Duration duration) override;

private:
    bool catching_ = false;
};

} // namespace hk::cli
