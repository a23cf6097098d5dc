#include "exec/sd_bus.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace hk::exec {
namespace {

constexpr char destination[] = "org.freedesktop.systemd1";
/// So many messages are handled before the loop gets a turn.
constexpr int messages_per_turn = 64;

Errc code_of(std::string_view name) {
    if (name.ends_with(".UnitExists")) return Errc::conflict;
    if (name.ends_with(".NoSuchUnit") || name.ends_with(".UnknownObject")) return Errc::not_found;
    if (name.ends_with(".AccessDenied") || name.ends_with(".InteractiveAuthorizationRequired")) return Errc::forbidden;
    if (name.ends_with(".UnknownMethod") || name.ends_with(".NotSupported")) return Errc::unsupported;
    if (name.ends_with(".NoReply") || name.ends_with(".Disconnected") || name.ends_with(".Timeout"))
        return Errc::unavailable;
    return Errc::internal;
}

Error error_of(const sd::BusError& error) {
    const std::string name = error.name ? error.name : "";
    return Error{code_of(name), "systemd says: " + std::string(error.message ? error.message : name.c_str()), {}};
}

} // namespace

std::string BusReader::text(char type) {
    const char* value = nullptr;
    good_ = good_ && api_.read_basic(message_, type, static_cast<void*>(&value)) > 0;
    return good_ && value != nullptr ? value : "";
}

std::uint32_t BusReader::number() {
    std::uint32_t value = 0;
    good_ = good_ && api_.read_basic(message_, 'u', &value) > 0;
    return value;
}

void BusReader::enter(char type, const char* contents) {
    good_ = good_ && api_.enter_container(message_, type, contents) > 0;
}
void BusReader::skip(const char* types) { good_ = good_ && api_.skip(message_, types) >= 0; }

BusWriter& BusWriter::check(int code) {
    good_ = good_ && code >= 0;
    return *this;
}
BusWriter& BusWriter::text(const std::string& value, char type) {
    if (value.find('\0') != value.npos) good_ = false;
    return check(api_.append_basic(message_, type, value.c_str()));
}
BusWriter& BusWriter::boolean(bool value) {
    const int number = value ? 1 : 0;
    return check(api_.append_basic(message_, 'b', &number));
}
BusWriter& BusWriter::integer(std::int32_t value) { return check(api_.append_basic(message_, 'i', &value)); }
BusWriter& BusWriter::number64(std::uint64_t value) { return check(api_.append_basic(message_, 't', &value)); }
BusWriter& BusWriter::bytes(const std::string& value) {
    return check(api_.append_array(message_, 'y', value.data(), value.size()));
}
BusWriter& BusWriter::open(char type, const char* contents) {
    return check(api_.open_container(message_, type, contents));
}
BusWriter& BusWriter::close() { return check(api_.close_container(message_)); }

SdBus::SdBus(net::Loop& loop, const sd::Api& api, std::function<void()> lost)
    : loop_(loop)
    , api_(api)
    , lost_(std::move(lost))
    , timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
    , events_(::epoll_create1(EPOLL_CLOEXEC))
    , self_(std::make_shared<SdBus*>(this)) {}

SdBus::~SdBus() {
    watch_.reset();
    for (const auto& [number, pending] : pending_) api_.slot_unref(pending->slot);
    for (const auto& match : matches_) api_.slot_unref(match->slot);
    if (bus_ != nullptr) api_.close_unref(bus_);
}

Result<std::unique_ptr<SdBus>> SdBus::open(net::Loop& loop, const sd::Api& api, const Address& address,
                                           std::function<void()> lost) {
    std::unique_ptr<SdBus> bus(new SdBus(loop, api, std::move(lost)));
    HK_CHECK(bus->begin(address));
    return bus;
}

Result<> SdBus::begin(const Address& address) {
    int code = api_.bus_new(&bus_);
    if (code >= 0) code = api_.set_address(bus_, address.text.c_str());
    if (code >= 0) code = api_.set_bus_client(bus_, address.direct ? 0 : 1);
    if (code >= 0) code = api_.start(bus_);
    if (code < 0) return fail(system_error("cannot reach systemd at " + address.text, -code));
    const int fd = api_.get_fd(bus_);
    epoll_event on_socket{.events = EPOLLIN, .data = {}};
    epoll_event on_timer{.events = EPOLLIN, .data = {}};
    if (fd < 0 || ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &on_socket) != 0 ||
        ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, timer_.get(), &on_timer) != 0)
        return fail(system_error("cannot watch the connection to systemd", errno));
    watch_ = loop_.watch_fd(events_.get(), [this] { process(); });
    wait_for_more();
    return {};
}

void SdBus::answer_later(Reply reply, Error error) {
    loop_.defer([reply = std::move(reply), error = std::move(error), alive = std::weak_ptr(self_)]() mutable {
        if (alive.lock()) reply(std::unexpected(std::move(error)));
    });
}

void SdBus::call(const BusCall& to, const Fill& fill, Reply reply) {
    if (broken_) return answer_later(std::move(reply), {Errc::unavailable, "the connection to systemd is broken", {}});
    sd::Message* message = nullptr;
    int code = api_.new_method_call(bus_, &message, destination, to.path, to.interface, to.member);
    if (code < 0) return answer_later(std::move(reply), system_error("cannot make a message to systemd", -code));
    BusWriter writer(api_, message);
    if (fill) fill(writer);
    auto pending = std::make_unique<Pending>(Pending{this, next_number_++, nullptr, std::move(reply)});
    // A text that D-Bus does not carry is the caller's mistake; anything else is the connection's.
    const bool sound = writer.good();
    if (sound)
        code = api_.call_async(bus_, &pending->slot, message, &take_reply, pending.get(),
                               static_cast<std::uint64_t>(call_limit.count()));
    api_.message_unref(message);
    if (!sound)
        return answer_later(std::move(pending->reply), {Errc::invalid, "systemd takes texts in UTF-8 only", {}});
    if (code < 0) {
        answer_later(std::move(pending->reply), {Errc::unavailable, "the connection to systemd broke", {}});
        return break_down();
    }
    pending_.emplace(pending->number, std::move(pending));
    wait_for_more();
}

int SdBus::take_reply(sd::Message* message, void* data, sd::BusError*) {
    auto* found = static_cast<Pending*>(data);
    SdBus& bus = *found->bus;
    const auto node = bus.pending_.extract(found->number); // ends with this function, the slot before that
    const Reply reply = std::move(node.mapped()->reply);
    const sd::BusError* error = bus.api_.get_error(message);
    if (error != nullptr) reply(std::unexpected(error_of(*error)));
    else reply(BusReader(bus.api_, message));
    bus.api_.slot_unref(node.mapped()->slot);
    return 1;
}

void SdBus::on_signal(const BusCall& of, std::function<void(BusReader)> handler) {
    auto match = std::make_unique<Match>(Match{this, nullptr, std::move(handler)});
    const int code = api_.match_signal_async(bus_, &match->slot, nullptr, of.path, of.interface, of.member,
                                             &take_signal, nullptr, match.get());
    if (code >= 0) matches_.push_back(std::move(match));
    wait_for_more();
}

int SdBus::take_signal(sd::Message* message, void* data, sd::BusError*) {
    const auto* match = static_cast<Match*>(data);
    match->handler(BusReader(match->bus->api_, message));
    return 0;
}

/// False when this object may be gone: a handler may have destroyed it.
bool SdBus::process() {
    std::uint64_t times = 0;
    [[maybe_unused]] const ssize_t got = ::read(timer_.get(), &times, sizeof times);
    const auto alive = std::weak_ptr(self_);
    for (int i = 0; i < messages_per_turn; ++i) {
        const int code = api_.process(bus_, nullptr);
        if (alive.expired()) return false;
        if (code < 0) {
            break_down();
            return false;
        }
        if (code == 0) break;
    }
    wait_for_more();
    return true;
}

/// The loop watches for reading only, sd-bus may want to write: an epoll is readable for either.
void SdBus::wait_for_more() {
    if (broken_) return;
    const int wanted = api_.get_events(bus_);
    epoll_event events{.events = (wanted > 0 && (wanted & POLLOUT) != 0) ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {}};
    ::epoll_ctl(events_.get(), EPOLL_CTL_MOD, api_.get_fd(bus_), &events);
    std::uint64_t until = 0;
    itimerspec spec{};
    const bool limited = api_.get_timeout(bus_, &until) >= 0 && until != ~std::uint64_t{0};
    if (limited) {
        spec.it_value.tv_sec = static_cast<time_t>(until / 1'000'000);
        spec.it_value.tv_nsec = std::max(1L, static_cast<long>(until % 1'000'000 * 1000)); // zero would turn it off
    }
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void SdBus::break_down() {
    if (broken_) return;
    broken_ = true;
    watch_.reset();
    for (auto& [number, pending] : pending_) {
        api_.slot_unref(pending->slot);
        answer_later(std::move(pending->reply), {Errc::unavailable, "the connection to systemd broke", {}});
    }
    pending_.clear();
    loop_.defer([lost = lost_, alive = std::weak_ptr(self_)] {
        if (alive.lock()) lost();
    });
}

bool SdBus::wait(Duration limit, const std::function<bool()>& done) {
    const Mono deadline = BootClock::now() + limit;
    while (!done()) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - BootClock::now());
        if (left.count() <= 0) return false;
        pollfd ready{.fd = events_.get(), .events = POLLIN, .revents = 0};
        ::poll(&ready, 1, static_cast<int>(left.count()));
        if (!process()) return done();
    }
    return true;
}

} // namespace hk::exec
