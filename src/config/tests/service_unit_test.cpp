#include "config/service_unit.hpp"
#include "support/golden.hpp"

#include <doctest/doctest.h>

namespace {

using namespace hk;
using namespace hk::config;

std::string text(const UnitOptions& options) {
    const auto unit = unit_text(options);
    REQUIRE(unit);
    return *unit;
}

} // namespace

TEST_CASE("units are kept as files") {
    const std::vector<std::string> host{"/usr/bin/hakuriver.host", "--config", "/etc/hakuriver/config.toml"};
    const std::vector<std::string> runner{"/usr/bin/hakuriver.runner", "--config", "/etc/hakuriver/config.toml"};
    check_golden("config/hakuriver-host.service", text({.service = Service::host, .command = host, .user = "river"}));
    check_golden("config/hakuriver-runner.service", text({.service = Service::runner, .command = runner}));
    check_golden(
        "config/user/hakuriver-host.service",
        text({.service = Service::host, .for_user = true, .command = host, .user = "ignored", .notifies = true}));
    check_golden("config/user/hakuriver-runner.service",
                 text({.service = Service::runner, .for_user = true, .command = runner}));
}

TEST_CASE("tasks survive a restart of the runner's service") {
    const std::string unit = text({.service = Service::runner, .command = {"/usr/bin/hakuriver.runner"}});
    CHECK(unit.contains("\nKillMode=process\n"));
    CHECK(unit.contains("\nDelegate=yes\n"));
    CHECK(unit.contains("\nRestart=always\n"));
}

TEST_CASE("words of a command line") {
    CHECK(quote_unit_word("/plain/path-1.2_x") == "/plain/path-1.2_x");
    CHECK(quote_unit_word("/my files/a") == "\"/my files/a\"");
    CHECK(quote_unit_word("100%n") == "\"100%%n\"");
    CHECK(quote_unit_word("$HOME") == "\"$$HOME\"");
    CHECK(quote_unit_word("say \"hi\" \\o/") == "\"say \\\"hi\\\" \\\\o/\"");
    CHECK(quote_unit_word("it's") == "\"it's\"");
    CHECK(quote_unit_word(";") == "\";\"");
    CHECK(quote_unit_word("") == "\"\"");
    CHECK(
        text({.command = {"/opt/a $b%c/hakuriver", "$x"}}).contains("ExecStart=\"/opt/a $b%%c/hakuriver\" \"$$x\"\n"));
}

TEST_CASE("what cannot stand in a unit is refused") {
    CHECK(unit_text({.command = {}}).error().code == Errc::invalid);
    CHECK(unit_text({.command = {"hakuriver.host"}}).error().message.contains("absolute path"));
    CHECK_FALSE(unit_text({.command = {"/a/hakuriver", "line\nbreak"}}));
    CHECK_FALSE(unit_text({.command = {"/a/hakuriver"}, .user = "a b"}));
    CHECK_FALSE(unit_text({.command = {"/a/hakuriver"}, .user = "a\nExecStartPre=/bin/x"}));
}
