#include "cli/session.hpp"

#include "cli/log_filter.hpp"
#include "proto/error_map.hpp"
#include "json/json.hpp"

namespace hk::cli {
namespace {

/// The sentence, or sentences (a config file may have many mistakes), then the fields they do not
/// speak of.
std::string lines_of(const Error& error, bool unicode) {
    std::string text;
    std::string_view rest = error.message;
    for (;;) {
        const auto end = rest.find('\n');
        text += harmless(rest.substr(0, end), unicode) + "\n";
        if (end == rest.npos) break;
        rest.remove_prefix(end + 1);
    }
    for (const FieldError& field : error.fields)
        if (!error.message.contains(field.message))
            text += "  " + harmless(field.path + ": " + field.message, unicode) + "\n";
    return text;
}

} // namespace

void declare_common(Parser& parser, CommonOptions& options, bool asks_host) {
    parser.section("Everywhere");
    parser.flag({.names = "-q,--quiet", .help = "Print ids only, and say nothing else."}, options.quiet);
    parser.flag({.names = "--no-color", .help = "No colours."}, options.no_color);
    if (!asks_host) return;
    parser.flag({.names = "--json", .help = "Print one JSON value for programs."}, options.json);
    parser.flag({.names = "--wide", .help = "Shorten nothing, whatever the width."}, options.wide);
    parser.option({.names = "--host",
                   .value = "ADDRESS",
                   .help = "The Host, instead of the config's: name, name:port or unix:/path. Also "
                           "$HAKURIVER_HOST."},
                  options.host);
    parser.option({.names = "--config", .value = "PATH", .help = "Config file.", .what = Names::file}, options.config);
}

Session::Session(World& world, const CommonOptions& options)
    : world_(world)
    , options_(options)
    , out_(terminal_for(world.around, world.around.out_tty, options.no_color))
    , err_(terminal_for(world.around, world.around.err_tty, options.no_color)) {
    if (options.wide) out_.width = 0;
}

void Session::print(std::string_view text) {
    progress({});
    world_.out(text);
}

void Session::print_json(std::string_view json) {
    std::string text(json);
    if (out_.is_tty)
        if (const auto value = json::parse(json)) text = LogFilter().pass(json::serialize_pretty(*value));
    if (!text.ends_with('\n')) text += '\n';
    print(text);
}

void Session::say(std::string_view line) {
    if (options_.quiet) return;
    progress({});
    world_.err(std::string(line) + "\n");
}

void Session::hint(std::string_view line) {
    if (line.empty() || !err_.is_tty || !out_.is_tty || options_.quiet || options_.json) return;
    progress({});
    world_.err(paint(err_, Colour::dim, line) + "\n");
}

void Session::complain(const Error& error) {
    progress({});
    world_.err(world_.program + ": " + lines_of(error, err_.unicode));
    if (options_.json) print_json(proto::error_body(error));
}

void Session::progress(std::string_view line) {
    if (!err_.is_tty || options_.quiet) return;
    if (line.empty() && !progress_shown_) return;
    const auto width = static_cast<std::size_t>(err_.width > 1 ? err_.width - 1 : 1);
    world_.err("\r\x1b[K" + shorten(line, width, err_.unicode));
    progress_shown_ = !line.empty();
}

bool Session::confirm(std::string_view question) {
    if (!world_.around.in_tty || !err_.is_tty || options_.quiet || options_.json) return true;
    progress({});
    world_.err(std::string(question) + " [y/N] ");
    const std::string answer = world_.read_line();
    return answer == "y" || answer == "Y" || answer == "yes";
}

Result<HostApi*> Session::host() {
    if (!api_) {
        HK_TRY(const HostPlace place, world_.locate(options_));
        api_.emplace(world_.link(place.address), net::to_text(place.address), place.origin);
    }
    return &*api_;
}

} // namespace hk::cli
