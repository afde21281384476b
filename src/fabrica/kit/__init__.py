"""What every part may use: errors, time, units, ids, files, paging, signatures. No tables, knows no context."""
