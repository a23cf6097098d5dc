#include "runner/worker.hpp"

#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::runner;

namespace {

/// Notes what it is told, and whether the assignment was on record when it was told to start.
class NotingExecutor final : public exec::Executor {
public:
    NotingExecutor(ExecutorKind kind, exec::Spool& spool, std::vector<std::string>& told)
        : kind_(kind)
        , spool_(spool)
        , told_(told) {}
    ExecutorKind kind() const override { return kind_; }
    ExecutorOffer offer() const override { return {.kind = kind_, .available = true}; }
    void use_gpus(const std::vector<Gpu>&) override { told_.push_back("use GPUs"); }
    void start(const Assignment& assignment) override {
        std::string seen = spool_.contains(assignment.attempt) ? "start, recorded" : "start, not recorded";
        for (const auto& record : spool_.records().records)
            for (const auto& fact : record.facts) seen += ", " + fact;
        tell(seen);
    }
    void recover(const Assignment&) override { tell("recover"); }
    void stop(AttemptId, Duration) override { told_.push_back("stop"); }
    void pause(AttemptId) override { told_.push_back("pause"); }
    void resume(AttemptId) override { told_.push_back("resume"); }
    void forget(AttemptId) override { told_.push_back("forget"); }

private:
    void tell(const std::string& what) {
        told_.push_back((kind_ == ExecutorKind::process ? "" : std::string(to_string(kind_)) + ": ") + what);
    }

    ExecutorKind kind_;
    exec::Spool& spool_;
    std::vector<std::string>& told_;
};

/// One life of a runner on a state folder.
struct Life {
    explicit Life(const std::filesystem::path& folder, const std::vector<ExecutorKind>& kinds = {ExecutorKind::process})
        : spool(exec::Spool::open(folder).value()) {
        Worker::Executors executors;
        for (const auto kind : kinds) executors.push_back(std::make_unique<NotingExecutor>(kind, spool, told));
        worker.use(std::move(executors));
        worker.on_news = [this](std::vector<AttemptReport> news) {
            reports.insert(reports.end(), news.begin(), news.end());
            return true;
        };
    }
    void order_start(std::optional<std::string> container = {}) {
        TaskSpec spec{.command = "true", .container = std::move(container)};
        proto::Orders orders;
        orders.start.push_back({.attempt = id,
                                .spec = std::make_shared<const TaskSpec>(std::move(spec)),
                                .placement = {.node = NodeName{"n1"}, .gpus = {0}}});
        worker.take(orders);
    }
    void order_forget() {
        proto::Orders orders;
        orders.forget.push_back(id);
        worker.take(orders);
    }
    void wait_for_news(std::size_t count) {
        loop.run_until([&] { return reports.size() >= count; });
    }

    static inline const AttemptId id{TaskId{3}, 1};
    net::Loop loop;
    exec::Spool spool;
    std::vector<std::string> told;
    std::vector<AttemptReport> reports;
    Worker worker{loop, spool};
};

} // namespace

TEST_CASE("an assignment is on record before it starts, and its record goes when the Host has the "
          "result") {
    const test::TempFolder folder;
    Life life(folder.path());
    life.order_start();
    life.order_start(); // the Host may say it twice
    CHECK(life.told == std::vector<std::string>{"start, recorded"});
    life.wait_for_news(1);
    CHECK(life.reports.at(0).phase == AttemptPhase::accepted);
    life.order_forget(); // too early: nothing happens
    CHECK(life.spool.contains(Life::id));
    life.worker.on_event(exec::Event{exec::Ended{Life::id, Outcome{.exit_code = 4}}});
    life.wait_for_news(2);
    CHECK(life.reports.back().outcome->exit_code == 4);
    life.order_forget();
    CHECK(life.told.back() == "forget");
    CHECK_FALSE(life.spool.contains(Life::id));
    CHECK(life.worker.attempts() == 0);
}

TEST_CASE("a result that comes between hello and welcome is told when the Host listens") {
    const test::TempFolder folder;
    Life life(folder.path());
    bool listens = false;
    life.worker.can_tell = [&] { return listens; };
    life.order_start();
    CHECK(life.worker.all_reports().size() == 1); // the hello: it runs
    life.worker.on_event(exec::Event{exec::Ended{Life::id, Outcome{.exit_code = 4}}});
    bool turned = false;
    life.loop.defer([&] { turned = true; });
    life.loop.run_until([&] { return turned; });
    CHECK(life.reports.empty());
    listens = true;
    life.worker.announce();
    life.wait_for_news(1);
    CHECK(life.reports.at(0).outcome->exit_code == 4);
}

TEST_CASE("nothing is offered while there is a reason") {
    const test::TempFolder folder;
    Life life(folder.path());
    CHECK(life.worker.offers().at(0).available);
    life.worker.withhold("no folder");
    CHECK(life.worker.refresh_offers());
    CHECK_FALSE(life.worker.offers().at(0).available);
    CHECK(life.worker.offers().at(0).problem == "no folder");
    life.worker.withhold("");
    CHECK(life.worker.refresh_offers());
    CHECK(life.worker.offers().at(0).available);
}

TEST_CASE("a shell goes where the executor of the attempt says, and nowhere for what is not here") {
    const test::TempFolder folder;
    Life life(folder.path());
    CHECK(life.worker.shell_in(Life::id).error().code == Errc::not_found);
    life.order_start();
    const auto refused = life.worker.shell_in(Life::id);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::unsupported);
    CHECK(refused.error().message.contains("without a container"));
    CHECK(life.worker.attempt_ids() == std::vector{Life::id});
    CHECK(life.worker.shell_in(AttemptId{TaskId{3}, 2}).error().code == Errc::not_found);
}

TEST_CASE("the next life takes up what the last one left") {
    const test::TempFolder folder;
    {
        Life first(folder.path());
        first.order_start();
    }
    Life second(folder.path());
    second.worker.recover();
    CHECK(second.told == std::vector<std::string>{"recover"});
    CHECK(second.worker.all_reports().size() == 1);
    second.order_start(); // the Host does not know that it began
    CHECK(second.told.size() == 1);
}

TEST_CASE("that a task's GPU was lost is known in the next life as well") {
    const test::TempFolder folder;
    const std::string text = "its GPU 0 is not healthy: GPU is lost";
    {
        Life first(folder.path());
        first.order_start();
        first.worker.on_event(exec::Event{exec::Started{Life::id, Time{}, {"no memory limit"}}});
        first.worker.see_gpus({Gpu{.id = 0, .healthy = false, .problem = "GPU is lost"}});
        first.wait_for_news(1);
        CHECK(first.reports.back().warnings == std::vector<std::string>{"no memory limit", text});
    }
    Life second(folder.path());
    second.worker.recover();
    second.worker.on_event(exec::Event{exec::Started{Life::id, Time{}, {"no memory limit"}}});
    CHECK(second.worker.all_reports().at(0).warnings == std::vector<std::string>{"no memory limit", text});
}

TEST_CASE("a record says from its first moment who starts the attempt") {
    const test::TempFolder folder;
    const std::vector both{ExecutorKind::process, ExecutorKind::systemd};
    {
        Life first(folder.path(), both);
        first.order_start();
        CHECK(first.told == std::vector<std::string>{"systemd: start, recorded, executor systemd"});
    }
    Life second(folder.path(), both);
    second.worker.recover();
    CHECK(second.told == std::vector<std::string>{"systemd: recover"});
}

TEST_CASE("what no executor here can run ends with the reason, in this life and the next") {
    const test::TempFolder folder;
    {
        Life first(folder.path());
        first.order_start("env");
        CHECK(first.told.empty());
        first.wait_for_news(1);
        CHECK(first.reports.at(0).outcome->reason == EndReason::not_started);
    }
    Life second(folder.path());
    second.worker.recover();
    const auto reports = second.worker.all_reports();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].outcome->message == "this node does not offer the docker executor");
}
