#pragma once
#include "config/settings.hpp"
#include "host/access.hpp"
#include "host/engine.hpp"
#include "host/environments.hpp"
#include "host/health.hpp"
#include "host/links.hpp"
#include "host/live.hpp"
#include "host/log_reader.hpp"
#include "host/queries.hpp"
#include "host/task_terminals.hpp"
#include "host/usage.hpp"
#include "net/router.hpp"

#include <string>
#include <vector>

namespace hk::host {

/// What the routes work on. Made by the wiring; outlives the server.
struct Api {
    const config::HostConfig& config;
    Engine& engine;
    Queries& queries;
    Live& live;
    Health& health;
    Usage& usage;
    LogReader& logs;
    Links& links;
    Environments& environments;
    terminal::Terminals& terminals; ///< of both kinds
    TaskTerminals& task_terminals;
    net::Loop& loop;
    std::function<store::WriterNumbers()> store_numbers;
    std::function<net::ServerCounters()> server_counters;
    std::string version;
    std::string openapi; ///< the document, made once
};

/// One route: its place in the table is its place in the OpenAPI document.
struct ApiRoute {
    net::Method method = net::Method::get;
    const char* pattern = "";
    net::Task<void> (*handler)(net::Exchange&, Api&) = nullptr;
    const char* summary = "";
    const char* body = "";  ///< schema of the request's body; empty: none
    const char* reply = ""; ///< schema of a good answer; empty: not JSON
    int status = 200;       ///< of a good answer
    net::BodyRule rule = {};
};

const std::vector<ApiRoute>& api_routes();

} // namespace hk::host
