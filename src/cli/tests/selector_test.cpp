#include "cli/selector.hpp"

#include <doctest/doctest.h>

using namespace hk;
using namespace hk::cli;

namespace {

std::vector<std::int64_t> ids_of(std::vector<std::string> words) {
    const auto selector = parse_selectors(words);
    REQUIRE_MESSAGE(selector, selector.error().message);
    std::vector<std::int64_t> ids;
    for (const TaskId id : selector->ids) ids.push_back(id.value);
    return ids;
}

} // namespace

TEST_CASE("selector: ids, lists, ranges and last") {
    using Ids = std::vector<std::int64_t>;
    CHECK(ids_of({"12"}) == Ids{12});
    CHECK(ids_of({"3,5", "9"}) == Ids{3, 5, 9});
    CHECK(ids_of({"4-7"}) == Ids{4, 5, 6, 7});
    CHECK(ids_of({"5,4-6,5"}) == Ids{5, 4, 6});
    CHECK(ids_of({"8-8"}) == Ids{8});
    CHECK(parse_selector("last")->last);
    CHECK(parse_selector("last,3")->ids.size() == 1);
    CHECK(parse_selector("1-3")->range);
    CHECK_FALSE(parse_selector("1,3")->range);
}

TEST_CASE("selector: everything else is refused with what would be right") {
    for (const char* wrong : {"", "x", "-1", "1-", "-", "1,,2", ",", "0", "1 2", "+3", "1--2", "LAST", "1e3",
                              "99999999999999999999", "3;rm"}) {
        const auto selector = parse_selector(wrong);
        REQUIRE_FALSE_MESSAGE(selector, wrong);
        CHECK(selector.error().code == Errc::invalid);
        CHECK(selector.error().message.contains("names no task"));
    }
    CHECK(parse_selector("9-3").error().message == "the range 9-3 runs backwards; write 3-9");
}

TEST_CASE("selector: no more than a submission can make") {
    CHECK(parse_selector("1-10000")->ids.size() == most_selected);
    CHECK(parse_selector("1-10001").error().code == Errc::too_large);
    CHECK(parse_selector("1-9007199254740991").error().code == Errc::too_large);
    CHECK(parse_selectors(std::vector<std::string>{"1-6000", "7001-11001"}).error().code == Errc::too_large);
    CHECK(parse_selectors(std::vector<std::string>{"1-6000", "2001-8000"})->ids.size() == 8000);
}

TEST_CASE("selector: written back short") {
    const auto text = [](const std::vector<std::int64_t>& values) {
        std::vector<TaskId> ids;
        for (const auto value : values) ids.emplace_back(value);
        return format_ids(ids);
    };
    CHECK(text({}).empty());
    CHECK(text({7}) == "7");
    CHECK(text({4, 3}) == "3, 4");
    CHECK(text({9, 3, 4, 5, 6}) == "3-6, 9");
}
