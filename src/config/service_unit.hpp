#pragma once
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The systemd units that `hakuriver.init service` writes. Text only; nothing here touches the
/// system.
namespace hk::config {

enum class Service { host, runner };

struct UnitOptions {
    Service service = Service::host;
    bool for_user = false;            ///< a unit of `systemctl --user`; `user` is ignored then
    std::vector<std::string> command; ///< the executable's absolute path and its arguments
    std::string user;                 ///< empty: root
    bool notifies = false;            ///< the program reports READY=1 itself (Type=notify instead of exec)
};

/// "hakuriver-host.service"
std::string_view unit_name(Service service);

/// The text of the unit. Refuses a relative executable and control characters in words (invalid).
Result<std::string> unit_text(const UnitOptions& options);

/// An argument in ExecStart as systemd reads it back: quoted where needed, with % and $ doubled.
std::string quote_unit_word(std::string_view word);

} // namespace hk::config
