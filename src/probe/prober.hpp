#pragma once
#include "base/time.hpp"
#include "base/units.hpp"
#include "model/node.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

/// What this machine is made of and how busy it is, read from /proc, /sys and the GPU drivers.
namespace hk::probe {

struct ProbeSettings {
    std::filesystem::path root = "/"; ///< every path is read below this folder; recorded machines are tested so
    std::optional<int> cores;         ///< said by the configuration; otherwise counted
    std::optional<Bytes> memory;      ///< said by the configuration; otherwise what the kernel says
    /// Name or path for dlopen of NVIDIA's library; empty: no NVIDIA GPUs are looked for.
    std::string nvml_library = "libnvidia-ml.so.1";
    /// The executable whose main() begins with run_gpu_reader(); GPU drivers are asked in such a
    /// process of its own, because a driver may hang or crash. Empty: no GPUs are looked for.
    std::filesystem::path gpu_reader = "/proc/self/exe";
    Duration gpu_first_wait = std::chrono::seconds{5};     ///< how long inventory() waits for the first GPU reading
    Duration gpu_silence_limit = std::chrono::seconds{15}; ///< a driver silent for longer: its GPUs are not healthy
};

/// Looks at one machine. Owned by the runner and used from one thread, any. Nothing here fails:
/// what cannot be read is absent or -1, as the fields of NodeInventory and NodeUsage say.
class Prober {
public:
    explicit Prober(ProbeSettings settings);
    ~Prober();
    Prober(const Prober&) = delete;
    Prober& operator=(const Prober&) = delete;

    /// Fills cores, memory, numa, gpus and boot_id; the limits of this process's cgroup and its CPU
    /// mask count, since a node may be a container. May block for `gpu_first_wait` where a driver
    /// is slow to wake up.
    NodeInventory inventory();

    /// One reading: below 2 ms, never waits for a driver. CPU and GPU figures cover the time since
    /// the last call; GPU figures are those the driver gave after the last call. A GPU that appears
    /// later than inventory() is listed here, so a longer list than the inventory's means that the
    /// runner should say hello again.
    NodeUsage usage();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The first words of main() of the executable that ProbeSettings::gpu_reader names: when the
/// command line asks for a GPU reader this runs one and gives its exit code, otherwise nothing
/// happens and the result is empty.
std::optional<int> run_gpu_reader(int argc, char** argv);

} // namespace hk::probe
