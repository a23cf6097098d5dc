#include "net/router.hpp"
#include "net/tests/served.hpp"

#include <sys/wait.h>
#include <unistd.h>

using namespace hk;
using namespace hk::net;
using namespace hk::net::test;

namespace {

/// Answers with the name of the route and its parameters.
Route route(Method method, std::string pattern) {
    auto handler =
        [pattern](Exchange& exchange) -> Task<void> { // NOLINT(*-avoid-capturing-lambda-coroutines): outlives its calls
        auto text = pattern;
        for (const auto& [name, value] : exchange.request().params) text += " " + name + "=" + value;
        co_await exchange.respond(text_response(200, std::move(text)));
    };
    return Route{
        .method = method, .pattern = std::move(pattern), .handler = std::move(handler), .body = {}, .summary = {}};
}

std::vector<Route> table() {
    std::vector<Route> routes;
    routes.push_back(route(Method::get, "/"));
    routes.push_back(route(Method::get, "/api/tasks/{id}"));
    routes.push_back(route(Method::get, "/api/tasks"));
    routes.push_back(route(Method::post, "/api/tasks"));
    routes.push_back(route(Method::post, "/api/tasks/kill"));
    routes.push_back(route(Method::get, "/api/tasks/kill/{x}"));
    routes.push_back(route(Method::post, "/api/tasks/{id}/kill"));
    routes.push_back(route(Method::delete_, "/api/{env}/versions"));
    routes.push_back(route(Method::get, "/files/{rest...}"));
    routes.push_back(route(Method::post, "/upload"));
    routes.back().body = {.limit = 10, .streaming = false};
    return routes;
}

struct Routed {
    Router router{table()};
    Served s{router.handler(), {}, router.body_rules()};

    std::string body(std::string_view method, std::string_view target) {
        const auto answer = full(method, target);
        return status_of(answer) == 200 ? answer.substr(answer.find("\r\n\r\n") + 4)
                                        : std::to_string(status_of(answer));
    }
    std::string full(std::string_view method, std::string_view target) {
        return s.talk_and_end(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
};

/// Whether building the router ends the process.
bool dies(std::vector<Route> routes) {
    const auto child = ::fork();
    if (child == 0) {
        (void)!::freopen("/dev/null", "w", stderr);
        ::signal(SIGABRT, SIG_DFL);
        const Router router(std::move(routes));
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

} // namespace

TEST_CASE("router: text goes before parameters, segment by segment") {
    Routed r;
    CHECK(r.body("GET", "/") == "/");
    CHECK(r.body("GET", "/api/tasks") == "/api/tasks");
    CHECK(r.body("GET", "/api/tasks/17?x=y") == "/api/tasks/{id} id=17");
    CHECK(r.body("POST", "/api/tasks/kill") == "/api/tasks/kill");
    CHECK(r.body("POST", "/api/tasks/17/kill") == "/api/tasks/{id}/kill id=17");
    CHECK(r.body("GET", "/api/tasks/kill/kill") == "/api/tasks/kill/{x} x=kill");
    CHECK(r.body("POST", "/api/tasks/kill/kill") == "/api/tasks/{id}/kill id=kill");
    CHECK(r.body("GET", "/api/tasks/kill") == "/api/tasks/{id} id=kill");
    CHECK(r.body("GET", "/files/a/b/c.css") == "/files/{rest...} rest=a/b/c.css");
    CHECK(r.body("GET", "/files/") == "/files/{rest...} rest=");
    CHECK(r.body("HEAD", "/api/tasks").empty());
    CHECK(r.body("GET", "http://h/api/tasks/3") == "/api/tasks/{id} id=3");
}

TEST_CASE("router: an escaped slash stays inside its segment") {
    Routed r;
    CHECK(r.body("DELETE", "/api/a%2Fb%20c/versions") == "/api/{env}/versions env=a/b c");
    CHECK(r.body("GET", "/api%2Ftasks") == "404");
}

TEST_CASE("router: unknown paths are 404, unknown methods 405 with what is allowed") {
    Routed r;
    for (const auto* target : {"/nope", "/api", "/api/tasks/", "/api/tasks/1/2", "/files", "//"}) {
        CAPTURE(target);
        CHECK(r.body("GET", target) == "404");
    }
    const auto wrong = r.full("PUT", "/api/tasks");
    CHECK(status_of(wrong) == 405);
    CHECK(wrong.contains("Allow: GET, HEAD, POST\r\n"));
    CHECK(status_of(r.full("MKCOL", "/api/tasks")) == 405);
}

TEST_CASE("router: the body rule of the route counts") {
    Routed r;
    const auto post = [&](int size) {
        return status_of(
            r.s.talk_and_end("POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) +
                             "\r\n\r\n" + std::string(static_cast<std::size_t>(size), 'x')));
    };
    CHECK(post(10) == 200);
    CHECK(post(11) == 413);
    CHECK(r.router.routes().size() == table().size());
}

TEST_CASE("router: the fallback decides about what is not in the table") {
    const auto fallback = [](Exchange& exchange, Response suggested) -> Task<void> {
        if (suggested.status == 404) suggested = text_response(200, "index");
        co_await exchange.respond(std::move(suggested));
    };
    const Router router(table(), fallback);
    Served s(router.handler());
    CHECK(s.talk_and_end("GET /page HTTP/1.1\r\nHost: h\r\n\r\n").ends_with("index"));
    CHECK(status_of(s.talk_and_end("PUT /api/tasks HTTP/1.1\r\nHost: h\r\n\r\n")) == 405);
}

TEST_CASE("router: a wrong table ends the process at once") {
    CHECK(!dies(table()));
    for (const auto* pattern : {"x", "/{a}/{b...}/c", "/{}", "/{a", "/a}", "/x{a}", "/{a.b}", "/{...}", "/api/tasks"}) {
        CAPTURE(pattern);
        auto routes = table();
        routes.push_back(route(Method::get, pattern));
        CHECK(dies(std::move(routes)));
    }
}
