#pragma once
#include "exec/sd_bus.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hk::exec {

/// A property of a unit as systemd types them.
struct UnitProperty {
    using Strings = std::vector<std::string>;                       ///< "as"
    using Pairs = std::vector<std::pair<std::string, std::string>>; ///< "a(ss)"
    struct Command {
        std::vector<std::string> words;
    }; ///< "a(sasb)" of one; the first word is the file
    struct Bits {
        std::string bytes;
    }; ///< "ay"
    std::string name;
    std::variant<bool, std::uint64_t, std::string, Strings, Pairs, Command, Bits> value;
};

/// Which systemd, and how to reach it.
struct SystemdAccess {
    enum class Kind { system, system_through_sudo, user };
    Kind kind = Kind::system;
    SdBus::Address address;
};

/// What systemd knows about a unit that is not there any more or failed.
struct UnitState {
    std::string description;
    std::string active; ///< "active", "inactive", "failed", ...
    std::string result; ///< "success", "oom-kill", "signal", ...
};

/// Speaks to one systemd manager; connects again when the connection breaks (daemon-reexec, bus
/// restart). Owned by SystemdExecutor; event-loop thread only. All answers come on later turns of
/// the loop. A call while there is no connection fails with unavailable.
class SystemdManager {
public:
    struct Handlers {
        std::function<void(const std::string& unit, const std::string& result)> job_done;
        std::function<void()> connected; ///< again; not for the first time
    };
    using Done = std::function<void(Result<>)>;

    /// Connects and waits for systemd's first answer: `first_answer_limit` at most.
    static constexpr Duration first_answer_limit = std::chrono::seconds{5};
    static Result<std::unique_ptr<SystemdManager>> open(net::Loop& loop, SystemdAccess access, Handlers handlers);
    ~SystemdManager();
    SystemdManager(const SystemdManager&) = delete;
    SystemdManager& operator=(const SystemdManager&) = delete;

    const std::string& version() const { return version_; }
    SystemdAccess::Kind kind() const { return access_.kind; }
    bool connected() const { return bus_ != nullptr && !bus_->broken(); }

    /// `done` says that systemd has taken it on; how that ended comes through job_done.
    void start_unit(const std::string& name, const std::vector<UnitProperty>& properties, Done done);
    void read_unit(const std::string& name, std::function<void(Result<UnitState>)> done);
    void freeze(const std::string& name, Done done);
    void thaw(const std::string& name, Done done);
    /// To every process of the unit.
    void kill(const std::string& name, int signal);
    void stop(const std::string& name);
    /// Lets go of a unit that failed.
    void reset_failed(const std::string& name);

private:
    SystemdManager(net::Loop& loop, const sd::Api& api, SystemdAccess access, Handlers handlers);
    Result<> connect();
    void subscribe();
    void ask_version();
    void on_lost();
    void try_again();
    void call_manager(const char* member, const SdBus::Fill& fill, SdBus::Reply reply);
    void read_property(const std::string& path, const char* interface, const char* name,
                       std::function<void(Result<std::string>)> done);

    net::Loop& loop_;
    const sd::Api& api_;
    SystemdAccess access_;
    Handlers handlers_;
    std::string version_;
    bool first_ = true;
    Duration pause_{};
    Fd timer_;
    net::Watch timer_watch_;
    std::unique_ptr<SdBus> bus_;
    std::unique_ptr<SdBus> broken_; ///< kept until it has said goodbye
};

/// The D-Bus name of a unit's object: every byte but letters and digits becomes _XX.
std::string unit_path(const std::string& name);
void write_property(BusWriter& out, const UnitProperty& property);

/// How this process can reach a systemd that runs services: as root the system's, else the system's
/// through `sudo -n`, else the user's own. Fails with unsupported and the reasons of all that were
/// tried. May take seconds, for sudo may.
Result<SystemdAccess> find_systemd();

} // namespace hk::exec
