#pragma once
#include "base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace hk::store {

/// A prepared statement. Bind in order with `bind`, run with `step` or `run`, read columns by
/// position (from 0). Owned by its Database; used from one thread.
class Statement {
public:
    Statement(sqlite3* database, sqlite3_stmt* statement)
        : database_(database)
        , statement_(statement) {}
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    Statement& bind(std::int64_t value);
    Statement& bind(int value) { return bind(static_cast<std::int64_t>(value)); }
    Statement& bind(bool value) { return bind(static_cast<std::int64_t>(value)); }
    /// The text is not copied: it lives until `reset`.
    Statement& bind(std::string_view text);
    Statement& bind(const char* text) { return bind(std::string_view(text)); }
    Statement& bind(const std::string& text) { return bind(std::string_view(text)); }
    Statement& bind(std::string&&) = delete;
    Statement& bind_null();
    template <class T>
    Statement& bind(const std::optional<T>& value) {
        return value ? bind(*value) : bind_null();
    }

    /// True when there is a row to read.
    Result<bool> step();
    /// For a statement that gives no rows: steps to the end and resets.
    Result<> run();
    /// Ready for the next use; forgets what was bound.
    void reset();

    std::int64_t integer(int column) const;
    std::string_view text(int column) const; ///< valid until the next step or reset
    bool is_null(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;

private:
    sqlite3* database_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
    int failure_ = 0; ///< of a bind; reported by the next step
};

/// Resets a statement when the scope ends, so that no reading transaction stays open behind a
/// return.
class Use {
public:
    explicit Use(Statement& statement)
        : statement_(&statement) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { statement_->reset(); }
    Statement* operator->() const { return statement_; }
    Statement& operator*() const { return *statement_; }

private:
    Statement* statement_;
};

/// One connection to a SQLite file. Used from one thread at a time.
/// Disk full is Errc::no_space, a damaged file Errc::corrupt, everything else of the system
/// Errc::io.
class Database {
public:
    enum class Mode {
        write, ///< creates the file (mode 0600) when it is not there; never checkpoints by itself
        read,  ///< cannot change anything, nor checkpoint
    };
    static Result<Database> open(const std::filesystem::path& file, Mode mode);
    Database(Database&&) noexcept = default;
    Database& operator=(Database&&) noexcept = default;

    /// Statements without parameters and rows, separated by ";".
    Result<> execute(const std::string& sql);
    /// The same text always gives the same statement, prepared once and kept: for texts of a finite
    /// set.
    Result<Statement*> statement(std::string_view sql);
    /// The single number that a query gives, 0 when it gives no row.
    Result<std::int64_t> number(std::string_view sql);
    /// Pages in the write-ahead log after the last commit of this connection.
    std::int64_t log_pages() const { return *log_pages_; }
    void forget_log_pages() { *log_pages_ = 0; }

    const std::filesystem::path& file() const { return file_; }
    sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    explicit Database(std::filesystem::path file)
        : file_(std::move(file)) {}
    Result<> configure(Mode mode);

    std::filesystem::path file_;
    std::unique_ptr<std::int64_t> log_pages_ = std::make_unique<std::int64_t>(0);
    std::unique_ptr<sqlite3, Close> handle_;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::unordered_map<std::string, std::unique_ptr<Statement>, Hash, std::equal_to<>> statements_;
};

/// A transaction that is rolled back unless committed.
class Transaction {
public:
    enum class Kind { read, write };
    static Result<Transaction> begin(Database& database, Kind kind = Kind::write);
    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    Result<> commit();

private:
    explicit Transaction(Database& database)
        : database_(&database) {}
    Database* database_;
};

} // namespace hk::store
