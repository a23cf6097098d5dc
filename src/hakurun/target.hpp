#pragma once
#include "base/result.hpp"
#include "span/sweep.hpp"

#include <string>
#include <vector>

namespace hk::hakurun {

/// A command ready to start.
struct Command {
    std::string path; ///< of the executable
    std::vector<std::string> argv;
};

/// Turns a combination into a command. Looks a target up once, not for every combination.
/// Fails with not_found when there is neither such a program nor such a module.
class Target {
public:
    Target(const span::Sweep& sweep, std::string python);
    Result<Command> command(std::vector<std::string> combination);

private:
    enum class Kind { program, module, function };
    Result<> look_up(const std::string& name);
    Result<> look_up_python(const std::string& name);

    std::string kinds_; ///< i, f or s for each argument after the target
    std::string python_;
    std::string name_; ///< what the two below belong to
    Kind kind_ = Kind::program;
    std::string path_;
};

} // namespace hk::hakurun
