#pragma once
#include "base/file.hpp"
#include "store/database.hpp"

#include <filesystem>

namespace hk::store {

/// The schema that this program writes; `PRAGMA user_version` of its databases.
int schema_version();

/// Brings the schema up to date, one transaction per step. Refuses a database of a newer program
/// with a sentence.
Result<> migrate(Database& database);

/// SQLite's quick check; fails with corrupt and what it found first.
Result<> check_integrity(Database& database);

/// Opens or creates (mode 0600), checks and migrates. The lock is the caller's.
Result<Database> open_for_writing(const std::filesystem::path& file);

/// Holds `FILE.lock` so that a second Host on the same database is refused with a sentence
/// (Errc::conflict). The lock ends with the process, however that ends.
Result<Fd> lock_database(const std::filesystem::path& file);

} // namespace hk::store
