#include "runner/worker.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <optional>

namespace hk::runner {
namespace {

ExecutorKind executor_of(const exec::SpoolRecord& record) {
    for (const std::string& fact : record.facts)
        if (fact.starts_with(exec::executor_fact))
            if (const auto kind = parse_executor_kind(std::string_view(fact).substr(exec::executor_fact.size())))
                return *kind;
    return record.assignment.spec->container ? ExecutorKind::docker : ExecutorKind::process;
}

/// The other half of `executor_of`: what the record says for itself is not written down.
std::optional<ExecutorKind> executor_to_record(const agent::Effects::Begin& begin) {
    if (begin.executor == ExecutorKind::process || begin.assignment.spec->container) return std::nullopt;
    return begin.executor;
}

agent::Recovered recovered(const exec::SpoolRecord& record) {
    agent::Recovered out{
        .assignment = record.assignment, .executor = executor_of(record), .outcome = {}, .warnings = {}};
    for (const std::string& line : record.facts) {
        const auto fact = exec::parse_fact(line);
        if (!fact) continue;
        if (const auto* outcome = std::get_if<exec::OutcomeFact>(&*fact); outcome && !out.outcome)
            out.outcome = outcome->outcome;
        if (const auto* warning = std::get_if<exec::WarningFact>(&*fact)) out.warnings.push_back(warning->text);
    }
    return out;
}

agent::Orders to_agent(const proto::Orders& orders) {
    agent::Orders out{.start = orders.start, .pause = orders.pause, .resume = orders.resume, .forget = orders.forget};
    for (const auto& stop : orders.stop) out.stop.push_back({stop.attempt, stop.grace});
    return out;
}

} // namespace

void Worker::use(Executors executors) {
    executors_ = std::move(executors);
    state_.offers = offers();
}

std::vector<ExecutorOffer> Worker::offers() const {
    std::vector<ExecutorOffer> offers;
    for (const auto& each : executors_) {
        offers.push_back(each->offer());
        if (withheld_.empty() || !offers.back().available) continue;
        offers.back().available = false;
        offers.back().problem = withheld_;
        offers.back().may_return = true;
    }
    return offers;
}

std::map<std::string, std::string> Worker::environments() const {
    std::map<std::string, std::string> all;
    for (const auto& each : executors_) all.merge(each->environments());
    return all;
}

bool Worker::refresh_offers() {
    auto now = offers();
    if (now == state_.offers) return false;
    state_.offers = std::move(now);
    return true;
}

exec::Executor* Worker::executor(ExecutorKind kind) {
    const auto found = std::ranges::find_if(executors_, [&](const auto& each) { return each->kind() == kind; });
    return found == executors_.end() ? nullptr : found->get();
}

std::vector<AttemptId> Worker::attempt_ids() const {
    std::vector<AttemptId> ids;
    ids.reserve(state_.attempts.size());
    for (const auto& [id, attempt] : state_.attempts) ids.push_back(id);
    return ids;
}

std::vector<TaskId> Worker::active() const {
    std::vector<TaskId> ids;
    for (const auto& [id, attempt] : state_.attempts)
        if (attempt.report.phase == AttemptPhase::running || attempt.report.phase == AttemptPhase::paused)
            ids.push_back(id.task);
    return ids;
}

Result<exec::ShellPlace> Worker::shell_in(AttemptId attempt) {
    const auto found = state_.attempts.find(attempt);
    exec::Executor* its = found == state_.attempts.end() ? nullptr : executor(found->second.executor);
    if (its == nullptr) return fail(Errc::not_found, "task " + to_string(attempt.task) + " is not on this node");
    return its->shell_in(attempt);
}

void Worker::use_gpus(const std::vector<Gpu>& gpus) {
    for (const auto& each : executors_) each->use_gpus(gpus);
}

void Worker::recover() {
    auto contents = spool_.records();
    for (const std::string& problem : contents.problems) log::warn(problem);
    for (const exec::SpoolRecord& record : contents.records) step(recovered(record));
    if (!contents.records.empty()) log::info("attempts were taken up again", {{"count", contents.records.size()}});
}

void Worker::take(const proto::Orders& orders) { step(to_agent(orders)); }

void Worker::on_event(const exec::Event& event) {
    if (const auto* ended = std::get_if<exec::Ended>(&event)) unsynced_.insert(ended->attempt);
    step(event);
}

void Worker::step(const agent::Event& event) {
    perform(agent::step(state_, event, read_clocks().wall));
    announce();
}

void Worker::perform(const agent::Effects& effects) {
    if (record(effects.begin, effects.record_only)) begin(effects.begin);
    for (const auto& again : effects.recover)
        if (auto* its = executor(again.executor)) its->recover(again.assignment);
    for (const auto& settle : effects.settle)
        append(settle.attempt, exec::OutcomeFact{settle.outcome}, "a result could not be recorded");
    for (const auto& flag : effects.flag) {
        log::warn(flag.text, {{"attempt", to_string(flag.attempt)}});
        append(flag.attempt, exec::WarningFact{flag.text}, "a warning could not be recorded");
    }
    for (const auto& stop : effects.stop)
        if (auto* its = executor(stop.executor)) its->stop(stop.attempt, stop.grace);
    for (const auto& act : effects.pause)
        if (auto* its = executor(act.executor)) its->pause(act.attempt);
    for (const auto& act : effects.resume)
        if (auto* its = executor(act.executor)) its->resume(act.attempt);
    forget(effects.forget);
}

void Worker::append(AttemptId attempt, const exec::Fact& fact, std::string_view what) {
    if (auto written = spool_.append(attempt, exec::format_fact(fact)); !written)
        log::warn(what, {{"attempt", to_string(attempt)}, {"why", written.error().message}});
}

/// One wait for the disk, however many assignments came together.
bool Worker::record(const std::vector<agent::Effects::Begin>& begins, const std::vector<Assignment>& others) {
    std::vector<exec::NewRecord> all(others.begin(), others.end());
    for (const auto& begin : begins) all.emplace_back(begin.assignment, executor_to_record(begin));
    if (all.empty()) return true;
    const auto recorded = spool_.put(all);
    if (!recorded) end_unrecorded(begins, recorded.error());
    return recorded.has_value();
}

void Worker::end_unrecorded(const std::vector<agent::Effects::Begin>& begins, const Error& why) {
    log::error("assignments could not be recorded", {{"count", begins.size()}, {"why", why.message}});
    for (const auto& begin : begins) {
        const Outcome outcome{.reason = EndReason::not_started,
                              .finished_at = read_clocks().wall,
                              .message = "the node could not record it: " + why.message};
        step(attempt::Event{attempt::Ended{begin.assignment.attempt, outcome}});
    }
}

void Worker::begin(const std::vector<agent::Effects::Begin>& begins) {
    for (const auto& begin : begins) {
        auto* its = executor(begin.executor);
        if (its == nullptr) continue; // the agent starts only what is offered
        its->start(begin.assignment);
    }
}

void Worker::forget(const std::vector<agent::Effects::Act>& forgets) {
    for (const auto& act : forgets) {
        unsynced_.erase(act.attempt);
        if (auto* its = executor(act.executor)) its->forget(act.attempt);
        if (auto erased = spool_.erase(act.attempt); !erased)
            log::warn("a spool record stays", {{"attempt", to_string(act.attempt)}, {"why", erased.error().message}});
    }
}

void Worker::announce() {
    if (announcing_ || state_.news.empty()) return;
    announcing_ = true;
    loop_.defer([this] {
        announcing_ = false;
        // A hello that is under way does not have it any more: it stays news until the Host listens.
        if (!can_tell()) return;
        auto news = agent::take_news(state_);
        if (!news.empty()) (void)on_news(std::move(news));
    });
}

void Worker::sync_results() {
    if (unsynced_.empty()) return;
    const std::vector<AttemptId> attempts(unsynced_.begin(), unsynced_.end());
    unsynced_.clear();
    const auto synced = spool_.sync(attempts);
    if (synced) return;
    log::warn("results are not on disk yet", {{"why", synced.error().message}});
    for (const AttemptId attempt : attempts) // again in a second, until the disk takes them
        if (spool_.contains(attempt)) unsynced_.insert(attempt);
}

} // namespace hk::runner
