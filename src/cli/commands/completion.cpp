#include "cli/commands/batch.hpp"
#include "cli/commands/client.hpp"
#include "cli/commands/commands.hpp"
#include "cli/render_task.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace hk::cli {
namespace {

constexpr Duration answer_limit = std::chrono::milliseconds(300); ///< a key press must not wait for a Host that is away
constexpr std::size_t most_tasks = 50;

constexpr std::string_view bash_script = R"(_hakuriver() {
    local line IFS=$'\n'
    COMPREPLY=()
    for line in $(hakuriver __complete "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null); do
        COMPREPLY+=("${line%%$'\t'*}")
    done
}
complete -o default -F _hakuriver hakuriver hakuriver.client hakuriver.docker hakuriver.docker-shell hakuriver.init
)";

constexpr std::string_view zsh_script =
    R"(#compdef hakuriver hakuriver.client hakuriver.docker hakuriver.docker-shell hakuriver.init
_hakuriver() {
    local line
    local -a found
    for line in "${(@f)$(hakuriver __complete "${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#found )); then _describe hakuriver found; else _files; fi
}
compdef _hakuriver hakuriver hakuriver.client hakuriver.docker hakuriver.docker-shell hakuriver.init
)";

constexpr std::string_view fish_script =
    R"(for program in hakuriver hakuriver.client hakuriver.docker hakuriver.docker-shell hakuriver.init
    complete -c $program -a '(hakuriver __complete (commandline -opc) (commandline -ct) 2>/dev/null)'
end
)";

class CompletionVerb : public Verb {
    void declare(Parser& parser) override {
        parser.about(
            {.usage = "hakuriver completion bash|zsh|fish",
             .sentence = "Prints the completion script for a shell.",
             .examples = {"source <(hakuriver completion bash)", "hakuriver completion zsh > ~/.zfunc/_hakuriver",
                          "hakuriver completion fish > ~/.config/fish/completions/hakuriver.fish"}});
        parser.positional(
            {.name = "SHELL", .help = "bash, zsh or fish", .what = Names::choice, .choices = "bash,zsh,fish"}, shell_);
    }
    bool asks_host() const override { return false; }
    Result<int> run(Session& session) override {
        const std::string& shell = shell_.front();
        if (shell != "bash" && shell != "zsh" && shell != "fish")
            return fail(Errc::invalid,
                        "there is no completion for \"" + shell.substr(0, 40) + "\"; choose bash, zsh or fish");
        session.print(shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : fish_script);
        return 0;
    }
    std::vector<std::string> shell_;
};

/// What could stand at the end of the words: "VALUE\tDESCRIPTION" lines.
class Candidates {
public:
    Candidates(Session& session, std::string typed)
        : session_(session)
        , typed_(std::move(typed)) {}

    void add(std::string_view value, std::string_view description) {
        if (!value.starts_with(typed_)) return;
        text_ += harmless(value) + "\t" + harmless(description) + "\n";
    }
    void add_options(const Parser& parser) {
        for (const auto& declared : parser.declared())
            for (const std::string_view name : declared.names)
                if (name.starts_with("--") || typed_ == "-") add(name, declared.help);
    }
    void add_values(const Parser::Declared& declared);
    void add_commands(std::span<const Command> commands) {
        for (const Command& command : commands)
            if (!command.summary.empty()) add(command.name, command.summary);
    }
    const std::string& typed() const { return typed_; }
    const std::string& text() const { return text_; }

private:
    void add_nodes(HostApi& api);
    void add_tasks(HostApi& api, bool batches);
    void add_environments(HostApi& api);

    Session& session_;
    std::string typed_;
    std::string text_;
};

void Candidates::add_nodes(HostApi& api) {
    const auto body = api.get("/api/nodes", answer_limit);
    const auto list = body ? proto::parse_node_list(*body) : fail(body.error());
    if (!list) return;
    for (const auto& node : list->nodes) add(node.hostname, node.status);
}

void Candidates::add_tasks(HostApi& api, bool batches) {
    const auto body = api.get("/api/tasks?limit=" + std::to_string(most_tasks), answer_limit);
    const auto list = body ? proto::parse_task_list(*body) : fail(body.error());
    if (!list) return;
    add("last", "your newest submission");
    std::int64_t newest = 0; // of one batch the first line is enough
    for (const auto& task : list->tasks) {
        if (batches && task.batch_id.value == std::exchange(newest, task.batch_id.value)) continue;
        add(batches ? to_string(task.batch_id) : to_string(task.task_id),
            std::string(to_string(task.status)) + " " + shorten(command_line(task), 50, true));
    }
}

void Candidates::add_environments(HostApi& api) {
    const auto body = api.get("/api/environments", answer_limit);
    const auto list = body ? proto::parse_environment_list(*body) : fail(body.error());
    if (!list) return;
    for (const auto& environment : list->environments)
        add(environment.name, environment.container ? environment.container->image : "packaged");
}

void Candidates::add_values(const Parser::Declared& declared) {
    std::string_view choices = declared.choices;
    while (declared.what == Names::choice && !choices.empty()) {
        const auto comma = std::min(choices.find(','), choices.size());
        add(choices.substr(0, comma), "");
        choices.remove_prefix(std::min(comma + 1, choices.size()));
    }
    const bool tasks = declared.what == Names::task || declared.what == Names::batch;
    const bool asks = tasks || declared.what == Names::node || declared.what == Names::environment;
    if (!asks) return;
    const auto api = session_.host();
    if (!api) return;
    if (declared.what == Names::node) add_nodes(**api);
    if (tasks) add_tasks(**api, declared.what == Names::batch);
    if (declared.what == Names::environment) add_environments(**api);
}

const Parser::Declared* find_option(const std::vector<Parser::Declared>& all, std::string_view name) {
    for (const auto& declared : all)
        if (std::ranges::count(declared.names, name) > 0) return &declared;
    return nullptr;
}

/// `words`: what stands before the word being typed.
void complete_verb(Candidates& into, Verb& verb, std::span<const std::string> words) {
    Parser parser;
    declare_all(verb, parser);
    const auto all = parser.declared();
    std::size_t positionals = 0;
    const Parser::Declared* waiting = nullptr; // an option whose value comes next
    for (const std::string& word : words) {
        if (waiting != nullptr) {
            waiting = nullptr;
            continue;
        }
        const bool option = word.starts_with('-') && word != "-" && word != "--";
        if (!option) ++positionals;
        const auto* declared = option ? find_option(all, word) : nullptr;
        if (declared != nullptr && declared->takes_value) waiting = declared;
    }
    if (waiting != nullptr) return into.add_values(*waiting);
    const auto positional = std::ranges::find_if(all, [](const auto& d) { return d.names.empty(); });
    if (positional != all.end() && positional->is_command && positionals > 0) return; // the user's own command
    if (into.typed().starts_with('-')) return into.add_options(parser);
    if (positional != all.end() && (positionals == 0 || positional->repeatable)) into.add_values(*positional);
}

void complete_menu(Candidates& into, std::span<const Command> commands, std::span<const std::string> words) {
    if (words.empty()) return into.add_commands(commands);
    const auto found = std::ranges::find(commands, words.front(), &Command::name);
    if (found != commands.end()) complete_verb(into, *found->make(), words.subspan(1));
}

void complete_batch(Candidates& into, std::span<const std::string> words) {
    const auto commands = batch_commands();
    const bool named = !words.empty() && std::ranges::count(commands, words.front(), &Command::name) > 0;
    if (named) return complete_menu(into, commands, words);
    if (words.empty()) into.add_commands(commands);
    complete_verb(into, *make_batch(), words);
}

void complete_umbrella(Candidates& into, std::span<const std::string> words) {
    complete_menu(into, client_commands(), words);
    if (!words.empty()) return;
    into.add("env", "environments");
    into.add("init", "first steps on a machine");
    into.add("host", "start the Host");
    into.add("runner", "start a runner");
    into.add("hakurun", "a local sweep");
}

class CompleteVerb : public Verb {
    void declare(Parser& parser) override { parser.command({.name = "WORDS"}, words_); }
    Result<int> run(Session& session) override {
        std::vector<std::string> words = std::move(words_.words);
        if (words.size() < 2) return 0;
        const std::string program = std::filesystem::path(words.front()).filename();
        Candidates found(session, words.back());
        const auto before = std::span<const std::string>(words).subspan(1, words.size() - 2);
        if (program == "hakuriver.client") complete_verb(found, *make_client(), before);
        else if (program == "hakuriver.docker-shell") complete_verb(found, *make_shell(), before);
        else if (program == "hakuriver.docker") complete_menu(found, environment_commands(), before);
        else if (program == "hakuriver.init") complete_menu(found, init_commands(), before);
        else if (!before.empty() && before.front() == "env")
            complete_menu(found, environment_commands(), before.subspan(1));
        else if (!before.empty() && before.front() == "batch") complete_batch(found, before.subspan(1));
        else if (!before.empty() && before.front() == "init") complete_menu(found, init_commands(), before.subspan(1));
        else complete_umbrella(found, before);
        session.print(found.text());
        return 0;
    }
    UserCommand words_;
};

} // namespace

std::unique_ptr<Verb> make_completion() { return make_verb<CompletionVerb>(); }
std::unique_ptr<Verb> make_complete() { return make_verb<CompleteVerb>(); }

} // namespace hk::cli
