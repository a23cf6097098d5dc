#include "net/router.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <cstdlib>

namespace hk::net {
namespace {

/// "/a/b" -> {"a", "b"}; "/" -> {""}.
std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto segment = path.substr(0, path.find('/'));
        segments.push_back(segment);
        path.remove_prefix(segment.size());
    }
    return segments;
}

struct Segment {
    enum class Kind { text, param, rest };
    Kind kind = Kind::text;
    std::string text; ///< or the name
    friend bool operator==(const Segment& a, const Segment& b) {
        return a.kind == b.kind && (a.kind != Kind::text || a.text == b.text);
    }
    /// Lower is tried first.
    int rank() const { return static_cast<int>(kind); }
};

std::optional<Segment> parse_segment(std::string_view text) {
    if (!text.contains('{') && !text.contains('}')) return Segment{Segment::Kind::text, std::string(text)};
    if (text.size() < 3 || !text.starts_with('{') || !text.ends_with('}')) return std::nullopt;
    text = text.substr(1, text.size() - 2);
    const bool rest = text.ends_with("...");
    if (rest) text.remove_suffix(3);
    if (text.empty() || text.find_first_of("{}.") != text.npos) return std::nullopt;
    return Segment{rest ? Segment::Kind::rest : Segment::Kind::param, std::string(text)};
}

struct Compiled {
    std::vector<Segment> segments;
    std::size_t route = 0;

    bool before(const Compiled& other) const {
        const auto ranks = [](const Compiled& c) {
            std::vector<int> all;
            for (const auto& segment : c.segments) all.push_back(segment.rank());
            return all;
        };
        return std::pair(ranks(*this), route) < std::pair(ranks(other), other.route);
    }
    bool matches(const std::vector<std::string_view>& path) const;
    Pairs params(const std::vector<std::string_view>& path) const;
};

bool Compiled::matches(const std::vector<std::string_view>& path) const {
    const bool open_end = !segments.empty() && segments.back().kind == Segment::Kind::rest;
    if (open_end ? path.size() < segments.size() : path.size() != segments.size()) return false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto& segment = segments[i];
        if (segment.kind == Segment::Kind::text && segment.text != path[i]) return false;
        if (segment.kind == Segment::Kind::param && path[i].empty()) return false;
    }
    return true;
}

Pairs Compiled::params(const std::vector<std::string_view>& path) const {
    Pairs found;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto& segment = segments[i];
        if (segment.kind == Segment::Kind::text) continue;
        std::string value(path[i]);
        if (segment.kind == Segment::Kind::rest) {
            for (std::size_t j = i + 1; j < path.size(); ++j) value.append("/").append(path[j]);
        }
        found.emplace_back(segment.text, std::move(value));
    }
    return found;
}

[[noreturn]] void wrong_table(std::string_view what, std::string_view pattern) {
    log::error("the route table is wrong, which is a bug", {{"what", what}, {"pattern", pattern}});
    std::abort();
}

Compiled compile(const Route& route, std::size_t index) {
    if (!route.pattern.starts_with('/')) wrong_table("pattern does not start with /", route.pattern);
    Compiled compiled{.segments = {}, .route = index};
    for (const auto text : segments_of(route.pattern)) {
        const bool after_rest = !compiled.segments.empty() && compiled.segments.back().kind == Segment::Kind::rest;
        auto segment = parse_segment(text);
        if (!segment || after_rest) wrong_table("malformed pattern", route.pattern);
        compiled.segments.push_back(std::move(*segment));
    }
    return compiled;
}

bool serves(Method route, Method request) {
    return route == request || (route == Method::get && request == Method::head);
}

std::string allow_text(const std::vector<Method>& methods) {
    std::string text;
    for (const auto method : methods) {
        if (!text.empty()) text += ", ";
        text += to_text(method);
        if (method == Method::get) text += ", HEAD";
    }
    return text;
}

/// Where segments hold a "/" that was escaped, the decoded path cannot be split: split first, then
/// decode.
std::vector<std::string> decoded_segments(const Request& request) {
    std::string_view raw = request.target;
    if (!raw.starts_with('/')) raw = request.path; // absolute form
    raw = raw.substr(0, raw.find('?'));
    std::vector<std::string> decoded;
    for (const auto segment : segments_of(raw)) {
        auto text = percent_decode(segment);
        decoded.push_back(text ? std::move(*text) : std::string(segment));
    }
    return decoded;
}

} // namespace

struct Router::Impl {
    std::vector<Route> routes;
    std::vector<Compiled> compiled; ///< the more definite before the less
    Fallback fallback;

    const Compiled* find(Method method, const std::vector<std::string_view>& path, std::vector<Method>& allowed) const {
        for (const auto& candidate : compiled) {
            if (!candidate.matches(path)) continue;
            const auto& route = routes[candidate.route];
            if (serves(route.method, method)) return &candidate;
            if (std::ranges::find(allowed, route.method) == allowed.end()) allowed.push_back(route.method);
        }
        return nullptr;
    }
};

Router::Router(std::vector<Route> routes, Fallback fallback)
    : impl_(std::make_unique<Impl>()) {
    impl_->routes = std::move(routes);
    impl_->fallback = std::move(fallback);
    for (std::size_t i = 0; i < impl_->routes.size(); ++i) {
        auto compiled = compile(impl_->routes[i], i);
        for (const auto& other : impl_->compiled) {
            const bool same =
                other.segments == compiled.segments && impl_->routes[other.route].method == impl_->routes[i].method;
            if (same) wrong_table("the route is there twice", impl_->routes[i].pattern);
        }
        impl_->compiled.push_back(std::move(compiled));
    }
    std::ranges::sort(impl_->compiled, [](const auto& a, const auto& b) { return a.before(b); });
}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;

const std::vector<Route>& Router::routes() const { return impl_->routes; }

Router::Match Router::match(const Request& request) const {
    Match result;
    const auto decoded = decoded_segments(request);
    const std::vector<std::string_view> path(decoded.begin(), decoded.end());
    const auto* found = impl_->find(request.method, path, result.allowed);
    if (!found) return result;
    result.route = &impl_->routes[found->route];
    result.params = found->params(path);
    return result;
}

Task<void> Router::dispatch(Exchange& exchange) const {
    auto found = match(exchange.request());
    if (found.route) {
        exchange.request().params = std::move(found.params);
        co_await found.route->handler(exchange);
        co_return;
    }
    const bool known = !found.allowed.empty();
    auto response = known ? text_response(405, "method not allowed\n") : text_response(404, "not found\n");
    if (known) response.headers.set("Allow", allow_text(found.allowed));
    if (impl_->fallback) co_await impl_->fallback(exchange, std::move(response));
    else co_await exchange.respond(std::move(response));
}

Handler Router::handler() const {
    return [this](Exchange& exchange) { return dispatch(exchange); };
}

BodyRules Router::body_rules() const {
    return [this](const Request& head) {
        const auto found = match(head);
        return found.route ? found.route->body : BodyRule{};
    };
}

} // namespace hk::net
