#include "exec/outcome.hpp"

#include <csignal>
#include <cstring>

namespace hk::exec {
namespace {

std::string memory_sentence(const MemoryUse& memory) {
    std::string text = "it used more memory than its limit";
    if (memory.limit) text += " of " + format_size(*memory.limit);
    if (memory.peak) text += " (peak " + format_size(*memory.peak) + ")";
    return text;
}

std::optional<Bytes> larger(std::optional<Bytes> a, std::optional<Bytes> b) {
    if (!a || (b && *b > *a)) return b;
    return a;
}

std::optional<Bytes> peak_of(const KnownFacts& facts, const MemoryUse& memory) {
    std::optional<Bytes> single;
    if (facts.gone && facts.gone->peak_memory.value > 0) single = facts.gone->peak_memory;
    return larger(memory.peak, single);
}

/// Between its requests to end and its end by force an engine waits for 10 s.
constexpr Duration outside_grace = std::chrono::seconds(20);

bool stopped_from_outside(const KnownFacts& facts) {
    if (!facts.outside || facts.exited->exit_code == 0) return false;
    return facts.exited->at < facts.outside->at + outside_grace;
}

void add_verdict(const KnownFacts& facts, const MemoryUse& memory, Outcome& out) {
    const bool stopped = facts.stop && facts.exited->at >= facts.stop->asked;
    if (stopped) {
        out.reason = EndReason::killed;
    } else if (memory.oom_kills > 0 && out.exit_code != 0) {
        out.reason = EndReason::oom;
        out.message = memory_sentence(memory);
    } else if (memory.oom_kills > 0) {
        out.message = "a process of it was killed because " + memory_sentence(memory);
    } else if (stopped_from_outside(facts)) {
        out.reason = EndReason::interrupted;
        out.message = "its container was stopped from outside: by docker stop, or with the container engine";
    } else if (out.signal) {
        out.message = "it was ended by " + signal_name(*out.signal);
    }
}

} // namespace

void KnownFacts::take(const Fact& fact) {
    struct Taker {
        KnownFacts& facts;
        void operator()(const ForkedFact& f) const { facts.forked = f; }
        void operator()(const StartedFact& f) const { facts.started = f; }
        void operator()(const WarningFact& f) const { facts.warnings.push_back(f.text); }
        void operator()(const FailedFact& f) const { facts.failed = f; }
        void operator()(const ExitedFact& f) const { facts.exited = f; }
        void operator()(const LimitsFact& f) const { facts.limits = f; }
        void operator()(const MemoryFact& f) const { facts.memory = f; }
        void operator()(const GoneFact& f) const { facts.gone = f; }
        void operator()(const AdoptedFact&) const { facts.adopted = true; }
        void operator()(const OutsideFact& f) const { facts.outside = f; }
        void operator()(const StopFact& f) const {
            if (!facts.stop) facts.stop = f;
            else facts.stop->deadline = f.deadline; // the first request counts as when, the last as until when
        }
        void operator()(const OutcomeFact& f) const { facts.outcome = f; }
    };
    std::visit(Taker{*this}, fact);
}

Outcome judge(const KnownFacts& facts, const MemoryUse& memory) {
    if (facts.outcome) return facts.outcome->outcome;
    if (facts.failed && !facts.exited)
        return not_started(facts.failed->exit_code, facts.failed->at, facts.failed->text);
    Outcome out;
    out.signal = facts.exited->signal;
    out.exit_code = out.signal ? 128 + *out.signal : facts.exited->exit_code;
    if (facts.started) out.started_at = facts.started->at;
    out.finished_at = facts.exited->at;
    out.peak_memory = peak_of(facts, memory);
    if (facts.gone && facts.gone->cpu_time > Duration::zero()) out.cpu_time = facts.gone->cpu_time;
    add_verdict(facts, memory, out);
    return out;
}

Outcome interrupted(const KnownFacts& facts, Time at, std::string message) {
    Outcome out;
    out.reason = EndReason::interrupted;
    if (facts.started) out.started_at = facts.started->at;
    out.finished_at = at;
    out.message = std::move(message);
    return out;
}

Outcome not_started(int exit_code, Time at, std::string message) {
    Outcome out;
    out.reason = EndReason::not_started;
    out.exit_code = exit_code;
    out.finished_at = at;
    out.message = std::move(message);
    return out;
}

std::string signal_name(int signal) {
    const char* name = ::sigabbrev_np(signal);
    return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

} // namespace hk::exec
