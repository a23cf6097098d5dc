#pragma once
#include "world.hpp"

#include <memory>
#include <string>

namespace hk::sim {

/// One connection of a runner to the Host: text in order, late, and until it is cut. The two sides learn of the cut at
/// different times, as with a cable that was pulled.
class Link : public std::enable_shared_from_this<Link> {
public:
    using Receive = std::function<void(const std::string&)>;
    using Closed = std::function<void()>;

    Link(World& world)
        : world_(world) {}

    struct Side {
        Receive receive;
        Closed closed;
        Mono last{}; ///< arrival of the last message, so that order is kept
        bool open = true;
    };
    Side host;
    Side runner;

    void to_host(std::string text) { send(host, std::move(text)); }
    void to_runner(std::string text) { send(runner, std::move(text)); }

    /// From now on nothing arrives; each side hears of it some time later.
    void cut(Duration host_notices, Duration runner_notices) {
        if (cut_) return;
        cut_ = true;
        notice(host, host_notices);
        notice(runner, runner_notices);
    }
    bool is_cut() const { return cut_; }
    /// One side dies or hangs up: it hears nothing more, the other does after a while.
    void abandon(Side& side, Duration other_notices) {
        side.open = false;
        cut_ = true;
        notice(&side == &host ? runner : host, other_notices);
    }

private:
    void send(Side& to, std::string text) {
        if (cut_) return;
        const Mono arrival = std::max(to.last, world_.now().mono + world_.between(Duration{100}, Duration{30'000}));
        to.last = arrival;
        world_.after(arrival - world_.now().mono, [self = shared_from_this(), &to, text = std::move(text)] {
            if (!self->cut_ && to.open) to.receive(text);
        });
    }
    void notice(Side& side, Duration later) {
        world_.after(later, [self = shared_from_this(), &side] {
            if (!std::exchange(side.open, false)) return;
            side.closed();
        });
    }

    World& world_;
    bool cut_ = false;
};

} // namespace hk::sim
