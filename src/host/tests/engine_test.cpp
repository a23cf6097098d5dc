#include "host/engine.hpp"

#include "host/records.hpp"
#include "store/reader.hpp"
#include "support/scheduler.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::host;

namespace {

/// A Host without a network: a real database, a real loop, and what would have been sent.
struct Bench {
    test::TempFolder folder;
    net::Loop loop;
    std::unique_ptr<store::Writer> writer = store::Writer::open(folder.path() / "hakuriver.db").value();
    Journal journal{loop, *writer};
    std::vector<std::pair<NodeName, sched::NodeOrders>> sent;
    Engine engine{
        journal,
        start(),
        {.order = [this](const NodeName& node, const sched::NodeOrders& orders) { sent.emplace_back(node, orders); },
         .drop = [](sched::SessionId) {},
         .changed = [](const sched::Effects&) {}}};

    sched::State start() {
        auto reader = store::Reader::open(folder.path() / "hakuriver.db").value();
        return sched::restore({}, restored_from(reader.load_active().value()), read_clocks());
    }
    Result<sched::Submitted> submit(TaskSpec spec) {
        sched::Submit event{.spec = std::make_shared<const TaskSpec>(std::move(spec))};
        return net::run_task(loop, engine.submit(std::move(event)));
    }
    store::TaskRecord stored(std::int64_t id) {
        return store::Reader::open(folder.path() / "hakuriver.db").value().task(TaskId{id}).value();
    }
};

} // namespace

TEST_CASE("accepted means durable, and orders go out after that") {
    Bench bench;
    REQUIRE(bench.engine.tell(sched::NodeHello{sched::SessionId{1}, NodeName{"n1"}, test::machine(2), {}}));
    const auto submitted = bench.submit(test::job());
    REQUIRE(submitted);
    CHECK(bench.stored(1).state == TaskState::assigning);
    bench.loop.run_until([&] { return !bench.sent.empty(); });
    CHECK(bench.sent.at(0).second.start.at(0).attempt == AttemptId{TaskId{1}, 1});
}

TEST_CASE("a Host that comes back knows everything it said") {
    Bench bench;
    REQUIRE(bench.engine.tell(sched::NodeHello{sched::SessionId{1}, NodeName{"n1"}, test::machine(1), {}}));
    REQUIRE(bench.submit(test::job()));
    REQUIRE(bench.submit(test::job()));
    const sched::State again = bench.start();
    CHECK(again.tasks.size() == 2);
    CHECK(again.next_id == 3);
    CHECK(sched::state_of(again.tasks.at(TaskId{1})) == TaskState::assigning);
    CHECK(sched::state_of(again.tasks.at(TaskId{2})) == TaskState::pending);
    CHECK(again.nodes.at(NodeName{"n1"}).ledger.cores_free() == 0);
}

TEST_CASE("an ended task is found until its end is on disk, and then in the store") {
    Bench bench;
    REQUIRE(bench.engine.tell(sched::NodeHello{sched::SessionId{1}, NodeName{"n1"}, test::machine(1), {}}));
    REQUIRE(bench.submit(test::job()));
    REQUIRE(bench.engine.tell(
        sched::NodeReports{sched::SessionId{1}, NodeName{"n1"}, {test::said(1, AttemptPhase::ended)}}));
    REQUIRE(bench.engine.find(TaskId{1}) != nullptr);
    bench.loop.run_until([&] { return bench.engine.find(TaskId{1}) == nullptr; });
    CHECK(bench.stored(1).state == TaskState::completed);
    CHECK(bench.stored(1).outcome->exit_code == 0);
}

TEST_CASE("what is refused is not stored") {
    Bench bench;
    REQUIRE(bench.engine.tell(sched::NodeHello{sched::SessionId{1}, NodeName{"n1"}, test::machine(1), {}}));
    CHECK(bench.submit(test::job(5)).error().code == Errc::invalid);
    REQUIRE(bench.submit(test::job(1)));
    CHECK(bench.stored(1).spec->cores == 1);
}
