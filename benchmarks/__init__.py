"""Speed, measured against peers in one run: ``make bench`` prints the table and writes docs/performance.md."""
