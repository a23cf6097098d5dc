#include "hakurun/run_main.hpp"

int main(int argc, char** argv) { return hk::hakurun::run_main(argc, argv); }
