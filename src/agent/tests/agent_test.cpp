#include "agent/agent.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::agent;

namespace {

const AttemptId id{TaskId{7}, 1};

struct Runner {
    State state{.offers = {{.kind = ExecutorKind::process, .available = true},
                           {.kind = ExecutorKind::docker, .available = false, .problem = "Docker does not answer"}}};
    Effects last;
    Effects& operator()(const Event& event) { return last = step(state, event, Time{}); }
    const AttemptReport& report() const { return state.attempts.at(id).report; }
};

Assignment assignment(std::optional<std::string> container = {}) {
    TaskSpec spec{.command = "true", .container = std::move(container)};
    return {.attempt = id, .spec = std::make_shared<const TaskSpec>(std::move(spec))};
}

} // namespace

TEST_CASE("an order is begun once, however often it comes") {
    Runner r;
    r(Orders{.start = {assignment()}});
    CHECK(r.last.begin.size() == 1);
    CHECK(take_news(r.state).size() == 1);
    r(Orders{.start = {assignment()}});
    CHECK(r.last.begin.empty());
    CHECK(take_news(r.state).size() == 1); // but the Host is told again how far it is
}

TEST_CASE("a result is kept until it is acknowledged, and reported on every new connection") {
    Runner r;
    r(Orders{.start = {assignment()}});
    r(attempt::Event{attempt::Started{id, Time{}, {"no memory limit"}}});
    CHECK(r.report().phase == AttemptPhase::running);
    r(Orders{.forget = {id}}); // too early: ignored
    CHECK(r.last.forget.empty());
    r(attempt::Event{attempt::Ended{id, Outcome{.exit_code = 3}}});
    CHECK(take_news(r.state).at(0).outcome->exit_code == 3);
    CHECK(take_news(r.state).empty());
    CHECK(take_all(r.state).size() == 1);
    r(Orders{.forget = {id}});
    CHECK(r.last.forget.size() == 1);
    CHECK(take_all(r.state).empty());
}

TEST_CASE("what no executor here can run is recorded as ended, with the reason") {
    Runner r;
    r(Orders{.start = {assignment("env")}});
    CHECK(r.last.begin.empty());
    CHECK(r.last.record_only.size() == 1);
    CHECK(r.last.settle.at(0).outcome.reason == EndReason::not_started);
    CHECK(r.report().outcome->message == "this node does not offer the docker executor: Docker does not answer");
}

TEST_CASE("a stop reaches the executor; one for an attempt that is over only repeats the result") {
    Runner r;
    r(Orders{.start = {assignment()}, .stop = {{id, Duration{5}}}});
    CHECK(r.last.stop.at(0).grace == Duration{5});
    r(attempt::Event{attempt::Ended{id, Outcome{.reason = EndReason::killed}}});
    (void)take_news(r.state);
    r(Orders{.stop = {{id, Duration{5}}}});
    CHECK(r.last.stop.empty());
    CHECK(take_news(r.state).size() == 1);
    r(Orders{.stop = {{AttemptId{TaskId{8}, 1}, {}}}});
    CHECK(r.last.stop.empty());
}

TEST_CASE("pause and resume go only where they make sense") {
    Runner r;
    r(Orders{.start = {assignment()}});
    r(Orders{.pause = {id}});
    CHECK(r.last.pause.empty());
    r(attempt::Event{attempt::Started{id, Time{}, {}}});
    r(Orders{.pause = {id}});
    CHECK(r.last.pause.size() == 1);
    r(attempt::Event{attempt::Paused{id}});
    CHECK(r.report().phase == AttemptPhase::paused);
    r(Orders{.resume = {id}});
    CHECK(r.last.resume.size() == 1);
    r(attempt::Event{attempt::Refused{id, "the freezer is stuck"}});
    CHECK(r.report().refused == "the freezer is stuck");
}

TEST_CASE("a task on a GPU that is not healthy is flagged, once, and so that a later life knows") {
    Runner r;
    auto placed = assignment();
    placed.placement.gpus = {1};
    r(Orders{.start = {placed}});
    const GpuReading lost{{Gpu{.id = 0}, Gpu{.id = 1, .healthy = false, .problem = "GPU is lost"}}};
    r(lost);
    CHECK(r.last.flag.empty()); // it does not run yet
    r(attempt::Event{attempt::Started{id, Time{}, {"no memory limit"}}});
    (void)take_news(r.state);
    r(GpuReading{{Gpu{.id = 0, .healthy = false}, Gpu{.id = 1}}});
    CHECK(r.last.flag.empty()); // another's GPU
    r(lost);
    REQUIRE(r.last.flag.size() == 1);
    CHECK(r.last.flag[0].text == "its GPU 1 is not healthy: GPU is lost");
    const auto news = take_news(r.state);
    REQUIRE(news.size() == 1);
    CHECK(news[0].warnings == std::vector<std::string>{"no memory limit", "its GPU 1 is not healthy: GPU is lost"});
    r(lost);
    CHECK((r.last.flag.empty() && take_news(r.state).empty()));
}

TEST_CASE("an earlier life's attempt is taken up again, or is over when its executor is gone") {
    Runner r;
    r(Recovered{assignment(), ExecutorKind::process});
    CHECK(r.last.recover.size() == 1);
    Runner other;
    other(Recovered{assignment("env"), ExecutorKind::docker}); // Docker does not answer now; it may later
    CHECK(other.last.recover.size() == 1);
    other.state = State{};
    other(Recovered{assignment("env"), ExecutorKind::docker});
    CHECK(other.last.settle.at(0).outcome.reason == EndReason::interrupted);
    Runner third;
    third(Recovered{assignment(), ExecutorKind::process, Outcome{.exit_code = 4}});
    CHECK(third.last.recover.empty());
    CHECK(third.report().outcome->exit_code == 4);
}
