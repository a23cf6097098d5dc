#pragma once
#include "base/result.hpp"
#include "net/http_client.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hk::cli {

/// Called with each piece of a body as it arrives; false ends the call.
using OnChunk = std::function<bool(std::string_view)>;

/// The way to the Host: one blocking call at a time. Any status is a success; an Error says that
/// nobody answered.
class HostLink {
public:
    virtual ~HostLink() = default;
    virtual Result<net::Response> call(net::Request request, Duration limit) = 0;
    /// The body goes to `on_chunk`, except where the status is 300 or more. `silence` is the
    /// longest pause.
    virtual Result<net::Response> stream(net::Request request, Duration silence, const OnChunk& on_chunk) = 0;
    /// Sends a file as the body; the answer goes to `on_chunk` like that of stream. `sent` sees the
    /// bytes so far.
    virtual Result<net::Response> upload(net::Request request, const std::string& file, const OnChunk& on_chunk,
                                         const std::function<void(std::int64_t sent)>& sent) = 0;
};

/// Each call has a connection of its own, so a Host that was restarted in between is no trouble.
std::unique_ptr<HostLink> make_net_link(net::Address address);

} // namespace hk::cli
