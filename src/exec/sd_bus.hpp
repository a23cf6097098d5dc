#pragma once
#include "base/file.hpp"
#include "base/time.hpp"
#include "exec/sd_bus_api.hpp"
#include "net/loop.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace hk::exec {

/// Where a message goes: always systemd's own name, so object, interface and member say it all.
struct BusCall {
    const char* path;
    const char* interface;
    const char* member;
};

/// A reply or signal being read, in order. After a read that failed every further one fails as
/// well.
class BusReader {
public:
    BusReader(const sd::Api& api, sd::Message* message)
        : api_(api)
        , message_(message) {}
    std::string text(char type = 's');
    std::uint32_t number();
    void enter(char type, const char* contents);
    void skip(const char* types);
    bool good() const { return good_; }

private:
    const sd::Api& api_;
    sd::Message* message_;
    bool good_ = true;
};

/// A message being written. A mistake in it (a text that is not UTF-8) comes out when it is sent.
class BusWriter {
public:
    BusWriter(const sd::Api& api, sd::Message* message)
        : api_(api)
        , message_(message) {}
    BusWriter& text(const std::string& value, char type = 's');
    BusWriter& boolean(bool value);
    BusWriter& integer(std::int32_t value);
    BusWriter& number64(std::uint64_t value);
    BusWriter& bytes(const std::string& value);
    BusWriter& open(char type, const char* contents);
    BusWriter& close();
    bool good() const { return good_; }

private:
    BusWriter& check(int code);
    const sd::Api& api_;
    sd::Message* message_;
    bool good_ = true;
};

/// One connection to a systemd, directly or through a message bus. Owned by SystemdManager;
/// event-loop thread only. When it breaks, `lost` is called once, after every open call has been
/// answered with unavailable.
class SdBus {
public:
    struct Address {
        std::string text;    ///< as D-Bus writes addresses
        bool direct = false; ///< systemd itself is at the other end, not a bus
    };
    using Fill = std::function<void(BusWriter&)>;
    using Reply = std::function<void(Result<BusReader>)>;
    static constexpr Duration call_limit = std::chrono::seconds{30};

    /// Begins to connect; the first calls wait for that.
    static Result<std::unique_ptr<SdBus>> open(net::Loop& loop, const sd::Api& api, const Address& address,
                                               std::function<void()> lost);
    ~SdBus();
    SdBus(const SdBus&) = delete;
    SdBus& operator=(const SdBus&) = delete;

    /// The reply comes on a later turn of the loop, exactly once while this object lives.
    void call(const BusCall& to, const Fill& fill, Reply reply);
    /// Calls `handler` for each signal of this kind.
    void on_signal(const BusCall& of, std::function<void(BusReader)> handler);

    bool broken() const { return broken_; }

    /// Handles what has come in, waiting for `done` at most so long. Only before the loop runs.
    bool wait(Duration limit, const std::function<bool()>& done);

private:
    struct Pending {
        SdBus* bus = nullptr;
        std::uint64_t number = 0;
        sd::Slot* slot = nullptr;
        Reply reply;
    };
    struct Match {
        SdBus* bus = nullptr;
        sd::Slot* slot = nullptr;
        std::function<void(BusReader)> handler;
    };
    SdBus(net::Loop& loop, const sd::Api& api, std::function<void()> lost);
    Result<> begin(const Address& address);
    void answer_later(Reply reply, Error error);
    bool process();
    void wait_for_more();
    void break_down();
    static int take_reply(sd::Message* message, void* data, sd::BusError*);
    static int take_signal(sd::Message* message, void* data, sd::BusError*);

    net::Loop& loop_;
    const sd::Api& api_;
    std::function<void()> lost_;
    sd::Bus* bus_ = nullptr;
    bool broken_ = false;
    std::uint64_t next_number_ = 1;
    std::map<std::uint64_t, std::unique_ptr<Pending>> pending_;
    std::vector<std::unique_ptr<Match>> matches_;
    Fd timer_;                     ///< sd-bus's own deadlines
    Fd events_;                    ///< an epoll of the socket, for the events it wants just now, and of the timer
    std::shared_ptr<SdBus*> self_; ///< empty when this is gone
    net::Watch watch_;
};

} // namespace hk::exec
