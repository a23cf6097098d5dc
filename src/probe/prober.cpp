#include "probe/prober.hpp"

#include "probe/cgroup_limits.hpp"
#include "probe/cpu.hpp"
#include "probe/gpu_amd.hpp"
#include "probe/gpu_link.hpp"
#include "probe/gpu_table.hpp"
#include "probe/memory.hpp"
#include "probe/numa.hpp"
#include "probe/temperature.hpp"
#include "probe/text.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

namespace hk::probe {
namespace {

constexpr Duration sensors_are_fresh = std::chrono::minutes{1};
constexpr std::size_t most_stat_bytes = 256 << 10; // the CPU lines come first; interrupts may follow in megabytes

/// One GPU driver: its reader and what was read.
class GpuSource {
public:
    GpuSource(const ProbeSettings& settings, std::string vendor)
        : link_(settings.gpu_reader, {"gpu-reader", vendor, settings.root.string(), settings.nvml_library})
        , limit_(settings.gpu_silence_limit)
        , vendor_(std::move(vendor)) {}

    bool is(std::string_view vendor) const { return vendor_ == vendor; }
    void wait_once(Duration limit) {
        if (!seen_) take(link_.wait(limit));
    }
    void poll(Mono now) { take(link_.poll(now)); }
    std::vector<Gpu> gpus(Mono now) const {
        const std::string driver = vendor_ == "nvidia" ? "NVML" : "the amdgpu driver";
        return table_.gpus_after({.lasts = link_.silence(now), .limit = limit_, .reason = driver + " does not answer"});
    }

private:
    void take(std::optional<GpuFrame> frame) {
        if (!frame) return;
        seen_ = true;
        table_.apply(std::move(*frame));
    }
    GpuLink link_;
    GpuTable table_;
    Duration limit_;
    std::string vendor_;
    bool seen_ = false;
};

/// Whole GPUs of every vendor first, then MIG devices, so that a new MIG layout renumbers no whole
/// GPU.
std::vector<Gpu> in_one_list(const std::vector<Gpu>& gpus) {
    std::vector<Gpu> ordered;
    const auto is_whole = [](const Gpu& gpu) { return gpu.mig_parent.empty(); };
    std::ranges::copy_if(gpus, std::back_inserter(ordered), is_whole);
    std::ranges::copy_if(gpus, std::back_inserter(ordered), std::not_fn(is_whole));
    for (std::size_t i = 0; i < ordered.size(); ++i) ordered[i].id = static_cast<int>(i);
    return ordered;
}

double percent(Bytes part, Bytes whole) {
    return whole.value > 0 ? 100.0 * static_cast<double>(part.value) / static_cast<double>(whole.value) : 0;
}

} // namespace

struct Prober::Parts {
    ProbeSettings settings;
    std::vector<int> usable;
    bool confined = false;
    CgroupLimits limits;
    std::vector<std::filesystem::path> sensors;
    Mono sensors_found{};
    std::optional<CpuTicks> ticks;
    std::optional<Duration> cpu_time;
    Mono cpu_time_taken{};
    double last_cpu_percent = 0;
    std::vector<std::unique_ptr<GpuSource>> sources;

    void look_around() {
        usable = read_usable_cpus(settings.root);
        confined = is_confined(settings.root, usable);
        limits = read_cgroup_limits(settings.root);
        const bool readers = !settings.gpu_reader.empty();
        if (readers && !settings.nvml_library.empty()) add_source("nvidia");
        if (readers && has_amd_gpus(settings.root)) add_source("amd");
    }
    void add_source(std::string vendor) {
        if (std::ranges::any_of(sources, [&](const auto& source) { return source->is(vendor); })) return;
        sources.push_back(std::make_unique<GpuSource>(settings, std::move(vendor)));
    }
    std::optional<MemoryReading> read_memory() const {
        const auto text = read_text(settings.root / "proc/meminfo");
        return text ? parse_meminfo(*text) : std::nullopt;
    }
    void fill_memory(NodeUsage& usage) const;
    double cpu_percent(Mono now);
    std::optional<double> percent_of_quota(Mono now);
    std::optional<double> percent_of_cpus();
    std::vector<Gpu> gpus(Mono now) const;
};

void Prober::Parts::fill_memory(NodeUsage& usage) const {
    const auto reading = read_memory();
    if (!reading) return;
    usage.memory_total = reading->total;
    usage.memory_used = reading->total - reading->available;
    if (limits.memory && limits.memory->value < reading->total) {
        usage.memory_total = limits.memory->value;
        usage.memory_used = read_memory_used(*limits.memory).value_or(std::min(usage.memory_used, usage.memory_total));
    }
    usage.memory_percent = percent(usage.memory_used, usage.memory_total);
}

std::optional<double> Prober::Parts::percent_of_quota(Mono now) {
    if (!limits.cpus || limits.cpus->value >= static_cast<double>(usable.size())) return std::nullopt;
    const auto before = std::exchange(cpu_time, read_cpu_time(limits));
    const Duration passed = now - std::exchange(cpu_time_taken, now);
    if (!before || !cpu_time) return std::nullopt;
    if (passed <= Duration{}) return last_cpu_percent;
    const double used = static_cast<double>((*cpu_time - *before).count()) / static_cast<double>(passed.count());
    return std::clamp(100.0 * used / limits.cpus->value, 0.0, 100.0);
}

std::optional<double> Prober::Parts::percent_of_cpus() {
    const auto text = read_text(settings.root / "proc/stat", most_stat_bytes);
    const auto now = text ? parse_cpu_ticks(*text, confined ? usable : std::vector<int>()) : std::nullopt;
    const auto before = std::exchange(ticks, now);
    return before && now ? busy_percent(*before, *now) : std::nullopt;
}

double Prober::Parts::cpu_percent(Mono now) {
    const auto of_cpus = percent_of_cpus();
    const auto of_quota = percent_of_quota(now);
    last_cpu_percent = of_quota ? *of_quota : of_cpus.value_or(last_cpu_percent);
    return last_cpu_percent;
}

std::vector<Gpu> Prober::Parts::gpus(Mono now) const {
    std::vector<Gpu> all;
    for (const auto& source : sources)
        for (Gpu& gpu : source->gpus(now)) all.push_back(std::move(gpu));
    return in_one_list(all);
}

Prober::Prober(ProbeSettings settings)
    : parts_(std::make_unique<Parts>()) {
    parts_->settings = std::move(settings);
    parts_->look_around();
    parts_->cpu_percent(BootClock::now());
    for (const auto& source : parts_->sources) source->poll(BootClock::now()); // the drivers begin to wake up
}

Prober::~Prober() = default;

NodeInventory Prober::inventory() {
    Parts& parts = *parts_;
    parts.look_around();
    NodeInventory inventory;
    int cores = static_cast<int>(parts.usable.size());
    if (parts.limits.cpus) cores = std::clamp(static_cast<int>(std::min(parts.limits.cpus->value, 65'536.0)), 1, cores);
    inventory.cores = parts.settings.cores.value_or(cores);
    const auto reading = parts.read_memory();
    Bytes memory = reading ? reading->total : Bytes{};
    if (parts.limits.memory)
        memory = memory.value > 0 ? std::min(memory, parts.limits.memory->value) : parts.limits.memory->value;
    inventory.memory = parts.settings.memory.value_or(memory);
    inventory.numa = read_numa_nodes(parts.settings.root, parts.usable);
    inventory.boot_id = read_line(parts.settings.root / "proc/sys/kernel/random/boot_id");
    for (const auto& source : parts.sources) source->wait_once(parts.settings.gpu_first_wait);
    inventory.gpus = parts.gpus(BootClock::now());
    return inventory;
}

NodeUsage Prober::usage() {
    Parts& parts = *parts_;
    const Mono now = BootClock::now();
    NodeUsage usage;
    usage.cpu_percent = parts.cpu_percent(now);
    parts.fill_memory(usage);
    if (parts.sensors_found == Mono{} || now - parts.sensors_found > sensors_are_fresh) {
        parts.sensors = find_cpu_sensors(parts.settings.root);
        parts.sensors_found = now;
    }
    const Temperatures temperatures = read_temperatures(parts.sensors);
    usage.average_temperature = temperatures.average;
    usage.maximum_temperature = temperatures.maximum;
    for (const auto& source : parts.sources) source->poll(now);
    usage.gpus = parts.gpus(now);
    return usage;
}

} // namespace hk::probe
