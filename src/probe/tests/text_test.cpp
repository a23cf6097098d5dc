#include "probe/text.hpp"

#include "probe/cgroup_limits.hpp"
#include "probe/cpu.hpp"
#include "probe/memory.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace hk;
using namespace hk::probe;

TEST_CASE("CPU lists are read as the kernel writes them, and nonsense in them is left out") {
    CHECK(parse_cpu_list("0-3,8,10-11\n") == std::vector<int>{0, 1, 2, 3, 8, 10, 11});
    CHECK(parse_cpu_list("5,1,1-2") == std::vector<int>{1, 2, 5});
    for (const char* nothing : {"", "\n", " ", "a", "-1", "3-1", "1-", "70000", "1-99999999999999999999", ",,"}) {
        CAPTURE(nothing);
        CHECK(parse_cpu_list(nothing).empty());
    }
    CHECK(parse_cpu_list("x,4,9-z,6").size() == 2);
    CHECK(parse_cpu_list("0-65535").size() == 65536);
}

TEST_CASE("a CPU list survives any text") {
    rc::check("every result is ascending and below the limit", [](const std::string& text) {
        const auto cpus = parse_cpu_list(text);
        for (std::size_t i = 1; i < cpus.size(); ++i) RC_ASSERT(cpus[i - 1] < cpus[i]);
        if (!cpus.empty()) RC_ASSERT(cpus.front() >= 0 && cpus.back() < 65536);
    });
}

TEST_CASE("clean text is printable UTF-8 within its limit") {
    CHECK(clean_text("a\tb\nc", 10) == "a b c");
    CHECK(clean_text("gr\xC3\xBC\xC3\x9F", 10) == "gr\xC3\xBC\xC3\x9F");
    CHECK(clean_text("gr\xC3\xBC", 3) == "gr");
    CHECK(clean_text("\xFF\xC3", 10) == "??");
    CHECK(clean_text("\xED\xA0\x80", 10) == "???"); // half a surrogate pair
    rc::check("cleaning twice changes nothing", [](const std::string& text, std::uint8_t limit) {
        const std::string once = clean_text(text, limit);
        RC_ASSERT(once.size() <= limit);
        RC_ASSERT(clean_text(once, limit) == once);
    });
}

TEST_CASE("CPU ticks: waiting for disks is idle, guest time is not counted twice") {
    const char* stat = "cpu  30 0 10 50 10 0 0 0 20 0\ncpu0 10 0 5 25 5 0 0 0 10 0\ncpu1 20 0 5 25 "
                       "5 0 0 0 10 0\nintr 1\n";
    const auto whole = parse_cpu_ticks(stat, {});
    REQUIRE(whole);
    CHECK(whole->busy == 40);
    CHECK(whole->total == 100);
    CHECK(parse_cpu_ticks(stat, {1})->busy == 25);
    CHECK_FALSE(parse_cpu_ticks(stat, {7}));
    CHECK_FALSE(parse_cpu_ticks("cpu  1 2 x 4\n", {}));
    CHECK_FALSE(parse_cpu_ticks("cpu  1 2 3\n", {}));
    CHECK_FALSE(parse_cpu_ticks("", {}));
}

TEST_CASE("the busy share stays between 0 and 100 when counters step back") {
    CHECK(busy_percent({10, 100}, {60, 200}) == 50.0);
    CHECK(busy_percent({60, 100}, {10, 200}) == 0.0);
    CHECK(busy_percent({0, 100}, {500, 200}) == 100.0);
    CHECK_FALSE(busy_percent({10, 100}, {10, 100}));
    CHECK_FALSE(busy_percent({10, 100}, {10, 90}));
}

TEST_CASE("memory: what is available counts, and old kernels get an estimate") {
    const auto reading = parse_meminfo("MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 600 kB\n");
    REQUIRE(reading);
    CHECK(reading->total == Bytes{1'024'000});
    CHECK(reading->available == Bytes{614'400});
    CHECK(parse_meminfo("MemTotal: 1000 kB\nMemFree: 100 kB\nCached: 200 kB\n")->available == Bytes{307'200});
    CHECK(parse_meminfo("MemTotal: 10 kB\nMemAvailable: 99 kB\n")->available == Bytes{10'240});
    for (const char* wrong :
         {"", "MemTotal:", "MemTotal: -5 kB", "MemTotal: 0 kB", "MemTotal: 99999999999999999999 kB"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_meminfo(wrong));
    }
    CHECK(parse_node_memory("Node 0 MemTotal:  7301428 kB\n") == Bytes{7'476'662'272});
    CHECK_FALSE(parse_node_memory("Node 0 MemFree: 5 kB\n"));
}

TEST_CASE("no parser minds garbage") {
    rc::check("kernel texts", [](const std::string& text) {
        parse_meminfo("MemTotal:" + text);
        parse_node_memory(text);
        parse_cpu_ticks("cpu " + text, {});
        parse_cpu_ticks(text, {0, 1});
        value_of(text, "a");
        RC_ASSERT(split_words(text).size() <= text.size());
    });
}
