"""What commands print: lines, tables, and rows of CSV files."""
