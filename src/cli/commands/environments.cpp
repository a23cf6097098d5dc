#include "cli/commands/commands.hpp"
#include "cli/operation.hpp"
#include "cli/render_task.hpp"
#include "net/http.hpp"

#include <array>
#include <filesystem>

/// hakuriver.docker: the environments. Short commands that are alike share one class.
namespace hk::cli {
namespace {

std::string path_of(const std::string& name, std::string_view rest = {}) {
    return "/api/environments/" + net::percent_encode(name) + std::string(rest);
}

Result<std::string> checked_name(const std::string& word) { return parse_environment_name(word); }

/// The list as it was answered, and read.
struct Listing {
    std::string body;
    proto::EnvironmentList list;
};
Result<Listing> get_list(Session& session) {
    HK_TRY(HostApi* const api, session.host());
    HK_TRY(std::string body, api->get("/api/environments"));
    HK_TRY(proto::EnvironmentList list, proto::parse_environment_list(body));
    return Listing{std::move(body), std::move(list)};
}

/// Without an engine the Host knows versions, which lie in the shared folder, but no container.
std::string problem_of(const proto::EnvironmentList& list, const Session& session) {
    return "containers cannot be used on the Host: " + harmless(list.problem, session.err().unicode);
}

class ListContainers : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.docker list-containers", .sentence = "Lists the containers on the Host."});
    }
    Result<int> run(Session& session) override {
        HK_TRY(const Listing listing, get_list(session));
        const auto& [body, list] = listing;
        if (list.engine.empty() && !list.problem.empty()) return fail(Errc::unavailable, problem_of(list, session));
        if (session.json()) {
            session.print_json(body);
            return 0;
        }
        const Terminal& out = session.out();
        Table table({{.title = "ENVIRONMENT", .elastic = true},
                     {.title = "STATE"},
                     {.title = "IMAGE", .rank = 1, .elastic = true},
                     {.title = "STATUS", .rank = 2, .elastic = true},
                     {.title = "NOW", .rank = 3, .elastic = true}});
        for (const proto::EnvironmentView& env : list.environments) {
            if (!env.container) continue;
            const bool runs = env.container->state == "running";
            table.add({cell(out, env.name + (env.is_default ? " (default)" : "")),
                       cell(out, env.container->state, runs ? Colour::green : Colour::yellow),
                       cell(out, env.container->image), cell(out, env.container->status), cell(out, env.operation)});
        }
        if (table.empty()) session.hint("none yet; make one with: hakuriver.docker create-container IMAGE ENV");
        else session.print(table.render(out));
        return 0;
    }
};

class ListTars : public Verb {
    void declare(Parser& parser) override {
        parser.about(
            {.usage = "hakuriver.docker list-tars", .sentence = "Lists the packaged versions of environments."});
    }
    Result<int> run(Session& session) override {
        HK_TRY(const Listing listing, get_list(session));
        const auto& [body, list] = listing;
        if (!list.problem.empty()) session.say(problem_of(list, session));
        if (session.json()) {
            session.print_json(body);
            return 0;
        }
        const Terminal& out = session.out();
        Table table({{.title = "ENVIRONMENT", .elastic = true},
                     {.title = "VERSION"},
                     {.title = "SIZE", .align = Align::right},
                     {.title = "CREATED", .rank = 2},
                     {.title = "TARBALL", .rank = 3, .elastic = true},
                     {.title = "ON NODES", .rank = 1, .elastic = true}});
        for (const proto::EnvironmentView& env : list.environments)
            for (const proto::VersionView& version : env.versions)
                table.add({cell(out, env.name),
                           cell(out, version.version),
                           {format_size(version.size_bytes)},
                           {local_time(version.created_at)},
                           cell(out, version.tarball),
                           cell(out, nodes_of(version))});
        if (table.empty()) session.hint("none yet; package one with: hakuriver.docker create-tar ENV");
        else session.print(table.render(out));
        return 0;
    }
    static std::string nodes_of(const proto::VersionView& version) {
        std::string text;
        for (const std::string& node : version.nodes) text += (text.empty() ? "" : ", ") + node;
        return text;
    }
};

class CreateContainer : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.docker create-container IMAGE ENV",
                      .sentence = "Makes a container on the Host from an image, to be set up by hand.",
                      .examples = {"hakuriver.docker create-container python:3.12-slim my-env",
                                   "hakuriver.docker-shell my-env", "hakuriver.docker create-tar my-env"}});
        parser.positional({.name = "IMAGE ENV",
                           .help = "the image to start from and a name for the environment",
                           .least = 2,
                           .most = 2},
                          words_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const std::string name, checked_name(words_[1]));
        net::Request request;
        request.method = net::Method::post;
        request.target = "/api/environments";
        request.headers.set("Content-Type", "application/json");
        request.body = proto::to_json(proto::CreateEnvironment{.image_name = words_[0], .name = name});
        HK_CHECK(follow_operation(session, std::move(request)));
        session.hint("set it up: hakuriver.docker-shell " + name + "   then: hakuriver.docker create-tar " + name);
        return 0;
    }
    std::vector<std::string> words_;
};

class CreateTar : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.docker create-tar ENV",
                      .sentence = "Packages the container's present state, so that every runner can have it."});
        parser.positional({.name = "ENV", .help = "name of the environment", .what = Names::environment}, words_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const std::string name, checked_name(words_[0]));
        net::Request request;
        request.method = net::Method::post;
        request.target = path_of(name, "/package");
        HK_CHECK(follow_operation(session, std::move(request)));
        session.hint("use it: hakuriver.client --container " + name + " -- COMMAND");
        return 0;
    }
    std::vector<std::string> words_;
};

class ImportTar : public Verb {
    void declare(Parser& parser) override {
        parser.about({.usage = "hakuriver.docker import-tar FILE ENV",
                      .sentence = "Publishes an image archive (docker save) as a version of an environment."});
        parser.positional({.name = "FILE ENV",
                           .help = "the archive and the name of the environment",
                           .least = 2,
                           .most = 2,
                           .what = Names::file},
                          words_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const std::string name, checked_name(words_[1]));
        std::error_code failed;
        if (!std::filesystem::is_regular_file(words_[0], failed))
            return fail(Errc::invalid, words_[0] + " is not a file");
        net::Request request;
        request.method = net::Method::post;
        request.target = path_of(name, "/import");
        request.headers.set("Content-Type", "application/x-tar");
        HK_CHECK(upload_operation(session, std::move(request), words_[0]));
        return 0;
    }
    std::vector<std::string> words_;
};

/// Start, stop and delete: one request, one sentence.
struct ShortText {
    AboutText about;
    net::Method method = net::Method::post;
    std::string_view rest;     ///< of the path
    std::string_view question; ///< asked before; empty: nothing is lost
};

class ShortVerb : public Verb {
public:
    explicit ShortVerb(ShortText text)
        : text_(std::move(text)) {}

private:
    void declare(Parser& parser) override {
        parser.about(text_.about);
        if (!text_.question.empty()) parser.flag({.names = "-y,--yes", .help = "Do not ask."}, yes_);
        if (text_.rest == "/versions")
            parser.option({.names = "--version", .value = "V", .help = "Only this version, not all."}, version_);
        parser.positional({.name = "ENV", .help = "name of the environment", .what = Names::environment}, words_);
    }
    Result<int> run(Session& session) override {
        HK_TRY(const std::string name, checked_name(words_[0]));
        HK_TRY(HostApi* const api, session.host());
        const std::string what = version_ ? "version " + *version_ + " of " + name : name;
        if (!text_.question.empty() && !yes_ && !session.confirm(std::string(text_.question) + " " + what + "?")) {
            session.say("nothing was done");
            return 0;
        }
        const std::string path = path_of(name, text_.rest) + query_of({{"version", version_.value_or("")}});
        HK_TRY(const std::string body,
               text_.method == net::Method::post ? api->post(path, {}, patience) : api->remove(path));
        if (session.json()) {
            session.print_json(body);
            return 0;
        }
        HK_TRY(const proto::MessageReply reply, proto::parse_message_reply(body));
        session.say(harmless(reply.message, session.err().unicode));
        return 0;
    }
    static constexpr Duration patience = std::chrono::seconds(60); ///< an engine takes 10 s to stop a container
    ShortText text_;
    bool yes_ = false;
    std::optional<std::string> version_;
    std::vector<std::string> words_;
};

std::unique_ptr<Verb> make_start() {
    return std::make_unique<ShortVerb>(ShortText{.about = {.usage = "hakuriver.docker start-container ENV",
                                                           .sentence = "Starts the container of an environment."},
                                                 .rest = "/start"});
}
std::unique_ptr<Verb> make_stop() {
    return std::make_unique<ShortVerb>(ShortText{
        .about = {.usage = "hakuriver.docker stop-container ENV", .sentence = "Stops the container of an environment."},
        .rest = "/stop"});
}
std::unique_ptr<Verb> make_delete_container() {
    return std::make_unique<ShortVerb>(
        ShortText{.about = {.usage = "hakuriver.docker delete-container ENV",
                            .sentence = "Deletes the container of an environment from the Host; its tarballs stay."},
                  .method = net::Method::delete_,
                  .question = "Delete the container of"});
}
std::unique_ptr<Verb> make_delete_tar() {
    return std::make_unique<ShortVerb>(
        ShortText{.about = {.usage = "hakuriver.docker delete-tar ENV [--version V]",
                            .sentence = "Deletes packaged versions of an environment; its container stays."},
                  .method = net::Method::delete_,
                  .rest = "/versions",
                  .question = "Delete the packaged versions of"});
}

constexpr std::array<Command, 9> commands{{
    {"list-containers", "the containers on the Host", &make_verb<ListContainers>},
    {"create-container", "make a container from an image", &make_verb<CreateContainer>},
    {"start-container", "start it", &make_start},
    {"stop-container", "stop it", &make_stop},
    {"delete-container", "delete it; its tarballs stay", &make_delete_container},
    {"create-tar", "package it for all runners", &make_verb<CreateTar>},
    {"list-tars", "the packaged versions", &make_verb<ListTars>},
    {"delete-tar", "delete packaged versions", &make_delete_tar},
    {"import-tar", "publish an image archive", &make_verb<ImportTar>},
}};

} // namespace

std::span<const Command> environment_commands() { return commands; }

} // namespace hk::cli
