#pragma once
#include "net/http_server.hpp"

#include <vector>

namespace hk::net {

/// One line of the route table. Pattern segments are text or {name}; "{name...}" as the last takes
/// all that is left.
struct Route {
    Method method = Method::get;
    std::string pattern;
    Handler handler;
    BodyRule body;
    std::string summary; ///< one line for the API document
};

/// Finds the route of a request: text before parameters before rest, decided segment by segment.
/// GET routes answer HEAD too. An unknown path is 404, a known path with another method 405 with
/// Allow.
class Router {
public:
    /// Called for what no route matches, instead of the plain 404 or 405; the status and headers
    /// are in `suggested`.
    using Fallback = std::function<Task<void>(Exchange&, Response suggested)>;

    /// Ends the process when two routes are the same or a pattern is malformed: the table is code.
    explicit Router(std::vector<Route> routes, Fallback fallback = {});
    ~Router();
    Router(Router&&) noexcept;

    /// Give both to HttpServer; the router must outlive it.
    Handler handler() const;
    BodyRules body_rules() const;

    /// Fills request.params and calls the route.
    Task<void> dispatch(Exchange& exchange) const;
    struct Match {
        const Route* route = nullptr; ///< null when nothing matches; then `allowed` says which
                                      ///< methods the path knows
        Pairs params;
        std::vector<Method> allowed;
    };
    Match match(const Request& request) const;
    const std::vector<Route>& routes() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace hk::net
