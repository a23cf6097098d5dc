#include "host/dashboard.hpp"

#include "host/web_assets.hpp"

#include <algorithm>
#include <array>

namespace hk::host {
namespace {

struct Type {
    std::string_view suffix;
    const char* name;
};
constexpr std::array types{Type{".html", "text/html; charset=utf-8"},
                           Type{".js", "text/javascript; charset=utf-8"},
                           Type{".css", "text/css; charset=utf-8"},
                           Type{".svg", "image/svg+xml"},
                           Type{".png", "image/png"},
                           Type{".ico", "image/x-icon"},
                           Type{".woff2", "font/woff2"},
                           Type{".json", "application/json"},
                           Type{".txt", "text/plain; charset=utf-8"},
                           Type{".webmanifest", "application/manifest+json"}};

const char* type_of(std::string_view path) {
    const auto found = std::ranges::find_if(types, [&](const Type& type) { return path.ends_with(type.suffix); });
    return found == types.end() ? "application/octet-stream" : found->name;
}

const WebAsset* find(std::string_view path) {
    const auto assets = web_assets();
    const auto found = std::ranges::find(assets, path, &WebAsset::path);
    return found == assets.end() ? nullptr : &*found;
}

/// xterm puts style elements into its page, so only the terminal's own document may have inline styles.
const char* policy_of(std::string_view path) {
    return path == "/terminal.html"
               ? "default-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; frame-ancestors 'self'; "
                 "base-uri 'none'; form-action 'none'; object-src 'none'"
               : "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; "
                 "form-action 'none'; object-src 'none'";
}

net::Response response_for(const WebAsset& asset, const net::Request& request) {
    net::Response response;
    response.headers = {{"Content-Type", type_of(asset.path)},
                        {"ETag", "\"" + std::string(asset.tag) + "\""},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Referrer-Policy", "no-referrer"},
                        {"Vary", "Accept-Encoding"}};
    // Names under /assets carry a hash of their content, so they never change.
    response.headers.set("Cache-Control",
                         asset.path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
    if (asset.path.ends_with(".html")) response.headers.set("Content-Security-Policy", policy_of(asset.path));
    if (request.headers.get("If-None-Match") == response.headers.get("ETag")) {
        response.status = 304;
    } else if (!asset.brotli.empty() && request.headers.has_token("Accept-Encoding", "br")) {
        response.headers.set("Content-Encoding", "br");
        response.body = asset.brotli;
    } else if (!asset.gzip.empty() && request.headers.has_token("Accept-Encoding", "gzip")) {
        response.headers.set("Content-Encoding", "gzip");
        response.body = asset.gzip;
    } else {
        response.body = asset.plain;
    }
    return response;
}

const WebAsset* asset_for(const net::Request& request) {
    if (request.method != net::Method::get && request.method != net::Method::head) return nullptr;
    if (request.path.starts_with("/api/")) return nullptr;
    if (const WebAsset* asset = find(request.path)) return asset;
    // Names of nodes may hold dots; no other page has one in its address.
    const bool page = request.path.find('.') == request.path.npos || request.path.starts_with("/nodes/");
    return page ? find("/index.html") : nullptr;
}

} // namespace

net::Task<void> serve_dashboard(net::Exchange& exchange, net::Response suggested) {
    if (const WebAsset* asset = asset_for(exchange.request())) {
        auto response = response_for(*asset, exchange.request());
        co_return co_await exchange.respond(std::move(response));
    }
    if (exchange.request().path == "/" && web_assets().empty())
        suggested = net::text_response(200, "HakuRiver's Host. This build has no dashboard; the API is under /api.\n");
    co_await exchange.respond(std::move(suggested));
}

} // namespace hk::host
