#include "hakurun/hakurun.hpp"

int main(int argc, char** argv) { return hk::hakurun::run_main(argc, argv); }
