#include "cli/table.hpp"

#include "support/golden.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace hk::cli;

namespace {

Table sample() {
    Table table({{.title = "ID", .align = Align::right},
                 {.title = "STATUS"},
                 {.title = "NODE", .rank = 1},
                 {.title = "COMMAND", .elastic = true, .least = 12},
                 {.title = "SUBMITTED BY", .rank = 3},
                 {.title = "TIME", .align = Align::right, .rank = 2}});
    table.add({{"1"},
               {"running", Colour::green},
               {"node1"},
               {"python train.py --epochs 100 --lr 0.001 --out /shared/run-1"},
               {"alice"},
               {"3 m 20 s"}});
    table.add({{"12"}, {"failed", Colour::red}, {"计算节点"}, {"df -h"}, {"bob"}, {"4 s"}});
    return table;
}

std::size_t widest_line(const std::string& text) {
    std::istringstream lines(text);
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, display_width(line));
    return widest;
}

} // namespace

TEST_CASE("table: adapts to the width, and says all of it without one") {
    const Table table = sample();
    std::string all;
    for (const int width : {0, 100, 80, 60, 40, 30, 10}) {
        const std::string text = table.render({.is_tty = width > 0, .unicode = true, .width = width});
        if (width >= 30) CHECK(widest_line(text) <= static_cast<std::size_t>(width));
        all += "width " + std::to_string(width) + "\n" + text + "\n";
    }
    all += "ASCII\n" + table.render({.unicode = false, .width = 60});
    all += "\ncolour\n" + table.render({.colour = true, .unicode = true, .width = 60});
    check_golden("cli/table.txt", all);
}

TEST_CASE("table: cells of untrusted text stay on their line") {
    const Terminal terminal{.unicode = true};
    Table table({{.title = "COMMAND"}});
    table.add({cell(terminal, "echo 'a\nb' \x1b[31m")});
    CHECK(table.render(terminal) == "COMMAND\necho 'a\\nb' \\x1b[31m\n");
}

TEST_CASE("facts: names are aligned and empty values left out") {
    Facts facts;
    facts.add("status", {"running", Colour::green});
    facts.add("message", {""});
    facts.add("node", {"node1"});
    CHECK(facts.render({}) == "status  running\nnode    node1\n");
}
