#include "host/submission.hpp"

#include "span/sweep.hpp"

#include <algorithm>

namespace hk::host {
namespace {

/// Collects what is wrong, so that the user hears of everything at once.
class Check {
public:
    explicit Check(const proto::SubmitRequest& request, const SubmissionPolicy& policy)
        : request_(request)
        , policy_(policy) {}

    Result<sched::Submit> run() {
        command();
        environment();
        resources();
        container();
        mounts();
        placement();
        if (!errors_.empty()) return fail(summary());
        auto spec = std::make_shared<const TaskSpec>(std::move(spec_));
        return sched::Submit{
            .spec = std::move(spec), .targets = std::move(targets_), .count = count_, .no_queue = request_.no_queue};
    }

private:
    void wrong(std::string path, std::string message) { errors_.push_back({std::move(path), std::move(message)}); }

    Error summary() {
        std::string message = errors_.front().message;
        if (errors_.size() > 1) message += " (and " + std::to_string(errors_.size() - 1) + " more)";
        return {Errc::invalid, std::move(message), std::move(errors_)};
    }

    void command();
    void sweep();
    void environment();
    void resources();
    void container();
    void environment(const EnvironmentChoice& choice, bool named);
    std::string way_to(const std::string& name) const;
    void mounts();
    void placement();
    void gpus_by_target();

    const proto::SubmitRequest& request_;
    const SubmissionPolicy& policy_;
    TaskSpec spec_;
    std::vector<Target> targets_;
    std::int64_t count_ = 1;
    std::vector<FieldError> errors_;
};

bool has_nul(const std::string& text) { return text.find('\0') != text.npos; }

/// What shells and programs that print their environment line by line can tell apart.
bool can_name_variable(const std::string& name) {
    return !name.empty() &&
           std::ranges::none_of(name, [](char c) { return c == '=' || (c >= 0 && c < ' ') || c == 127; });
}

void Check::command() {
    spec_.command = request_.command;
    spec_.arguments = request_.arguments;
    if (spec_.command.empty()) wrong("/command", "the command is empty; name a program to run");
    std::size_t bytes = spec_.command.size();
    for (const auto& argument : spec_.arguments) bytes += argument.size() + 1;
    if (has_nul(spec_.command) || std::ranges::any_of(spec_.arguments, has_nul))
        wrong("/arguments", "a command cannot contain a zero byte");
    if (bytes > most_argument_bytes || spec_.arguments.size() > most_arguments)
        wrong("/arguments", "the command line is too long; put long lists into a file in the shared folder");
    if (!request_.working_directory.empty() && !request_.working_directory.starts_with('/'))
        wrong("/working_directory", "the working directory must be an absolute path");
    spec_.working_directory = request_.working_directory;
    spec_.submitted_by = request_.submitted_by.substr(0, 64);
    sweep();
}

void Check::sweep() {
    count_ = request_.count;
    if (count_ < 1 || count_ > sched::most_tasks)
        wrong("/count", "the count must be 1 to " + std::to_string(sched::most_tasks));
    spec_.max_running = request_.max_running;
    spec_.max_fails = request_.max_fails;
    if (request_.max_running < 0) wrong("/max_running", "the number of tasks that may run at once cannot be negative");
    if (request_.max_fails.value_or(0) < 0) wrong("/max_fails", "the number of failures cannot be negative");
    if (!request_.sweep || !span::has_spans(spec_.arguments)) return;
    const auto sweep = span::parse_sweep(spec_.arguments);
    if (!sweep) {
        wrong("/arguments", sweep.error().message);
    } else if (sweep->size() > static_cast<std::uint64_t>(sched::most_tasks)) {
        wrong("/arguments", "the sweep has " + std::to_string(sweep->size()) + " combinations; at most " +
                                std::to_string(sched::most_tasks) + " can be submitted at once");
    } else {
        spec_.sweep = true;
        count_ *= static_cast<std::int64_t>(sweep->size());
    }
}

void Check::environment() {
    if (request_.env_vars.size() > most_env_vars) wrong("/env_vars", "too many environment variables");
    for (const auto& [name, value] : request_.env_vars) {
        if (!can_name_variable(name))
            wrong("/env_vars", "'" + name + "' cannot be the name of an environment variable");
        else if (has_nul(value) || value.size() > most_argument_bytes / 4)
            wrong("/env_vars/" + name, "the value of " + name + " is too long or contains a zero byte");
    }
    spec_.env = request_.env_vars;
}

void Check::resources() {
    spec_.cores = request_.required_cores;
    if (spec_.cores < 0) wrong("/required_cores", "the number of cores cannot be negative");
    spec_.memory = request_.required_memory_bytes;
    if (spec_.memory && spec_.memory->value == 0) spec_.memory.reset(); // how the original says "no limit"
    if (spec_.memory && spec_.memory->value < 4'000'000)
        wrong("/required_memory_bytes", "no program runs in less than 4 MB; write for example 512M or 4G");
    spec_.gpu_count = request_.gpu_count;
    if (spec_.gpu_count < 0) wrong("/gpu_count", "the number of GPUs cannot be negative");
    spec_.priority = request_.priority;
    if (spec_.priority < -1000 || spec_.priority > 1000) wrong("/priority", "the priority must be -1000 to 1000");
    spec_.strategy = request_.strategy;
}

/// How a packaged environment of this name comes to be.
std::string Check::way_to(const std::string& name) const {
    const auto busy = policy_.operations.find(name);
    if (busy != policy_.operations.end()) return "it is busy (" + busy->second + "), so try again in a while";
    return "package it with hakuriver.docker create-tar " + name +
           " (its container is made with create-container IMAGE " + name + ")";
}

void Check::container() {
    const bool named = request_.container_name.has_value();
    const std::string name = named ? *request_.container_name : policy_.containers ? policy_.default_container : "";
    spec_.privileged = request_.privileged.value_or(false);
    if (name.empty() || name == "NULL") {
        if (spec_.privileged)
            wrong("/privileged", "--privileged is for containers; this task runs directly on the node");
        return;
    }
    spec_.privileged = request_.privileged.value_or(policy_.default_privileged);
    if (spec_.privileged && !policy_.allow_privileged)
        wrong("/privileged", "this Host does not allow privileged containers (docker.allow_privileged)");
    auto choice = parse_environment_choice(name);
    if (!choice) return wrong("/container_name", choice.error().message);
    if (!policy_.containers)
        wrong("/container_name", "this Host cannot run containers yet; use --container NULL to run directly on a node");
    else environment(*choice, named);
    spec_.container = std::move(choice->name);
    spec_.container_version = std::move(choice->version);
}

void Check::environment(const EnvironmentChoice& choice, bool named) {
    const auto found = policy_.environments.find(choice.name);
    if (found == policy_.environments.end()) {
        wrong("/container_name", std::string(named ? "" : "the task names no environment and ") +
                                     "there is no packaged environment '" + choice.name + "' yet; " +
                                     way_to(choice.name) + ", or use --container NULL to run directly on a node");
        return;
    }
    const std::vector<std::string>& versions = found->second;
    if (choice.version.empty() || std::ranges::find(versions, choice.version) != versions.end()) return;
    wrong("/container_name", "the environment " + choice.name + " has no version " + choice.version +
                                 "; the newest is " + versions.front() + ", and hakuriver.docker list-tars shows all");
}

bool lies_in(const std::string& path, const std::filesystem::path& folder) {
    const auto relative = std::filesystem::path(path).lexically_normal().lexically_relative(folder);
    return !relative.empty() && *relative.begin() != "..";
}

void Check::mounts() {
    if (!request_.additional_mounts) {
        if (spec_.container) spec_.mounts = policy_.default_mounts;
        return;
    }
    if (request_.additional_mounts->size() > most_mounts) wrong("/additional_mounts", "too many mounts");
    if (!spec_.container && !request_.additional_mounts->empty() && errors_.empty())
        wrong("/additional_mounts", "mounts are for containers; this task runs directly on the node");
    for (std::size_t i = 0; i < request_.additional_mounts->size(); ++i) {
        const std::string path = "/additional_mounts/" + std::to_string(i);
        const auto mount = parse_mount((*request_.additional_mounts)[i]);
        if (!mount) {
            wrong(path, mount.error().message);
        } else if (!policy_.allowed_mounts.empty() &&
                   std::ranges::none_of(policy_.allowed_mounts,
                                        [&](const auto& folder) { return lies_in(mount->source, folder); })) {
            wrong(path, "this Host does not allow " + mount->source + " to be mounted (docker.allowed_mounts)");
        } else {
            spec_.mounts.push_back(*mount);
        }
    }
    if (const auto fine = check_mounts(spec_.mounts); !fine) wrong("/additional_mounts", fine.error().message);
}

void Check::placement() {
    const auto targets = request_.targets.value_or(std::vector<std::string>{});
    if (targets.size() > proto::most_targets)
        return wrong("/targets", "at most " + std::to_string(proto::most_targets) + " targets can be named");
    for (std::size_t i = 0; i < targets.size(); ++i) {
        auto target = parse_target(targets[i]);
        if (target) targets_.push_back(std::move(*target));
        else wrong("/targets/" + std::to_string(i), target.error().message);
    }
    gpus_by_target();
}

/// The original's way to name GPUs: a list for each target.
void Check::gpus_by_target() {
    if (!request_.required_gpus || !errors_.empty()) return;
    const auto& lists = *request_.required_gpus;
    if (std::ranges::all_of(lists, [](const auto& list) { return list.empty(); })) return;
    if (lists.size() != targets_.size())
        return wrong("/required_gpus",
                     "required_gpus needs one list for each of the " + std::to_string(targets_.size()) + " targets");
    for (std::size_t i = 0; i < lists.size(); ++i) {
        const std::string path = "/required_gpus/" + std::to_string(i);
        const std::set<int> ids(lists[i].begin(), lists[i].end());
        if (!targets_[i].gpus.empty() && !lists[i].empty()) wrong(path, "the target names its GPUs already");
        else if (ids.size() != lists[i].size()) wrong(path, "a GPU is named twice");
        else if (!ids.empty() && *ids.begin() < 0) wrong(path, "GPU ids are not negative");
        else if (!lists[i].empty()) targets_[i].gpus = lists[i];
    }
}

} // namespace

Result<sched::Submit> submission_of(const proto::SubmitRequest& request, const SubmissionPolicy& policy) {
    return Check(request, policy).run();
}

sched::Submit again(const std::vector<store::TaskRecord>& records) {
    const store::TaskRecord& first = records.front();
    TaskSpec spec = *first.spec;
    spec.indexes.clear();
    for (const store::TaskRecord& record : records) spec.indexes.push_back(index_of(*first.spec, record.index));
    sched::Submit submit{.spec = std::make_shared<const TaskSpec>(std::move(spec)),
                         .count = static_cast<std::int64_t>(records.size())};
    if (!first.target.node.value.empty()) submit.targets.push_back(first.target);
    return submit;
}

} // namespace hk::host
