#include "hakurun/target.hpp"

#include "hakurun/child.hpp"
#include "hakurun/launcher.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace hk::hakurun {
namespace {

bool is_executable_file(const std::string& path) {
    struct stat status{};
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

/// Where a shell would find this program; empty when nowhere.
std::string find_in_path(const std::string& name) {
    const char* variable = std::getenv("PATH");
    std::string_view path = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
    while (true) {
        const auto colon = path.find(':');
        const auto folder = path.substr(0, colon);
        std::string candidate = (folder.empty() ? "." : std::string(folder)) + "/" + name;
        if (is_executable_file(candidate)) return candidate;
        if (colon == path.npos) return {};
        path.remove_prefix(colon + 1);
    }
}

bool is_identifier_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// "a.b.c": names with dots between them, none of which begins with a digit.
bool is_dotted_name(std::string_view text) {
    bool begins = true;
    for (const char c : text) {
        if (c == '.' ? begins : !is_identifier_char(c)) return false;
        if (begins && c >= '0' && c <= '9') return false;
        begins = c == '.';
    }
    return !begins;
}

bool is_function_name(const std::string& name) {
    const auto colon = name.find(':');
    return colon != name.npos && is_dotted_name(std::string_view(name).substr(0, colon)) &&
           is_dotted_name(std::string_view(name).substr(colon + 1));
}

char letter_of(span::ArgKind kind) {
    switch (kind) {
    case span::ArgKind::integer: return 'i';
    case span::ArgKind::real: return 'f';
    case span::ArgKind::text: return 's';
    }
    return 's';
}

} // namespace

Target::Target(const span::Sweep& sweep, std::string python)
    : python_(std::move(python)) {
    for (std::size_t i = 1; i < sweep.arguments(); ++i) kinds_ += letter_of(sweep.kind(i));
}

Result<Command> Target::command(std::vector<std::string> combination) {
    const std::string name = combination.front();
    if (name != name_ || path_.empty()) HK_CHECK(look_up(name));
    Command command{path_, {}};
    if (kind_ == Kind::program) {
        command.argv = std::move(combination);
        return command;
    }
    if (kind_ == Kind::module) {
        command.argv = {python_, "-m", name};
    } else {
        command.argv = {python_, "-c", std::string(function_launcher()), name, kinds_};
    }
    command.argv.insert(command.argv.end(), combination.begin() + 1, combination.end());
    return command;
}

Result<> Target::look_up(const std::string& name) {
    name_ = name;
    kind_ = Kind::program;
    path_ = name.contains('/') ? name : find_in_path(name);
    if (name.contains('/') && !exists(name)) {
        path_.clear();
        return fail(Errc::not_found, "there is no program " + name);
    }
    if (name.contains('/') && !is_executable_file(name)) {
        path_.clear();
        return fail(Errc::forbidden, name + " is not an executable file (chmod +x, or name its interpreter first)");
    }
    return path_.empty() ? look_up_python(name) : Result<>{};
}

Result<> Target::look_up_python(const std::string& name) {
    const bool function = is_function_name(name);
    if (name.empty() || (!function && !is_dotted_name(name)) || exists(name)) {
        const std::string hint =
            exists(name) ? " (it is a file here: write ./" + name + ", or name its interpreter)" : "";
        return fail(Errc::not_found, "there is no program '" + name + "' in PATH" + hint);
    }
    const std::string python = python_.contains('/') ? python_ : find_in_path(python_);
    const std::string module = name.substr(0, name.find(':'));
    if (python.empty()) {
        return fail(Errc::not_found, "there is no program '" + name + "', and no " + python_ + " to look for a module");
    }
    HK_TRY(const auto found, run_quietly({python, {python_, "-c", std::string(module_finder()), module}}));
    if (found != 0) {
        return fail(Errc::not_found, "there is neither a program nor a Python module named '" + module + "'");
    }
    kind_ = function ? Kind::function : Kind::module;
    path_ = python;
    return {};
}

} // namespace hk::hakurun
