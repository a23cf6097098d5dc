#pragma once
#include "net/http.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hk::host {

/// The one place that decides whether a request may go on; every route passes here first.
///
/// A page of any site can send requests to this machine from a user's browser. So: the Host header must be a name of
/// ours (a DNS name that was pointed at us is not), a request that a page of another origin made is refused, bodies
/// must be of a type that a page cannot send without being asked, and no answer allows another origin to read it.
class Access {
public:
    /// Host names beside IP addresses and localhost, without port.
    explicit Access(const std::vector<std::string>& names);

    /// The answer when the request is refused, nothing when it may go on.
    std::optional<net::Response> refuse(const net::Request& request) const;

private:
    bool is_ours(std::string_view authority) const;
    std::optional<net::Response> check_origin(const net::Request& request, std::string_view host) const;

    std::vector<std::string> names_; ///< lower case
};

} // namespace hk::host
