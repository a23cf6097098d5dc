#include "cli/table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

namespace hk::cli {
namespace {

constexpr std::size_t gap = 2;

struct Shape {
    std::vector<std::size_t> shown;  ///< indexes of columns
    std::vector<std::size_t> widths; ///< of all columns
};

std::size_t total(const Shape& shape) {
    std::size_t sum = shape.shown.empty() ? 0 : (shape.shown.size() - 1) * gap;
    for (const std::size_t column : shape.shown) sum += shape.widths[column];
    return sum;
}

std::size_t least_width(const Column& column, std::size_t natural) {
    return column.elastic ? std::min(natural, column.least) : natural;
}

/// Leaves out columns by rank until the rest fits with its elastic columns at their least.
void drop_columns(Shape& shape, const std::vector<Column>& columns, std::size_t limit) {
    for (;;) {
        Shape narrowest = shape;
        for (const std::size_t i : shape.shown) narrowest.widths[i] = least_width(columns[i], shape.widths[i]);
        if (total(narrowest) <= limit) return;
        const auto victim = std::ranges::max_element(shape.shown.rbegin(), shape.shown.rend(), {},
                                                     [&](std::size_t i) { return columns[i].rank; });
        if (victim == shape.shown.rend() || columns[*victim].rank == 0) return;
        shape.shown.erase(std::next(victim).base());
    }
}

/// Takes from the widest elastic column until the table fits.
void squeeze_columns(Shape& shape, const std::vector<Column>& columns, std::size_t limit) {
    for (std::size_t now = total(shape); now > limit; --now) {
        std::optional<std::size_t> widest;
        for (const std::size_t i : shape.shown)
            if (columns[i].elastic && shape.widths[i] > columns[i].least &&
                (!widest || shape.widths[i] > shape.widths[*widest]))
                widest = i;
        if (!widest) return;
        --shape.widths[*widest];
    }
}

Shape shape_of(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
               const Terminal& terminal) {
    Shape shape;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t width = display_width(columns[i].title);
        for (const auto& row : rows) width = std::max(width, display_width(row[i].text));
        shape.widths.push_back(width);
        shape.shown.push_back(i);
    }
    if (terminal.width <= 0) return shape;
    const auto limit = static_cast<std::size_t>(terminal.width);
    drop_columns(shape, columns, limit);
    squeeze_columns(shape, columns, limit);
    return shape;
}

struct Place {
    std::size_t width = 0;
    Align align = Align::left;
    bool last = false;
};

void append_cell(std::string& line, const Terminal& terminal, const Cell& cell, Place place) {
    const std::string text = shorten(cell.text, place.width, terminal.unicode);
    const std::string padding(place.width - std::min(place.width, display_width(text)), ' ');
    if (place.align == Align::right) line += padding;
    line += paint(terminal, cell.colour, text);
    if (place.last) return;
    if (place.align == Align::left) line += padding;
    line.append(gap, ' ');
}

} // namespace

Cell cell(const Terminal& terminal, std::string_view text, Colour colour) {
    return {harmless(text, terminal.unicode), colour};
}

void Table::add(std::vector<Cell> row) {
    assert(row.size() == columns_.size());
    rows_.push_back(std::move(row));
}

std::string Table::render(const Terminal& terminal) const {
    const Shape shape = shape_of(columns_, rows_, terminal);
    std::string text;
    const auto add_line = [&](auto&& cell_of) {
        std::string line;
        for (const std::size_t i : shape.shown)
            append_cell(line, terminal, cell_of(i), {shape.widths[i], columns_[i].align, i == shape.shown.back()});
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    };
    add_line([&](std::size_t i) { return Cell{std::string(columns_[i].title), Colour::bold}; });
    for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
    return text;
}

void Facts::add(std::string_view name, Cell value) {
    if (!value.text.empty()) facts_.emplace_back(name, std::move(value));
}

std::string Facts::render(const Terminal& terminal) const {
    std::size_t width = 0;
    for (const auto& [name, value] : facts_) width = std::max(width, display_width(name));
    std::string text;
    for (const auto& [name, value] : facts_)
        text += paint(terminal, Colour::dim, name) + std::string(width - display_width(name) + gap, ' ') +
                paint(terminal, value.colour, value.text) + "\n";
    return text;
}

} // namespace hk::cli
