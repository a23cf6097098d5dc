#include "terminal/terminals.hpp"

#include "terminal/tests/rig.hpp"

using namespace hk;
using namespace hk::terminal;
using namespace hk::terminal::test;

namespace {

/// Runs until it is told to end, or for ever.
class Waiting final : public Terminal {
public:
    Waiting(std::string& told, bool stubborn)
        : told_(told)
        , stubborn_(stubborn) {}
    net::Task<void> run() override {
        while (told_.empty() || stubborn_) (void)co_await changed_.wait(net::no_limit);
    }
    void end(std::string why) override {
        told_ = std::move(why);
        changed_.notify_all();
    }

private:
    std::string& told_;
    bool stubborn_;
    net::Signal changed_;
};

} // namespace

TEST_CASE("terminals: no more than the limit, and what was refused is said") {
    net::Loop loop;
    Terminals terminals(loop, 2, "the node n1");
    auto one = terminals.take();
    {
        const auto two = terminals.take();
        REQUIRE(two);
        const auto three = terminals.take();
        REQUIRE_FALSE(three);
        CHECK(three.error().code == Errc::no_capacity);
        CHECK(three.error().message ==
              "2 terminals are open on the node n1 already, which is the limit; close one of them");
    }
    CHECK(terminals.count() == 1);
    std::string told;
    terminals.keep(std::move(*one), std::make_unique<Waiting>(told, false));
    CHECK(terminals.count() == 1);
    CHECK(terminals.take());
    net::run_task(loop, terminals.stop("that is all", limit));
    CHECK(told == "that is all");
    CHECK(terminals.count() == 0);
    CHECK(terminals.take().error().message == "that is all");
}

TEST_CASE("terminals: one that does not end is not waited for") {
    net::Loop loop;
    Terminals terminals(loop, 2, "the node n1");
    std::string told;
    terminals.keep(*terminals.take(), std::make_unique<Waiting>(told, true));
    net::run_task(loop, net::sleep_for(std::chrono::milliseconds(1)));
    net::run_task(loop, terminals.stop("that is all", std::chrono::milliseconds(20)));
    CHECK(told == "that is all");
    CHECK(terminals.count() == 0);
}
