#include "exec/outcome.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::exec;

namespace {

constexpr Time at(std::int64_t micros) { return from_micros(micros); }

KnownFacts known(std::initializer_list<Fact> facts) {
    KnownFacts out;
    for (const auto& fact : facts) out.take(fact);
    return out;
}

ExitedFact exited(int code, std::int64_t when = 100) { return ExitedFact{code, {}, at(when)}; }
ExitedFact signalled(int signal, std::int64_t when = 100) { return ExitedFact{{}, signal, at(when)}; }

} // namespace

TEST_CASE("every fact survives being written and read") {
    Outcome outcome;
    outcome.reason = EndReason::oom;
    outcome.exit_code = 137;
    outcome.finished_at = at(9);
    outcome.message = "two\nlines";
    const std::vector<Fact> facts{ForkedFact{{12, 3456}, 11, "boot"},
                                  StartedFact{at(1)},
                                  WarningFact{"a limit: not in force"},
                                  FailedFact{127, at(2), "no such command in PATH: x"},
                                  exited(3),
                                  signalled(9),
                                  GoneFact{Bytes{4096}, Duration{77}},
                                  AdoptedFact{},
                                  OutsideFact{15, at(2)},
                                  StopFact{at(3), at(4)},
                                  OutcomeFact{outcome}};
    for (const auto& fact : facts) {
        const std::string line = format_fact(fact);
        CAPTURE(line);
        CHECK(line.find('\n') == line.npos);
        CHECK(parse_fact(line) == fact);
    }
}

TEST_CASE("a line that is not understood is skipped") {
    for (const char* line :
         {"", " ", "forked", "forked x 1 2 b", "forked 1 2 3", "exited", "exited 1", "exited 1x 2", "gone 1",
          "started soon", "started 1 ", "unheard of", "outcome {", "outcome {}x", "stop 5", "Exited 1 2"}) {
        CAPTURE(line);
        const auto fact = parse_fact(line);
        CHECK((!fact || std::string_view(line) == "started 1 "));
    }
}

TEST_CASE("the verdict follows from the facts") {
    SUBCASE("an exit code is the program's own") {
        const Outcome outcome = judge(known({StartedFact{at(1)}, exited(3), GoneFact{Bytes{5000}, Duration{7}}}), {});
        CHECK(outcome.reason == EndReason::exited);
        CHECK(outcome.exit_code == 3);
        CHECK(!outcome.signal);
        CHECK(outcome.started_at == at(1));
        CHECK(outcome.finished_at == at(100));
        CHECK(outcome.peak_memory == Bytes{5000});
        CHECK(outcome.cpu_time == Duration{7});
    }
    SUBCASE("a signal nobody of us sent is named") {
        const Outcome outcome = judge(known({signalled(11)}), {});
        CHECK(outcome.reason == EndReason::exited);
        CHECK(outcome.exit_code == 139);
        CHECK(outcome.signal == 11);
        CHECK(outcome.message == "it was ended by SIGSEGV");
    }
    SUBCASE("an end after a stop is killed, whatever its code") {
        CHECK(judge(known({StopFact{at(50), at(60)}, exited(0, 55)}), {}).reason == EndReason::killed);
        CHECK(judge(known({StopFact{at(50), at(60)}, signalled(15, 55)}), {}).reason == EndReason::killed);
    }
    SUBCASE("an end before the stop was its own") {
        CHECK(judge(known({StopFact{at(50), at(60)}, exited(0, 49)}), {}).reason == EndReason::exited);
    }
    SUBCASE("out of memory names limit and peak") {
        const Outcome outcome = judge(known({signalled(9)}), {1, Bytes{50'000'000}, Bytes{49'999'872}});
        CHECK(outcome.reason == EndReason::oom);
        CHECK(outcome.message == "it used more memory than its limit of 50 MB (peak 50 MB)");
    }
    SUBCASE("a shell that passes its child's end on was out of memory as well") {
        CHECK(judge(known({exited(137)}), {1, {}, {}}).reason == EndReason::oom);
    }
    SUBCASE("success is success, with a remark") {
        const Outcome outcome = judge(known({exited(0)}), {2, Bytes{50'000'000}, {}});
        CHECK(outcome.reason == EndReason::exited);
        CHECK(!outcome.message.empty());
    }
    SUBCASE("a killed task that also ran out of memory was killed") {
        CHECK(judge(known({StopFact{at(50), at(60)}, signalled(9, 61)}), {1, {}, {}}).reason == EndReason::killed);
    }
    SUBCASE("what could not be executed did not start") {
        const Outcome outcome = judge(known({FailedFact{127, at(5), "no such command"}}), {});
        CHECK(outcome.reason == EndReason::not_started);
        CHECK(outcome.exit_code == 127);
        CHECK(outcome.message == "no such command");
    }
    SUBCASE("a recorded verdict stands") {
        Outcome before;
        before.reason = EndReason::oom;
        before.message = "as it was";
        CHECK(judge(known({signalled(9), OutcomeFact{before}}), {}) == before);
    }
}

TEST_CASE("a container that was asked to end from outside was interrupted, if it failed and soon") {
    const auto reason = [](std::initializer_list<Fact> facts) { return judge(known(facts), {}).reason; };
    constexpr std::int64_t second = 1'000'000;
    const OutsideFact outside{15, at(10 * second)};
    CHECK(reason({outside, exited(143, 12 * second)}) == EndReason::interrupted);
    CHECK(reason({outside, exited(8, 12 * second)}) == EndReason::interrupted);
    CHECK(reason({outside, signalled(15, 12 * second)}) == EndReason::interrupted);
    CHECK(reason({outside, exited(0, 12 * second)}) == EndReason::exited);
    CHECK(reason({outside, exited(1, 100 * second)}) == EndReason::exited); // it went on after all
    CHECK(reason({exited(143, 12 * second)}) == EndReason::exited);
    CHECK(reason({StopFact{at(10 * second), at(20 * second)}, outside, exited(143, 12 * second)}) == EndReason::killed);
}

TEST_CASE("the first request to stop counts as when, the last as until when") {
    const auto facts = known({StopFact{at(1), at(100)}, StopFact{at(5), at(50)}});
    CHECK(facts.stop->asked == at(1));
    CHECK(facts.stop->deadline == at(50));
}

TEST_CASE("signals have names") {
    CHECK(signal_name(9) == "SIGKILL");
    CHECK(signal_name(15) == "SIGTERM");
    CHECK(signal_name(250) == "signal 250");
}
