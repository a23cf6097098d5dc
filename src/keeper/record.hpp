#pragma once
#include "keeper/line.hpp"
#include "keeper/protocol.hpp"

#include <csignal>

/// Reads and writes the spool record of one attempt. No state: safe in every process of the keeper.
namespace hk::keeper {

/// Opens FOLDER/ATTEMPT for appending; -1 when there is no such record or the name is not that of an attempt.
int open_record(int folder, const char* attempt);

/// Appends the line and does not give up while the disk is full: the fact may be an exit code that nobody else knows.
/// A negative descriptor ignores it.
void append_fact(int record, Line& line);

/// Locks the record, and says whether it still has the size that it had when it held the assignment alone. Another size
/// means that the attempt was started before: a start that is said twice happens once.
bool claim_untouched(int record, std::uint64_t size);

/// The kernel's name for this boot; "-" when it has none.
inline constexpr unsigned boot_id_room = 40;
void read_boot_id(char (&out)[boot_id_room]);

/// Where a record stands, from its last lines.
struct Standing {
    int task = 0;              ///< from `forked`; 0: there is no task yet
    bool ended = false;        ///< `exited`, `signalled` or `failed` is there
    bool gone = false;         ///< nothing more will be written
    std::int64_t deadline = 0; ///< of the stop that was asked for; 0: none was
};
Standing read_standing(int record);

void append_started(int record);
void append_failure(int record, int code, const char* what, const char* why);
/// What waitid says, in the form of wait4.
int status_of(const siginfo_t& ended);
/// Says `exited` or `signalled`. The status is that of wait4.
void append_end(int record, int status);
void append_gone(int record, long max_rss_kb, std::int64_t cpu_micros);

} // namespace hk::keeper
