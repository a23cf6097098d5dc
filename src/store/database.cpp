#include "store/database.hpp"

#include <cerrno>
#include <sqlite3.h>

namespace hk::store {
namespace {

Errc code_of(int result, int system_errno) {
    switch (result & 0xff) {
    case SQLITE_FULL: return Errc::no_space;
    case SQLITE_IOERR: return system_errno == ENOSPC || system_errno == EDQUOT ? Errc::no_space : Errc::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::unavailable;
    case SQLITE_TOOBIG: return Errc::too_large;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR: return Errc::internal;
    default: return Errc::io;
    }
}

Error error_of(sqlite3* handle, int result, const std::string& what) {
    const Errc code = code_of(result, handle == nullptr ? 0 : sqlite3_system_errno(handle));
    std::string message = what + ": ";
    if (code == Errc::no_space) message += "the disk is full";
    else message += handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle);
    return Error{code, std::move(message), {}};
}

} // namespace

// ---- Statement

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(std::int64_t value) {
    if (const int result = sqlite3_bind_int64(statement_, ++bound_, value); result != SQLITE_OK) failure_ = result;
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    // A null pointer would bind NULL, and an empty view may hold one.
    const char* data = text.data() == nullptr ? "" : text.data();
    const int result = sqlite3_bind_text64(statement_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (result != SQLITE_OK) failure_ = result;
    return *this;
}

Statement& Statement::bind_null() {
    if (const int result = sqlite3_bind_null(statement_, ++bound_); result != SQLITE_OK) failure_ = result;
    return *this;
}

Result<bool> Statement::step() {
    const int result = failure_ != 0 ? failure_ : sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return fail(error_of(database_, result, "the database"));
}

Result<> Statement::run() {
    const Use use(*this);
    for (;;) {
        HK_TRY(const bool row, step());
        if (!row) return {};
    }
}

void Statement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    bound_ = 0;
    failure_ = 0;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(statement_, column);
    if (data == nullptr) return {};
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

// ---- Database

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::filesystem::path& file, Mode mode) {
    Database database(file);
    const int flags =
        SQLITE_OPEN_NOMUTEX | (mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    database.handle_.reset(handle);
    if (result != SQLITE_OK) return fail(error_of(handle, result, "cannot open the database " + file.string()));
    sqlite3_extended_result_codes(handle, 1);
    HK_CHECK(database.configure(mode));
    return database;
}

Result<> Database::configure(Mode mode) {
    // Only the writer may checkpoint: two connections that do can damage a WAL file (SQLite
    // before 3.51.3).
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, mode == Mode::read ? 1 : 0, nullptr);
    sqlite3_busy_timeout(handle(), 2000);
    if (mode == Mode::read) return execute("PRAGMA query_only = 1; PRAGMA cache_size = -16000;");
    HK_CHECK(execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = "
                     "1;PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16000;"));
    // After the statements above: switching automatic checkpoints off also takes the hook away.
    sqlite3_wal_hook(
        handle(),
        [](void* pages, sqlite3*, const char*, int count) {
            *static_cast<std::int64_t*>(pages) = count;
            return SQLITE_OK;
        },
        log_pages_.get());
    return {};
}

Result<> Database::execute(const std::string& sql) {
    const int result = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
    return fail(error_of(handle(), result, "the database " + file_.string()));
}

Result<Statement*> Database::statement(std::string_view sql) {
    if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
    sqlite3_stmt* prepared = nullptr;
    const int result = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                          &prepared, nullptr);
    if (result != SQLITE_OK) return fail(error_of(handle(), result, "the database " + file_.string()));
    auto statement = std::make_unique<Statement>(handle(), prepared);
    return statements_.emplace(std::string(sql), std::move(statement)).first->second.get();
}

Result<std::int64_t> Database::number(std::string_view sql) {
    HK_TRY(auto* query, statement(sql));
    const Use use(*query);
    HK_TRY(const bool row, use->step());
    return row ? use->integer(0) : 0;
}

// ---- Transaction

Result<Transaction> Transaction::begin(Database& database, Kind kind) {
    HK_TRY(auto* begin, database.statement(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN"));
    HK_CHECK(begin->run());
    return Transaction(database);
}

Transaction::~Transaction() {
    // A full disk may have rolled it back already; then there is nothing to do.
    if (database_ == nullptr || sqlite3_get_autocommit(database_->handle()) != 0) return;
    if (auto rollback = database_->statement("ROLLBACK")) (void)(*rollback)->run();
}

Result<> Transaction::commit() {
    HK_TRY(auto* commit, database_->statement("COMMIT"));
    HK_CHECK(commit->run());
    database_ = nullptr;
    return {};
}

} // namespace hk::store
