#pragma once
#include "cli/host_api.hpp"
#include "cli/pace.hpp"
#include "cli/parser.hpp"
#include "cli/text.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hk::cli {

/// The options that every command has.
struct CommonOptions {
    std::optional<std::string> config;
    std::optional<std::string> host;
    bool json = false;
    bool quiet = false;
    bool no_color = false;
    bool wide = false;
};
void declare_common(Parser& parser, CommonOptions& options, bool asks_host);

/// Where the Host is, and who says so.
struct HostPlace {
    net::Address address;
    std::string origin;
};
/// --host, else $HAKURIVER_HOST, else the config file.
Result<HostPlace> find_host(const CommonOptions& options, std::string_view variable);

/// What a program is started with, from outside. Tests make up their own.
struct World {
    Surroundings around;
    std::function<void(std::string_view)> out; ///< standard output
    std::function<void(std::string_view)> err; ///< standard error
    std::function<Result<HostPlace>(const CommonOptions&)> locate;
    std::function<std::unique_ptr<HostLink>(const net::Address&)> link;
    std::function<std::string()> read_line; ///< one line of standard input
    Pace* pace = nullptr;
    std::function<std::string()> user; ///< who submits
    std::string program;               ///< "hakuriver.client", "hakuriver"
};

/// One run of one command: what it writes to, and the Host it asks. Results go to standard output,
/// everything that is said about them to standard error.
class Session {
public:
    Session(World& world, const CommonOptions& options);

    /// Results, for people or for programs.
    void print(std::string_view text);
    /// One JSON value, indented where a person reads it.
    void print_json(std::string_view json);
    /// A line about what happens; nothing with --quiet.
    void say(std::string_view line);
    /// What to type next; only for people, never with --quiet or --json.
    void hint(std::string_view line);
    /// A failure: one sentence, and a line for each field. With --json also as JSON on standard
    /// output.
    void complain(const Error& error);
    /// A line that the next one overwrites; only on a terminal. Empty: takes it away.
    void progress(std::string_view line);

    /// Asks a person yes or no; true without asking where nobody sits in front of it.
    bool confirm(std::string_view question);

    /// The Host. Fails when the config is wrong, not when the Host is away.
    Result<HostApi*> host();

    const Terminal& out() const { return out_; }
    const Terminal& err() const { return err_; }
    const CommonOptions& options() const { return options_; }
    bool json() const { return options_.json; }
    bool quiet() const { return options_.quiet; }
    Pace& pace() { return *world_.pace; }
    Time wall() { return world_.pace->now().wall; }
    World& world() { return world_; }

private:
    World& world_;
    const CommonOptions& options_;
    Terminal out_;
    Terminal err_;
    std::optional<HostApi> api_;
    bool progress_shown_ = false;
};

} // namespace hk::cli
