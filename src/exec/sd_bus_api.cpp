#include "exec/sd_bus_api.hpp"

#include <dlfcn.h>
#include <string>

namespace hk::exec::sd {
namespace {

class Library {
public:
    explicit Library(void* handle)
        : handle_(handle) {}
    template <class Function>
    void find(Function& entry, const char* name) {
        entry = reinterpret_cast<Function>(::dlsym(handle_, name));
        if (entry == nullptr && missing_.empty()) missing_ = name;
    }
    const std::string& missing() const { return missing_; }

private:
    void* handle_;
    std::string missing_;
};

void find_connection(Library& library, Api& api) {
    library.find(api.bus_new, "sd_bus_new");
    library.find(api.set_address, "sd_bus_set_address");
    library.find(api.set_bus_client, "sd_bus_set_bus_client");
    library.find(api.start, "sd_bus_start");
    library.find(api.close_unref, "sd_bus_close_unref");
    library.find(api.get_fd, "sd_bus_get_fd");
    library.find(api.get_events, "sd_bus_get_events");
    library.find(api.get_timeout, "sd_bus_get_timeout");
    library.find(api.process, "sd_bus_process");
    library.find(api.call_async, "sd_bus_call_async");
    library.find(api.match_signal_async, "sd_bus_match_signal_async");
    library.find(api.slot_unref, "sd_bus_slot_unref");
}

void find_messages(Library& library, Api& api) {
    library.find(api.new_method_call, "sd_bus_message_new_method_call");
    library.find(api.message_unref, "sd_bus_message_unref");
    library.find(api.append_basic, "sd_bus_message_append_basic");
    library.find(api.append_array, "sd_bus_message_append_array");
    library.find(api.open_container, "sd_bus_message_open_container");
    library.find(api.close_container, "sd_bus_message_close_container");
    library.find(api.read_basic, "sd_bus_message_read_basic");
    library.find(api.enter_container, "sd_bus_message_enter_container");
    library.find(api.skip, "sd_bus_message_skip");
    library.find(api.get_error, "sd_bus_message_get_error");
}

} // namespace

Result<const Api*> load(const char* name) {
    void* handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return fail(Errc::unsupported, std::string(name) + " is not installed");
    static Api api; // the library stays loaded, and there is one of it
    Library library(handle);
    find_connection(library, api);
    find_messages(library, api);
    if (!library.missing().empty())
        return fail(Errc::unsupported, std::string(name) + " is too old: it has no " + library.missing());
    return &api;
}

} // namespace hk::exec::sd
