#pragma once
#include "base/file.hpp"
#include "exec/start_message.hpp"
#include "exec/ticker.hpp"
#include "net/loop.hpp"

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace hk::exec {

/// A keeper that cannot be started is tried again this often before the attempts that wait for it are given up.
inline constexpr int max_keeper_tries = 10;

/// The runner's end of the keeper's socket. Connects, starts a keeper when there is none, and starts another when it
/// dies; messages wait meanwhile. Owned by the process executor; event-loop thread only; calls do not block and do not
/// call back.
class KeeperLink {
public:
    struct Place {
        std::filesystem::path program; ///< the installed keeper
        std::filesystem::path state_dir;
        std::vector<std::filesystem::path> cgroups; ///< where the keeper goes
    };
    /// What the executor does for the link; called from the loop.
    class Owner {
    public:
        virtual ~Owner() = default;
        /// The message for an attempt whose turn it is; nothing when it is not wanted any more.
        virtual std::optional<StartMessage> start_message(AttemptId attempt) = 0;
        virtual void start_sent(AttemptId attempt) = 0;
        /// A keeper is there that may have missed what was sent to the one before it.
        virtual void keeper_is_new() = 0;
        virtual void keeper_failed(AttemptId attempt, const std::string& why) = 0;
    };
    KeeperLink(net::Loop& loop, Place place, Owner& owner);
    ~KeeperLink();
    KeeperLink(const KeeperLink&) = delete;
    KeeperLink& operator=(const KeeperLink&) = delete;

    void enqueue(AttemptId attempt);
    /// False when the message has been sent already (or never was asked for).
    bool take_back(AttemptId attempt);
    bool connected() const { return static_cast<bool>(socket_); }

private:
    void step();
    bool connect();
    void spawn();
    void on_spawned();
    void retry_later(const std::string& why);
    void on_socket();
    void disconnect();
    void flush_soon();
    void flush();
    bool send(const StartMessage& message);
    void watch_socket(bool writable);

    net::Loop& loop_;
    Place place_;
    Owner& owner_;
    std::deque<AttemptId> waiting_;
    Fd directory_; ///< the state directory: its path may be longer than a socket address takes
    Fd socket_;
    Fd poll_;    ///< an epoll of the socket, so that room to write can be waited for as well
    Fd spawned_; ///< pidfd of the keeper that is being started
    int tries_ = 0;
    bool had_keeper_ = false;
    bool flush_scheduled_ = false;
    bool watches_room_ = false;
    std::shared_ptr<int> alive_ = std::make_shared<int>(); ///< for jobs in the loop's queue
    net::Watch socket_watch_;
    net::Watch spawn_watch_;
    Ticker retry_;
};

} // namespace hk::exec
