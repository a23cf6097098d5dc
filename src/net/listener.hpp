#pragma once
#include "net/stream.hpp"

namespace hk::net {

/// A listening socket. Loop thread only. A unix socket's file is replaced when nobody listens on
/// it, and removed at the end.
class Listener {
public:
    /// Errc::conflict when the address is in use, with the address in the sentence.
    static Result<std::unique_ptr<Listener>> open(Loop& loop, const Address& address);
    ~Listener();

    /// The next connection. Errc::no_capacity when the process is out of descriptors: wait a little
    /// and go on.
    Task<Result<StreamPtr>> accept();
    /// The address with the real port.
    const Address& address() const;
    /// A pending accept fails; the port is free at once.
    void close();

private:
    struct Impl;
    explicit Listener(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::net
