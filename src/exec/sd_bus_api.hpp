#pragma once
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>

/// The part of libsystemd's sd-bus that we call, declared by ourselves and loaded at run time: a
/// node without systemd runs the same executable. The functions return a negative errno on failure.
namespace hk::exec::sd {

struct Bus;
struct Message;
struct Slot;
struct BusError {
    const char* name;
    const char* message;
    int need_free;
};
using Handler = int (*)(Message*, void* data, BusError*);

struct Api {
    int (*bus_new)(Bus**) = nullptr;
    int (*set_address)(Bus*, const char*) = nullptr;
    int (*set_bus_client)(Bus*, int) = nullptr;
    int (*start)(Bus*) = nullptr;
    Bus* (*close_unref)(Bus*) = nullptr;
    int (*get_fd)(Bus*) = nullptr;
    int (*get_events)(Bus*) = nullptr;
    int (*get_timeout)(Bus*, std::uint64_t*) = nullptr;
    int (*process)(Bus*, Message**) = nullptr;
    int (*call_async)(Bus*, Slot**, Message*, Handler, void*, std::uint64_t) = nullptr;
    int (*match_signal_async)(Bus*, Slot**, const char*, const char*, const char*, const char*, Handler, Handler,
                              void*) = nullptr;
    Slot* (*slot_unref)(Slot*) = nullptr;

    int (*new_method_call)(Bus*, Message**, const char*, const char*, const char*, const char*) = nullptr;
    Message* (*message_unref)(Message*) = nullptr;
    int (*append_basic)(Message*, char, const void*) = nullptr;
    int (*append_array)(Message*, char, const void*, std::size_t) = nullptr;
    int (*open_container)(Message*, char, const char*) = nullptr;
    int (*close_container)(Message*) = nullptr;
    int (*read_basic)(Message*, char, void*) = nullptr;
    int (*enter_container)(Message*, char, const char*) = nullptr;
    int (*skip)(Message*, const char*) = nullptr;
    const BusError* (*get_error)(Message*) = nullptr;
};

/// Loads the library once and keeps it. Fails with unsupported where it is not installed or too
/// old.
Result<const Api*> load(const char* library = "libsystemd.so.0");

} // namespace hk::exec::sd
