#pragma once
#include "base/time.hpp"
#include "probe/gpu_frame.hpp"

#include <string>
#include <vector>

namespace hk::probe {

/// The GPUs of one driver as they were last seen. A GPU that was there once stays in the list: when
/// it falls off the bus the others must keep their numbers, and people should read why it is gone.
/// Pure; no clock.
class GpuTable {
public:
    /// Takes over what the driver says now. GPUs that it no longer mentions become unhealthy.
    void apply(GpuFrame frame);

    /// Whole GPUs in PCI order first, MIG devices after them.
    const std::vector<Gpu>& gpus() const { return gpus_; }

    /// The same after a silence of the driver: told from `stale_after` on, unhealthy from `limit`
    /// on.
    struct Silence {
        Duration lasts{};
        Duration limit{};
        std::string reason; ///< "NVML does not answer"
    };
    static constexpr Duration stale_after = std::chrono::seconds{7};
    std::vector<Gpu> gpus_after(const Silence& silence) const;

private:
    std::vector<Gpu> gpus_;
};

} // namespace hk::probe
