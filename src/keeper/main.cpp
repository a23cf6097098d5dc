#include "keeper/daemon.hpp"
#include "keeper/init.hpp"
#include "keeper/line.hpp"
#include "keeper/unit.hpp"

#include <cstring>
#include <unistd.h>

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--daemon") == 0) return hk::keeper::run_daemon(argc - 2, argv + 2);
    if (argc > 1 && std::strcmp(argv[1], "--init") == 0) return hk::keeper::run_init(argc - 2, argv + 2);
    if (argc > 1 && std::strcmp(argv[1], "--unit") == 0) return hk::keeper::run_unit(argc - 2, argv + 2);
    hk::keeper::Line line;
    line.word("usage: hakuriver-keeper --daemon DIR | --unit DIR MESSAGE | --init ... -- PROGRAM ARGUMENTS...");
    line.append_to(STDERR_FILENO);
    return 125;
}
