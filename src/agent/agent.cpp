#include "agent/agent.hpp"

#include <algorithm>
#include <utility>

namespace hk::agent {
namespace {

const ExecutorOffer* offer_of(const State& state, ExecutorKind kind) {
    const auto found = std::ranges::find(state.offers, kind, &ExecutorOffer::kind);
    return found == state.offers.end() ? nullptr : &*found;
}

bool offered(const State& state, ExecutorKind kind) {
    const auto* offer = offer_of(state, kind);
    return offer != nullptr && offer->available;
}

/// Containers go to Docker; everything else to systemd where it works, because systemd accounts for
/// it best.
ExecutorKind choose(const State& state, const TaskSpec& spec) {
    if (spec.container) return ExecutorKind::docker;
    return offered(state, ExecutorKind::systemd) ? ExecutorKind::systemd : ExecutorKind::process;
}

std::string why_not(const State& state, ExecutorKind kind) {
    const auto* offer = offer_of(state, kind);
    const std::string problem = offer != nullptr && !offer->problem.empty() ? ": " + offer->problem : "";
    return "this node does not offer the " + std::string(to_string(kind)) + " executor" + problem;
}

class Step {
public:
    Step(State& state, Time now)
        : state_(state)
        , now_(now) {}

    Effects run(const Event& event) {
        std::visit(*this, event);
        return std::move(effects_);
    }

    void operator()(const Orders& orders) {
        for (const Assignment& assignment : orders.start) start(assignment);
        for (const Stop& stop : orders.stop) order(stop);
        for (const AttemptId id : orders.pause) act(id, AttemptPhase::running, effects_.pause);
        for (const AttemptId id : orders.resume) act(id, AttemptPhase::paused, effects_.resume);
        for (const AttemptId id : orders.forget) forget(id);
    }

    void operator()(const Recovered& recovered) {
        const AttemptId id = recovered.assignment.attempt;
        const auto [entry, is_new] = state_.attempts.try_emplace(
            id, Attempt{recovered.assignment, recovered.executor, AttemptReport{.attempt = id}});
        if (!is_new) return;
        entry->second.report.warnings = recovered.warnings;
        if (recovered.outcome) take(entry->second.report, attempt::Ended{id, *recovered.outcome});
        else if (offer_of(state_, recovered.executor) != nullptr)
            effects_.recover.push_back({recovered.assignment, recovered.executor});
        else settle(entry->second, EndReason::interrupted, why_not(state_, recovered.executor) + " any more");
    }

    void operator()(const GpuReading& reading) {
        for (const Gpu& gpu : reading.gpus)
            if (!gpu.healthy)
                for (auto& [id, attempt] : state_.attempts) flag(attempt, gpu);
    }

    void operator()(const attempt::Event& event) {
        std::visit(
            [this](const auto& happened) {
                const auto found = state_.attempts.find(happened.attempt);
                if (found == state_.attempts.end() || found->second.report.outcome) return;
                take(found->second.report, happened);
                state_.news.insert(happened.attempt);
            },
            event);
    }

private:
    void start(const Assignment& assignment) {
        const AttemptId id = assignment.attempt;
        const ExecutorKind executor = choose(state_, *assignment.spec);
        const auto [entry, is_new] =
            state_.attempts.try_emplace(id, Attempt{assignment, executor, AttemptReport{.attempt = id}});
        state_.news.insert(id); // an attempt that is ordered again: the Host does not know how far it is
        if (!is_new) return;
        if (offered(state_, executor)) {
            effects_.begin.push_back({assignment, executor});
            return;
        }
        effects_.record_only.push_back(assignment);
        settle(entry->second, EndReason::not_started, why_not(state_, executor));
    }

    /// A task whose GPU is lost may hang, fail or go on without noticing: its owner decides. Said
    /// once per GPU.
    void flag(Attempt& attempt, const Gpu& gpu) {
        AttemptReport& report = attempt.report;
        const bool running = report.phase == AttemptPhase::running || report.phase == AttemptPhase::paused;
        if (!running ||
            std::ranges::find(attempt.assignment.placement.gpus, gpu.id) == attempt.assignment.placement.gpus.end())
            return;
        const std::string text = "its GPU " + std::to_string(gpu.id) + " is not healthy";
        if (std::ranges::any_of(report.warnings, [&](const auto& said) { return said.starts_with(text); })) return;
        report.warnings.push_back(text + (gpu.problem.empty() ? "" : ": " + gpu.problem));
        effects_.flag.push_back({report.attempt, report.warnings.back()});
        state_.news.insert(report.attempt);
    }

    void settle(Attempt& attempt, EndReason reason, std::string message) {
        Outcome outcome{.reason = reason, .finished_at = now_, .message = std::move(message)};
        effects_.settle.push_back({attempt.report.attempt, outcome});
        take(attempt.report, attempt::Ended{attempt.report.attempt, std::move(outcome)});
        state_.news.insert(attempt.report.attempt);
    }

    void order(const Stop& stop) {
        const auto found = state_.attempts.find(stop.attempt);
        if (found == state_.attempts.end()) return; // forgotten already: the Host knows its end
        if (found->second.report.outcome) {
            state_.news.insert(stop.attempt); // it ended before the order came
            return;
        }
        found->second.stop_asked = true;
        effects_.stop.push_back({stop.attempt, found->second.executor, stop.grace});
    }

    void act(AttemptId id, AttemptPhase from, std::vector<Effects::Act>& out) {
        const auto found = state_.attempts.find(id);
        if (found == state_.attempts.end()) return;
        AttemptReport& report = found->second.report;
        report.refused.clear();
        if (report.phase == from && !found->second.stop_asked) out.push_back({id, found->second.executor});
        else state_.news.insert(id); // the Host's picture is old
    }

    void forget(AttemptId id) {
        const auto found = state_.attempts.find(id);
        if (found == state_.attempts.end() || !found->second.report.outcome)
            return; // a result is never thrown away early
        effects_.forget.push_back({id, found->second.executor});
        state_.attempts.erase(found);
        state_.news.erase(id);
    }

    static void take(AttemptReport& report, const attempt::Started& event) {
        report.phase = AttemptPhase::running;
        report.started_at = event.at;
        auto known = std::exchange(report.warnings, event.warnings); // of an earlier life, on record
        for (std::string& text : known)
            if (std::ranges::find(report.warnings, text) == report.warnings.end())
                report.warnings.push_back(std::move(text));
        report.progress.clear();
    }
    static void take(AttemptReport& report, const attempt::Progress& event) { report.progress = event.text; }
    static void take(AttemptReport& report, const attempt::Paused&) { report.phase = AttemptPhase::paused; }
    static void take(AttemptReport& report, const attempt::Resumed&) { report.phase = AttemptPhase::running; }
    static void take(AttemptReport& report, const attempt::Refused& event) { report.refused = event.why; }
    static void take(AttemptReport& report, const attempt::Ended& event) {
        report.phase = AttemptPhase::ended;
        report.progress.clear();
        report.outcome = event.outcome;
    }

    State& state_;
    Time now_;
    Effects effects_;
};

/// The report as it is; a refusal is said once.
AttemptReport tell(AttemptReport& report) {
    AttemptReport told = report;
    report.refused.clear();
    return told;
}

} // namespace

Effects step(State& state, const Event& event, Time now) { return Step(state, now).run(event); }

std::vector<AttemptReport> take_news(State& state) {
    std::vector<AttemptReport> reports;
    for (const AttemptId id : state.news)
        if (const auto found = state.attempts.find(id); found != state.attempts.end())
            reports.push_back(tell(found->second.report));
    state.news.clear();
    return reports;
}

std::vector<AttemptReport> take_all(State& state) {
    std::vector<AttemptReport> reports;
    reports.reserve(state.attempts.size());
    for (auto& [id, attempt] : state.attempts) reports.push_back(tell(attempt.report));
    state.news.clear();
    return reports;
}

} // namespace hk::agent
