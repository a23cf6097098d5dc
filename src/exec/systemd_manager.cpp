#include "exec/systemd_manager.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <memory>
#include <sys/timerfd.h>
#include <unistd.h>

namespace hk::exec {
namespace {

using namespace std::chrono_literals;

constexpr char manager_path[] = "/org/freedesktop/systemd1";
constexpr char manager_interface[] = "org.freedesktop.systemd1.Manager";
constexpr char unit_interface[] = "org.freedesktop.systemd1.Unit";
constexpr char service_interface[] = "org.freedesktop.systemd1.Service";
constexpr char properties_interface[] = "org.freedesktop.DBus.Properties";
constexpr Duration first_pause = 100ms;
constexpr Duration longest_pause = 5s;

struct PropertyWriter {
    BusWriter& out;
    void operator()(bool value) const { out.open('v', "b").boolean(value).close(); }
    void operator()(std::uint64_t value) const { out.open('v', "t").number64(value).close(); }
    void operator()(const std::string& value) const { out.open('v', "s").text(value).close(); }
    void operator()(const UnitProperty::Strings& value) const {
        out.open('v', "as").open('a', "s");
        for (const auto& text : value) out.text(text);
        out.close().close();
    }
    void operator()(const UnitProperty::Pairs& value) const {
        out.open('v', "a(ss)").open('a', "(ss)");
        for (const auto& [first, second] : value) out.open('r', "ss").text(first).text(second).close();
        out.close().close();
    }
    void operator()(const UnitProperty::Command& value) const {
        out.open('v', "a(sasb)").open('a', "(sasb)").open('r', "sasb").text(value.words.front()).open('a', "s");
        for (const auto& word : value.words) out.text(word);
        out.close().boolean(false).close().close().close();
    }
    void operator()(const UnitProperty::Bits& value) const { out.open('v', "ay").bytes(value.bytes).close(); }
};

Result<> without_value(const Result<BusReader>& reply) {
    if (!reply) return fail(reply.error());
    return {};
}

} // namespace

std::string unit_path(const std::string& name) {
    constexpr char digits[] = "0123456789abcdef";
    std::string path = "/org/freedesktop/systemd1/unit/";
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        const bool digit = byte >= '0' && byte <= '9';
        const bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (letter || (digit && i > 0)) path += name[i];
        else ((path += '_') += digits[byte >> 4]) += digits[byte & 15];
    }
    return path;
}

void write_property(BusWriter& out, const UnitProperty& property) {
    out.open('r', "sv").text(property.name);
    std::visit(PropertyWriter{out}, property.value);
    out.close();
}

SystemdManager::SystemdManager(net::Loop& loop, const sd::Api& api, SystemdAccess access, Handlers handlers)
    : loop_(loop)
    , api_(api)
    , access_(std::move(access))
    , handlers_(std::move(handlers))
    , timer_(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
    timer_watch_ = loop_.watch_fd(timer_.get(), [this] {
        std::uint64_t times = 0;
        if (::read(timer_.get(), &times, sizeof times) > 0) try_again();
    });
}

SystemdManager::~SystemdManager() = default;

Result<std::unique_ptr<SystemdManager>> SystemdManager::open(net::Loop& loop, SystemdAccess access, Handlers handlers) {
    HK_TRY(const sd::Api* api, sd::load());
    std::unique_ptr<SystemdManager> manager(new SystemdManager(loop, *api, std::move(access), std::move(handlers)));
    HK_CHECK(manager->connect());
    SystemdManager& self = *manager;
    self.bus_->wait(first_answer_limit, [&] { return !self.version_.empty(); });
    if (self.version_.empty())
        return fail(Errc::unavailable, "systemd does not answer at " + self.access_.address.text);
    return manager;
}

Result<> SystemdManager::connect() {
    HK_TRY(bus_, SdBus::open(loop_, api_, access_.address, [this] { on_lost(); }));
    subscribe();
    ask_version();
    return {};
}

void SystemdManager::subscribe() {
    bus_->on_signal({manager_path, manager_interface, "JobRemoved"}, [this](BusReader reader) {
        reader.skip("uo");
        const std::string unit = reader.text();
        const std::string result = reader.text();
        if (reader.good() && handlers_.job_done) handlers_.job_done(unit, result);
    });
    // A direct connection gets every signal anyway.
    if (!access_.address.direct) call_manager("Subscribe", nullptr, [](const Result<BusReader>&) {});
}

void SystemdManager::ask_version() {
    read_property(manager_path, manager_interface, "Version", [this](Result<std::string> version) {
        if (!version) return; // a broken connection is reported as such
        version_ = std::move(*version);
        pause_ = Duration::zero();
        if (!std::exchange(first_, false) && handlers_.connected) handlers_.connected();
    });
}

void SystemdManager::on_lost() {
    broken_ = std::move(bus_);
    if (pause_ == Duration::zero()) log::warn("the connection to systemd broke", {{"address", access_.address.text}});
    pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
    itimerspec spec{};
    spec.it_value.tv_sec = pause_.count() / 1'000'000;
    spec.it_value.tv_nsec = pause_.count() % 1'000'000 * 1000;
    ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

void SystemdManager::try_again() {
    broken_.reset();
    if (!connect()) on_lost();
}

void SystemdManager::call_manager(const char* member, const SdBus::Fill& fill, SdBus::Reply reply) {
    if (bus_ != nullptr) return bus_->call({manager_path, manager_interface, member}, fill, std::move(reply));
    loop_.defer([reply = std::move(reply)] { reply(fail(Errc::unavailable, "there is no connection to systemd")); });
}

void SystemdManager::read_property(const std::string& path, const char* interface, const char* name,
                                   std::function<void(Result<std::string>)> done) {
    if (bus_ == nullptr) {
        loop_.defer([done = std::move(done)] { done(fail(Errc::unavailable, "there is no connection to systemd")); });
        return;
    }
    const auto fill = [&](BusWriter& out) { out.text(interface).text(name); };
    bus_->call({path.c_str(), properties_interface, "Get"}, fill, [done = std::move(done)](Result<BusReader> reply) {
        if (!reply) return done(fail(reply.error()));
        reply->enter('v', "s");
        std::string text = reply->text();
        if (!reply->good()) return done(fail(Errc::unsupported, "systemd answered in an unknown form"));
        done(std::move(text));
    });
}

void SystemdManager::start_unit(const std::string& name, const std::vector<UnitProperty>& properties, Done done) {
    const auto fill = [&](BusWriter& out) {
        out.text(name).text("fail").open('a', "(sv)");
        for (const auto& property : properties) write_property(out, property);
        out.close().open('a', "(sa(sv))").close();
    };
    call_manager("StartTransientUnit", fill,
                 [done = std::move(done)](const Result<BusReader>& reply) { done(without_value(reply)); });
}

void SystemdManager::read_unit(const std::string& name, std::function<void(Result<UnitState>)> done) {
    struct Reading {
        UnitState state;
        std::function<void(Result<UnitState>)> done;
    };
    const auto reading = std::make_shared<Reading>(Reading{{}, std::move(done)});
    const std::string path = unit_path(name);
    const auto into = [reading](std::string UnitState::* field, std::function<void()> next) {
        return [reading, field, next = std::move(next)](Result<std::string> text) {
            if (!text) return reading->done(fail(text.error()));
            reading->state.*field = std::move(*text);
            next();
        };
    };
    const auto ready = [reading] { reading->done(reading->state); };
    const auto ask_result = [this, path, take = into(&UnitState::result, ready)] {
        read_property(path, service_interface, "Result", take);
    };
    const auto ask_active = [this, path, take = into(&UnitState::active, ask_result)] {
        read_property(path, unit_interface, "ActiveState", take);
    };
    read_property(path, unit_interface, "Description", into(&UnitState::description, ask_active));
}

void SystemdManager::freeze(const std::string& name, Done done) {
    call_manager(
        "FreezeUnit", [&](BusWriter& out) { out.text(name); },
        [done = std::move(done)](const Result<BusReader>& reply) { done(without_value(reply)); });
}

void SystemdManager::thaw(const std::string& name, Done done) {
    call_manager(
        "ThawUnit", [&](BusWriter& out) { out.text(name); },
        [done = std::move(done)](const Result<BusReader>& reply) { done(without_value(reply)); });
}

void SystemdManager::kill(const std::string& name, int signal) {
    call_manager(
        "KillUnit", [&](BusWriter& out) { out.text(name).text("all").integer(signal); },
        [](const Result<BusReader>&) {});
}

void SystemdManager::stop(const std::string& name) {
    call_manager("StopUnit", [&](BusWriter& out) { out.text(name).text("fail"); }, [](const Result<BusReader>&) {});
}

void SystemdManager::reset_failed(const std::string& name) {
    call_manager("ResetFailedUnit", [&](BusWriter& out) { out.text(name); }, [](const Result<BusReader>&) {});
}

} // namespace hk::exec
