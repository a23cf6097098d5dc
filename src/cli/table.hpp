#pragma once
#include "cli/text.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Tables and lists of facts for people. Programs ask for --json.
namespace hk::cli {

enum class Align { left, right };

struct Column {
    std::string_view title;
    Align align = Align::left;
    int rank = 0;         ///< where it is too narrow, columns of the highest rank go first; 0 always stays
    bool elastic = false; ///< may be shortened, to `least` columns
    std::size_t least = 8;
};

struct Cell {
    std::string text; ///< harmless already when it is made from untrusted text; see cell()
    Colour colour = Colour::none;
};
/// A cell of untrusted text.
Cell cell(const Terminal& terminal, std::string_view text, Colour colour = Colour::none);

/// Rows under titles. Adapts to the terminal: drops columns by rank, then shortens elastic ones;
/// never wraps. Without a width (not a terminal, or --wide) nothing is left out.
class Table {
public:
    explicit Table(std::vector<Column> columns)
        : columns_(std::move(columns)) {}
    /// As many cells as columns.
    void add(std::vector<Cell> row);
    bool empty() const { return rows_.empty(); }
    std::string render(const Terminal& terminal) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

/// "name   value" lines with the names dimmed and of one width. Facts with an empty value are left
/// out.
class Facts {
public:
    void add(std::string_view name, Cell value);
    std::string render(const Terminal& terminal) const;

private:
    std::vector<std::pair<std::string, Cell>> facts_;
};

} // namespace hk::cli
